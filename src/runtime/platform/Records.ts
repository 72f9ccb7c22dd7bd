/**
 * Where in TLS's records a stream is: how much of a header has come, and how long its record is or what is left of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly header: number
  readonly length: number
}

/** Between two records. @since 0.1.0 @category constants */
export const boundary: State = { header: 0, length: 0 }

/** Type, version, and length in two bytes (RFC 8446 section 5.1). */
const headerLength = 5

/** The types of records, from change_cipher_spec to application_data. No command begins with such a byte. */
const isType = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x14 && byte <= 0x17

/**
 * Follows records through bytes, and tells how many of these belong to them: all, unless something else begins where a record
 * should. How bytes are cut changes nothing.
 *
 * @since 0.1.0
 * @category parsing
 */
export const follow = ({ header, length }: State, bytes: Uint8Array): readonly [State, number] => {
  let at = 0
  while (at < bytes.length) {
    if (header === headerLength) {
      const taken = Math.min(length, bytes.length - at)
      at += taken
      length -= taken
    } else {
      const byte = bytes[at] ?? 0
      if (header === 0 && !isType(byte)) return [boundary, at]
      if (header >= headerLength - 2) length = length * 256 + byte
      header++
      at++
    }
    if (header === headerLength && length === 0) header = 0
  }
  return [{ header, length }, at]
}
