const lineFeed = 0x0a

/** The type of a handshake record (RFC 8446 section 5.1), with which every ClientHello begins. No command does. */
const handshake = 0x16

/**
 * Where in bytes that should be lines the first one begins like a ClientHello; `isAtStart` says whether the bytes begin a line.
 *
 * @since 0.1.0
 * @category parsing
 */
export const find = (bytes: Uint8Array, isAtStart: boolean): number | undefined => {
  if (isAtStart && bytes[0] === handshake) return 0
  for (let at = bytes.indexOf(handshake, 1); at > 0; at = bytes.indexOf(handshake, at + 1)) {
    if (bytes[at - 1] === lineFeed) return at
  }
  return undefined
}
