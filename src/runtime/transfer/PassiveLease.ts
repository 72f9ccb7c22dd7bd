import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as HostPort from "../../domain/HostPort.ts"
import { type Connection, TcpError } from "../platform/Tcp.ts"
import { Landing } from "./Landing.ts"
import type { Lease } from "./Lease.ts"

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

const gone = () => new PassiveError({ reason: "Closed" })

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
export class PassiveLease implements Lease<PassiveError> {
  readonly anyPeer: boolean
  readonly #slot: Slot
  readonly #peer: string
  readonly #begin: (connection: Connection) => Connection
  readonly #landing = new Landing(gone)

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
    return this.#landing.taken
  }

  unsafeIsAtHand(): boolean {
    return this.unsafeArrived() !== undefined
  }

  unsafeArrived(): Connection | undefined {
    const landing = this.#landing
    if (landing.unsafeHere === undefined && !landing.isOver) this.#slot.unsafeAccept()
    return landing.unsafeHere
  }

  unsafeTake(): void {
    this.#landing.unsafeTake()
  }

  release(): void {
    if (this.#landing.isOver) return
    this.#leave()
    this.#landing.unsafeEnd()
  }

  unsafeArrive(connection: Connection): void {
    this.#leave()
    this.#landing.unsafeLand(this.#begin(connection))
  }

  #leave(): void {
    if (this.#slot.waiting.get(this.#peer) === this) this.#slot.waiting.delete(this.#peer)
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
