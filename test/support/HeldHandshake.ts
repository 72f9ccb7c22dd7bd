import type * as Net from "node:net"
import { Duplex } from "node:stream"
import * as Tls from "node:tls"

/**
 * How a client leaves behind its last byte. `fin` closes its side in TCP alone, and with `Reset` behind it its system refuses what
 * the server still sends.
 */
export type End = "reset" | "fin" | "finAndReset" | "closeNotifyAndReset"

/**
 * A client of TLS 1.3 whose side of the handshake comes in one piece with what it sends, and with its end: the server writes its session
 * tickets to a connection that is over by then. Sends on a socket that connects, or is connected.
 */
export const send = (raw: Net.Socket, bytes: Uint8Array, end: End): void => {
  const held: Array<Buffer> = []
  let isHeld = false
  const wire = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => {
      if (isHeld) held.push(chunk)
      else raw.write(chunk)
      isHeld = true
      done()
    }
  })
  const tls = Tls.connect({ socket: wire, rejectUnauthorized: false, minVersion: "TLSv1.3" })
  const leave = () => {
    raw.write(Buffer.concat(held))
    if (end === "fin" || end === "finAndReset") raw.end()
    if (end === "finAndReset") setImmediate(() => raw.resetAndDestroy())
    else if (end !== "fin") raw.resetAndDestroy()
  }
  raw.on("error", () => {})
  raw.on("data", (chunk: Buffer) => wire.push(chunk))
  tls.on("error", () => {})
  tls.once("secureConnect", () => {
    if (end === "closeNotifyAndReset") tls.end(bytes, leave)
    else tls.write(bytes, leave)
  })
}
