import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { type Connection, TcpError } from "../platform/Tcp.ts"
import { TlsError } from "../platform/TlsError.ts"
import type { Lease } from "./Lease.ts"
import { PassiveError } from "./PassiveLease.ts"

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
 * A data connection of either kind that was prepared.
 *
 * @since 0.1.0
 * @category models
 */
export type DataLease = Lease<PassiveError | TcpError>

/**
 * The connection that was prepared. The scope drops it. It waits as long as it is let.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (lease: DataLease): Effect.Effect<Connection, DataConnectionError, Scope.Scope> =>
  Effect.mapError(lease.accepted, (cause) => {
    const reason = cause._tag === "PassiveError" ? "Closed" : reasons[cause.reason]
    return new DataConnectionError({ reason, cause })
  })

/** What there is when nothing was prepared: no PASV, no PORT. @since 0.1.0 @category constructors */
export const gone: Effect.Effect<never, DataConnectionError> = Effect.fail(
  new DataConnectionError({ reason: "Closed" })
)
