import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as HostPort from "../../domain/HostPort.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import { type Connection, type Endpoint, type Tcp, TcpError } from "../platform/Tcp.ts"
import { TlsError } from "../platform/TlsError.ts"
import { type Lease, PassiveError } from "./PassiveLease.ts"

/**
 * Why a transfer has no data connection: the client did not connect or answer in time, it refused, it cannot be reached from the
 * address its control connection uses, or what was prepared is gone. A reply says 425 to all of them but `Unprotected`, where TLS
 * did not come to be.
 *
 * @since 0.1.0
 * @category errors
 */
export class DataConnectionError extends Schema.TaggedError<DataConnectionError>()("DataConnectionError", {
  reason: Schema.Literal("TimedOut", "Refused", "Unreachable", "Closed", "Other", "Unprotected"),
  cause: Schema.optional(Schema.Union(TcpError, PassiveError, TlsError))
}) {
  override get message(): string {
    return this.cause === undefined ? this.reason : `${this.reason}: ${this.cause.message}`
  }
}

const reasons: Record<TcpError["reason"], DataConnectionError["reason"]> = {
  Closed: "Closed",
  Reset: "Refused",
  Refused: "Refused",
  Denied: "Refused",
  Unreachable: "Unreachable",
  NotAvailable: "Unreachable",
  TimedOut: "TimedOut",
  InUse: "Other",
  TooManyOpenFiles: "Other",
  Other: "Other"
}

/**
 * The connection a client makes to its leased port. The scope drops it. It waits as long as it is let.
 *
 * @since 0.1.0
 * @category constructors
 */
export const passive = (lease: Lease): Effect.Effect<Connection, DataConnectionError, Scope.Scope> =>
  Effect.mapError(lease.accepted, (cause) => new DataConnectionError({ reason: "Closed", cause }))

/** What there is when nothing was prepared: no PASV, no PORT. @since 0.1.0 @category constructors */
export const gone: Effect.Effect<never, DataConnectionError> = Effect.fail(
  new DataConnectionError({ reason: "Closed" })
)

/** Zone ids do not count: a client cannot know the server's. */
const isSameHost = (left: string, right: string): boolean => HostPort.normalize(left) === HostPort.normalize(right)

/**
 * A connection to where the client listens, made from the address its control connection reached the server at. The scope
 * drops it, and an attempt that is interrupted leaves nothing behind.
 *
 * @since 0.1.0
 * @category constructors
 */
export const active = (
  tcp: Tcp["Type"],
  target: HostPort.HostPort,
  control: { readonly local: Endpoint; readonly remote: Endpoint }
): Effect.Effect<Connection, DataConnectionError, Scope.Scope> =>
  Effect.suspend(() => {
    let made: Connection | undefined
    const attempt = tcp.connect({
      host: isSameHost(target.address, control.remote.address) ? control.remote.address : target.address,
      port: target.port,
      localAddress: control.local.address,
      onConnection: (connection) => {
        made = connection
      }
    })
    return Effect.zipRight(
      Finalizer.add(Effect.sync(() => made?.unsafeDestroy())),
      Effect.mapError(attempt, (cause) => new DataConnectionError({ reason: reasons[cause.reason], cause }))
    )
  })
