import type { Connection, Endpoint } from "../platform/Tcp.ts"
import type { Draining } from "./Draining.ts"
import type { Moving } from "./Moving.ts"

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
  /** What it comes with where another shard has served it so far, as that gave it to `moving`. */
  readonly luggage?: unknown
  /** Absent where it cannot go anywhere else. */
  readonly moving?: Moving<Departure> | undefined
}

/**
 * What becomes of a client that another shard goes on with. Its descriptor is the caller's no more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Departure {
  readonly id: number
  readonly descriptor: number
  readonly local: Endpoint
  readonly remote: Endpoint
  /** To be posted to another thread, so of data alone. */
  readonly luggage: unknown
}
