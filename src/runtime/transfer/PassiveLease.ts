import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as HostPort from "../../domain/HostPort.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import { type Connection, TcpError } from "../platform/Tcp.ts"

/**
 * Why there is no passive connection: every port is taken (`Exhausted`), listening failed for another reason
 * (`NotListening`), or the lease or the whole pool is over (`Closed`).
 *
 * @since 0.1.0
 * @category errors
 */
export class PassiveError extends Schema.TaggedError<PassiveError>()("PassiveError", {
  reason: Schema.Literal("Exhausted", "NotListening", "Closed"),
  cause: Schema.optional(TcpError)
}) {
  override get message(): string {
    return this.cause === undefined ? this.reason : `${this.reason}: ${this.cause.message}`
  }
}

/**
 * The right of one client to one connection on one port.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  readonly port: number
  /** Completes when the client has connected, also if it had before; the scope drops the connection. For one caller, once. */
  readonly accepted: Effect.Effect<Connection, PassiveError, Scope.Scope>
  /** The connection, if its client has made it by now; `take` makes it the caller's. */
  readonly unsafeArrived: () => Connection | undefined
  readonly unsafeTake: () => void
  /** Gives the port back and drops a connection that nobody took; harmless when repeated. One that was taken stays. */
  readonly release: () => void
}

/**
 * A port and those who may still connect to it, by normalised client address, the longest waiting first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Slot {
  readonly port: number
  /** Takes connections that have come by now. */
  readonly unsafeAccept: () => void
  readonly waiting: Map<string, PassiveLease>
}

/**
 * The lease as the listener sees it: it waits in its slot until its client connects, and leaves it for good then, so that the
 * same client may lease the port again while this connection lives.
 *
 * @since 0.1.0
 * @category models
 */
export class PassiveLease implements Lease {
  readonly anyPeer: boolean
  readonly #slot: Slot
  readonly #peer: string
  #connection: Connection | undefined
  #over = false
  #wake: () => void = () => {}

  readonly #begin: (connection: Connection) => Connection

  constructor(slot: Slot, peer: string, anyPeer: boolean, begin = (connection: Connection) => connection) {
    this.#begin = begin
    this.anyPeer = anyPeer
    this.#slot = slot
    this.#peer = peer
    slot.waiting.set(peer, this)
  }

  get port(): number {
    return this.#slot.port
  }

  get accepted(): Effect.Effect<Connection, PassiveError, Scope.Scope> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        restore(this.#arrival()),
        Effect.suspend(() => this.#take())
      )
    )
  }

  unsafeArrived(): Connection | undefined {
    if (this.#connection === undefined && !this.#over) this.#slot.unsafeAccept()
    return this.#connection
  }

  unsafeTake(): void {
    this.#connection = undefined
    this.#over = true
  }

  release(): void {
    if (this.#over) return
    this.#over = true
    this.#leave()
    this.#connection?.unsafeDestroy()
    this.#connection = undefined
    this.#wake()
  }

  unsafeArrive(connection: Connection): void {
    this.#leave()
    this.#connection = this.#begin(connection)
    this.#wake()
  }

  #leave(): void {
    if (this.#slot.waiting.get(this.#peer) === this) this.#slot.waiting.delete(this.#peer)
  }

  #arrival(): Effect.Effect<void> {
    return Effect.async((resume) => {
      this.#wake = () => resume(Effect.void)
      if (this.#over || this.#connection !== undefined) this.#wake()
    })
  }

  #take(): Effect.Effect<Connection, PassiveError, Scope.Scope> {
    const connection = this.#connection
    if (connection === undefined) return Effect.fail(new PassiveError({ reason: "Closed" }))
    this.unsafeTake()
    return Effect.as(Finalizer.add(Effect.sync(() => connection.unsafeDestroy())), connection)
  }
}

/**
 * Hands an accepted connection to the lease it belongs to: its own client's, or else the longest waiting that takes anybody.
 * A connection that belongs to none is dropped.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeDeliver = (slot: Slot, connection: Connection): void => {
  const lease =
    slot.waiting.get(HostPort.normalize(connection.remote.address)) ??
    [...slot.waiting.values()].find(({ anyPeer }) => anyPeer)
  if (lease === undefined) connection.unsafeDestroy()
  else lease.unsafeArrive(connection)
}
