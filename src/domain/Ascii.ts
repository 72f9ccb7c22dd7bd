const lf = 0x0a
const cr = 0x0d

/**
 * Writes to `target`, from `at` on, the bytes that TYPE A sends for those of a stored file (RFC 959 section 3.1.1.1), and answers where they
 * end: a bare LF becomes CR LF, a CR LF stays. How the file is cut into chunks never changes what comes out, where each is told whether
 * the one before ended in a CR. There has to be room for twice the chunk.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encodeInto = (target: Uint8Array, at: number, chunk: Uint8Array, isBehindCr: boolean): number => {
  let end = at
  let before = isBehindCr ? cr : lf
  for (let index = 0; index < chunk.length; index++) {
    const byte = chunk[index] ?? 0
    if (byte === lf && before !== cr) target[end++] = cr
    target[end++] = byte
    before = byte
  }
  return end
}

/**
 * Writes to `target`, from `at` on, the bytes of a stored file for those that TYPE A receives, and answers where they end: CR LF becomes LF,
 * a CR elsewhere is kept. A CR at the end of a chunk is held back until the next one, which is told of it, says what it is; behind the last chunk
 * it is a byte as any other. How the bytes are cut into chunks never changes what comes out, and decoding what {@link encodeInto} made of
 * bytes without CR gives them back. There has to be room for the chunk and one byte more.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeInto = (target: Uint8Array, at: number, chunk: Uint8Array, isCrHeld: boolean): number => {
  let end = at
  let isHeld = isCrHeld
  for (let index = 0; index < chunk.length; index++) {
    const byte = chunk[index] ?? 0
    if (isHeld && byte !== lf) target[end++] = cr
    isHeld = byte === cr
    if (!isHeld) target[end++] = byte
  }
  return end
}
