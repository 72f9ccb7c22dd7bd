import { Buffer } from "node:buffer"

/**
 * As much of DER (ITU-T X.690) as a certificate takes: each function gives the bytes of one value.
 *
 * @since 0.1.0
 * @category models
 */
export type Der = Buffer

const length = (count: number): Buffer => {
  if (count < 0x80) return Buffer.of(count)
  const bytes = count < 0x100 ? [count] : [count >> 8, count & 0xff]
  return Buffer.of(0x80 | bytes.length, ...bytes)
}

const value = (tag: number, content: Uint8Array): Der =>
  Buffer.concat([Buffer.of(tag), length(content.length), content])

/** @since 0.1.0 @category constructors */
export const sequence = (...parts: ReadonlyArray<Uint8Array>): Der => value(0x30, Buffer.concat(parts))

/** @since 0.1.0 @category constructors */
export const set = (...parts: ReadonlyArray<Uint8Array>): Der => value(0x31, Buffer.concat(parts))

/** A value in a context-specific tag around it. @since 0.1.0 @category constructors */
export const explicit = (tag: number, content: Uint8Array): Der => value(0xa0 | tag, content)

/** A value whose own tag a context-specific one replaces. @since 0.1.0 @category constructors */
export const implicit = (tag: number, content: Uint8Array): Der => value(0x80 | tag, content)

/** A number that is not negative, from its bytes, the highest first. @since 0.1.0 @category constructors */
export const integer = (bytes: Uint8Array): Der => {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Buffer.of(0) : bytes.subarray(first)
  return value(0x02, (digits[0] ?? 0) < 0x80 ? digits : Buffer.concat([Buffer.of(0), digits]))
}

/** @since 0.1.0 @category constructors */
export const boolean = (truth: boolean): Der => value(0x01, Buffer.of(truth ? 0xff : 0))

/** @since 0.1.0 @category constructors */
export const octets = (bytes: Uint8Array): Der => value(0x04, bytes)

/** Whole bytes of bits, but for `unused` of the last. @since 0.1.0 @category constructors */
export const bits = (bytes: Uint8Array, unused = 0): Der => value(0x03, Buffer.concat([Buffer.of(unused), bytes]))

/** @since 0.1.0 @category constructors */
export const utf8 = (text: string): Der => value(0x0c, Buffer.from(text))

/** A moment of the years 1950 to 2049, in milliseconds since the epoch. @since 0.1.0 @category constructors */
export const time = (at: number): Der =>
  value(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`))

const base128 = (part: number): ReadonlyArray<number> => {
  const bytes = [part & 0x7f]
  for (let rest = part >> 7; rest > 0; rest >>= 7) bytes.unshift(0x80 | (rest & 0x7f))
  return bytes
}

/** An object identifier in dots: `1.2.840.10045.4.3.2`. @since 0.1.0 @category constructors */
export const oid = (dotted: string): Der => {
  const [first = 0, second = 0, ...others] = dotted.split(".").map(Number)
  return value(0x06, Buffer.from([first * 40 + second, ...others].flatMap(base128)))
}
