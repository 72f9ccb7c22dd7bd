import * as Os from "node:os"
import * as CachedPages from "./CachedPages.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as FileSystem from "./FileSystem.ts"

const noWait = 0x8
const page = 4096
/** What Linux reads ahead at a time unless it is told otherwise: where its beginning is in memory, the rest most likely is. */
const window = 128 * 1024

/** Where the lower half of the length lies in a `struct iovec`. */
const lengthAt = Os.endianness() === "LE" ? 2 : 3

/** The kernel writes here, by an address that the garbage collector knows nothing of: so it stays for as long as the module. */
const byte: Buffer = Buffer.allocUnsafeSlow(1)

/**
 * Bytes that are better read than sent by sendfile(2).
 *
 * @since 0.1.0
 * @category constants
 */
export const portion: number = 16 * 1024

/** Bytes that can be read at a time. @since 0.1.0 @category constants */
export const most: number = 64 * 1024

/** As `byte`. */
const buffer = Buffer.allocUnsafeSlow(most)

interface Calls {
  readonly has: (file: number, position: number, length: number) => boolean
  readonly read: (file: number, position: number, length: number) => boolean
}

const make = ({ koffi, libc }: Ffi): Calls => {
  const preadv2 = libc.func("preadv2", "long", ["int", "void *", "int", "long", "int"])
  const vector = BigUint64Array.of(BigInt(koffi.address(byte)), 1n)
  const whole = new Uint32Array(new BigUint64Array([BigInt(koffi.address(buffer)), 0n]).buffer)

  const probe = (file: number, position: number): boolean => preadv2(file, vector, 1, position, noWait) >= 0

  return {
    has: (file, position, length) => {
      if (FileSystem.isInMemory(file)) return true
      // A probe of what is missing has the kernel read it, in this turn and less than is worth a read.
      if (CachedPages.areThere(file, position, length) === false) return false
      // A file system that cannot tell may have to wait each time.
      for (let at = 0; at < length; at += window) if (!probe(file, position + at)) return false
      return length <= page || probe(file, position + length - 1)
    },
    read: (file, position, length) => {
      whole[lengthAt] = length
      if (FileSystem.isInMemory(file)) return preadv2(file, whole, 1, position, 0) === length
      if (CachedPages.areThere(file, position, length) === false) return false
      return preadv2(file, whole, 1, position, noWait) === length
    }
  }
}

const declared = (() => {
  try {
    return ffi && make(ffi)
  } catch {
    return undefined
  }
})()

/**
 * Tells whether a part of a file can most likely be read without waiting for a disk: where all of its pages are there, by asking for its first
 * byte, its last and one in each 128 KiB between with `RWF_NOWAIT`. `position` and `length` are in bytes.
 *
 * @since 0.1.0
 * @category predicates
 */
export const has = (file: number, position: number, length: number): boolean =>
  declared?.has(file, position, length) ?? false

/**
 * Reads a part of a file, of {@link most} bytes at most, where that takes no waiting for a disk: the bytes, until the next call,
 * or `undefined` where not all of them are there.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeRead = (file: number, position: number, length: number): Uint8Array | undefined =>
  length <= most && declared?.read(file, position, length) === true ? buffer.subarray(0, length) : undefined
