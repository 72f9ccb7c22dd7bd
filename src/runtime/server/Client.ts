import type { Connection } from "../platform/Tcp.ts"
import type { Draining } from "./Draining.ts"

/**
 * One admitted client with its control connection, as a session receives it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  /** Unique in the life of one server. */
  readonly id: number
  /** Whoever serves may use it until serving ends; then the pool destroys it. */
  readonly connection: Connection
  /** It came by the port where TLS comes before the greeting. */
  readonly implicitTls?: boolean | undefined
  /** Made when the server stops; see `Draining`. */
  readonly draining: Draining
}
