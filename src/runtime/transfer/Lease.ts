import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection } from "../platform/Tcp.ts"

/**
 * The right of one client to one data connection: to one that it makes to a port of the server's, or that the server makes to one of its own.
 * Why there is none is the error.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease<E> {
  /** Where the connection ends on the side that is connected to. */
  readonly port: number
  /** Completes when it is there, also if it was before; the scope drops the connection. For one caller, once. */
  readonly accepted: Effect.Effect<Connection, E, Scope.Scope>
  /** It is there, or may be in the turn that asks for it. An active one is not begun for that. */
  readonly unsafeIsAtHand: () => boolean
  /** The connection, if it is there by now or takes no time to be made; `take` makes it the caller's. */
  readonly unsafeArrived: () => Connection | undefined
  readonly unsafeTake: () => void
  /** Gives the port back and drops a connection that nobody took; harmless when repeated. One that was taken stays. */
  readonly release: () => void
}
