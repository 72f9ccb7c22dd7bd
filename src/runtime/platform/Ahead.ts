import type * as Net from "node:net"
import type { Connection } from "./Tcp.ts"

/**
 * As much of a connection as it takes to put TLS on it.
 *
 * @since 0.1.0
 * @category models
 */
export type Below = Pick<Connection, "local" | "remote" | "unsafeSurrender">

/**
 * A connection's way to surrender its socket, with bytes put back that were read already; absent where it has none.
 *
 * @since 0.1.0
 * @category combinators
 */
export const surrendering = (below: Below, ahead: ReadonlyArray<Uint8Array>): Connection["unsafeSurrender"] =>
  below.unsafeSurrender &&
  (() => {
    const socket = below.unsafeSurrender?.() as Net.Socket
    for (const bytes of ahead.toReversed()) socket.unshift(bytes)
    return socket
  })

/**
 * A paused connection that nobody reads any more, for who takes its socket: bytes that were read already come first.
 *
 * @since 0.1.0
 * @category combinators
 */
export const on = (connection: Below, ahead: ReadonlyArray<Uint8Array>): Below => ({
  local: connection.local,
  remote: connection.remote,
  unsafeSurrender: surrendering(connection, ahead)
})
