import * as Os from "node:os"
import { type Ffi, ffi } from "./Ffi.ts"

const noWait = 0x8
const page = 4096
/** What Linux reads ahead at a time unless it is told otherwise: where its beginning is in memory, the rest most likely is. */
const window = 128 * 1024
/** Linux's numbers of the file systems that have no disk: tmpfs and ramfs. */
const diskless = new Set([0x0102_1994, 0x8584_58f6])
const { EAGAIN } = Os.constants.errno

/** The kernel writes here, by an address that the garbage collector knows nothing of: so it stays for as long as the module. */
const byte: Buffer = Buffer.allocUnsafeSlow(1)

const make = ({ koffi, libc }: Ffi): { readonly has: typeof has; readonly isInMemory: typeof isInMemory } => {
  const preadv2 = libc.func("preadv2", "long", ["int", "void *", "int", "long", "int"])
  const fstatfs = libc.func("fstatfs", "int", ["int", "void *"])
  const vector = BigUint64Array.of(BigInt(koffi.address(byte)), 1n)
  const statistics = new BigInt64Array(32)

  const isInMemory = (file: number): boolean => fstatfs(file, statistics) === 0 && diskless.has(Number(statistics[0]))

  const read = (file: number, position: number): number =>
    preadv2(file, vector, 1, position, noWait) >= 0 ? 0 : koffi.errno()

  const has = (file: number, position: number, length: number): boolean => {
    const errno = read(file, position)
    // A file system that cannot tell may have to wait each time, unless it has no disk.
    if (errno !== 0) return errno !== EAGAIN && isInMemory(file)
    for (let at = window; at < length; at += window) if (read(file, position + at) !== 0) return false
    return length <= page || read(file, position + length - 1) === 0
  }

  return { has, isInMemory }
}

const declared = (() => {
  try {
    return ffi && make(ffi)
  } catch {
    return undefined
  }
})()

/**
 * Tells whether a part of a file can most likely be read without waiting for a disk, by asking for its first byte, its last and one in
 * each 128 KiB between with `RWF_NOWAIT`. `position` and `length` are in bytes.
 *
 * @since 0.1.0
 * @category predicates
 */
export const has = (file: number, position: number, length: number): boolean =>
  declared?.has(file, position, length) ?? false

/**
 * Tells whether a file lies in a file system that has no disk to wait for.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isInMemory = (file: number): boolean => declared?.isInMemory(file) ?? false
