const replacement = 0xfffd

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const encoder = new TextEncoder()

const loneSurrogate = /\p{Surrogate}/u

/** Below this many characters a loop beats the call into the platform's encoder. */
const short = 64

/**
 * Tells whether every character is plain ASCII, so that one character is one byte.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAscii = (text: string): boolean => {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > 0x7f) return false
  }
  return true
}

const isBreak = (unit: number): boolean => unit === 0x0a || unit === 0x0d || unit === 0

/**
 * A text without what would make two lines of one where a line of a listing holds it: CR, LF and NUL become "?".
 *
 * @since 0.1.0
 * @category conversions
 */
export const oneLine = (text: string): string => {
  for (let index = 0; index < text.length; index++) {
    if (isBreak(text.charCodeAt(index))) return text.replace(/[\0\r\n]/g, "?")
  }
  return text
}

const continuation = (bytes: Uint8Array, index: number): number => {
  const byte = bytes[index] ?? 0
  return (byte & 0xc0) === 0x80 ? byte & 0x3f : -1
}

/** The code point of a well-formed sequence of two to four bytes at `index`, or -1 (Unicode, table 3-7). */
const codePointAt = (bytes: Uint8Array, index: number): number => {
  const lead = bytes[index] ?? 0
  const second = continuation(bytes, index + 1)
  if (lead < 0xc2 || lead > 0xf4 || second < 0) return -1
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | second
  const third = continuation(bytes, index + 2)
  if (third < 0) return -1
  if (lead < 0xf0) {
    const point = ((lead & 0x0f) << 12) | (second << 6) | third
    return point < 0x800 || (point >= 0xd800 && point <= 0xdfff) ? -1 : point
  }
  const fourth = continuation(bytes, index + 3)
  const point = ((lead & 0x07) << 18) | (second << 12) | (third << 6) | fourth
  return fourth < 0 || point < 0x10000 || point > 0x10ffff ? -1 : point
}

const decodeEscaping = (bytes: Uint8Array): string => {
  let text = ""
  let index = 0
  while (index < bytes.length) {
    const byte = bytes[index] ?? 0
    const point = byte < 0x80 ? byte : codePointAt(bytes, index)
    text += String.fromCodePoint(point < 0 ? 0xdc00 + byte : point)
    index += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
  }
  return text
}

/**
 * Reads bytes from the wire or names from a disk without losing any: valid UTF-8 becomes its characters, and each byte
 * that is no part of valid UTF-8 becomes the lone surrogate U+DC00 + byte. So a name in an old encoding survives the way to
 * a `string` and back. Overlong forms, encoded surrogates and code points above U+10FFFF are invalid (RFC 3629 section 3).
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (bytes: Uint8Array): string => {
  const text = decoder.decode(bytes)
  return text.includes("\ufffd") ? decodeEscaping(bytes) : text
}

const escapedByte = (point: number): number => (point >= 0xdc80 && point <= 0xdcff ? point - 0xdc00 : -1)

const isSurrogate = (point: number): boolean => point >= 0xd800 && point <= 0xdfff

const writePoint = (target: Uint8Array, at: number, codePoint: number): number => {
  const escaped = escapedByte(codePoint)
  if (escaped >= 0) {
    target[at] = escaped
    return at + 1
  }
  const point = isSurrogate(codePoint) ? replacement : codePoint
  let end = at
  if (point < 0x80) {
    target[end++] = point
    return end
  }
  if (point < 0x800) {
    target[end++] = 0xc0 | (point >> 6)
  } else {
    if (point < 0x10000) {
      target[end++] = 0xe0 | (point >> 12)
    } else {
      target[end++] = 0xf0 | (point >> 18)
      target[end++] = 0x80 | ((point >> 12) & 0x3f)
    }
    target[end++] = 0x80 | ((point >> 6) & 0x3f)
  }
  target[end++] = 0x80 | (point & 0x3f)
  return end
}

/**
 * How many bytes {@link encode} makes of a text, without making them.
 *
 * @since 0.1.0
 * @category encoding
 */
export const byteLength = (text: string): number => {
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index) ?? 0
    if (point < 0x80 || escapedByte(point) >= 0) length += 1
    else if (point < 0x800) length += 2
    else if (point < 0x10000) length += 3
    else {
      length += 4
      index += 1
    }
  }
  return length
}

const encodeEscaping = (text: string): Uint8Array => {
  const bytes = new Uint8Array(byteLength(text))
  let at = 0
  for (let index = 0; index < text.length; index++) {
    const point = text.codePointAt(index) ?? 0
    at = writePoint(bytes, at, point)
    if (point > 0xffff) index += 1
  }
  return bytes
}

/**
 * Gives back the bytes {@link decode} read: `encode(decode(bytes))` equals `bytes`, whatever they are. A lone surrogate that
 * stands for no byte (anything outside U+DC80 to U+DCFF; no decoded text holds one) becomes U+FFFD.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (text: string): Uint8Array =>
  text.length < short || loneSurrogate.test(text) ? encodeEscaping(text) : encoder.encode(text)
