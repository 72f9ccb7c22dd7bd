import type { Endpoint } from "./Tcp.ts"

/** Bytes a socket address of either family fits into. @since 0.1.0 @category constants */
export const size = 28

const ipv4 = 2
const ipv6 = 10

/**
 * Reads the kernel's `sockaddr_in` or `sockaddr_in6`, as accept(2) and getsockname(2) fill it in. IPv4 mapped into IPv6 comes out
 * as plain IPv4, IPv6 in the one spelling of RFC 5952 section 4. `undefined` for any other family.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (bytes: Uint8Array): Endpoint | undefined => {
  const family = new Uint16Array(bytes.buffer, bytes.byteOffset, 1)[0]
  const port = byte(bytes, 2) * 256 + byte(bytes, 3)
  if (family === ipv4) return { address: dotted(bytes, 4), port }
  if (family === ipv6) return { address: isMapped(bytes) ? dotted(bytes, 20) : colons(bytes), port }
  return undefined
}

const byte = (bytes: Uint8Array, index: number) => bytes[index] ?? 0

const dotted = (bytes: Uint8Array, from: number) =>
  `${byte(bytes, from)}.${byte(bytes, from + 1)}.${byte(bytes, from + 2)}.${byte(bytes, from + 3)}`

const isMapped = (bytes: Uint8Array) => {
  for (let i = 8; i < 18; i++) if (bytes[i] !== 0) return false
  return bytes[18] === 0xff && bytes[19] === 0xff
}

const colons = (bytes: Uint8Array) => {
  const groups = Array.from({ length: 8 }, (_, i) => byte(bytes, 8 + i * 2) * 256 + byte(bytes, 9 + i * 2))
  const { from, length } = longestZeros(groups)
  const text = (part: ReadonlyArray<number>) => part.map((group) => group.toString(16)).join(":")
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, from))}::${text(groups.slice(from + length))}`
}

const longestZeros = (groups: ReadonlyArray<number>) => {
  let best = { from: 0, length: 0 }
  let from = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - from > best.length) best = { from, length: i - from }
    from = i + 1
  }
  return best
}

/**
 * Writes the `sockaddr` of an address given as its bytes in network order, 4 or 16 of them.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (address: Uint8Array, port: number): Uint8Array => {
  const bytes = new Uint8Array(address.length === 4 ? 16 : size)
  new Uint16Array(bytes.buffer, 0, 1)[0] = address.length === 4 ? ipv4 : ipv6
  bytes[2] = port >> 8
  bytes[3] = port & 0xff
  bytes.set(address, address.length === 4 ? 4 : 8)
  return bytes
}
