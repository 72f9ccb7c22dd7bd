import * as Os from "node:os"
import { type Ffi, ffi } from "./Ffi.ts"

/** Linux's numbers of file systems. */
const tmpfs = 0x0102_1994
const ramfs = 0x8584_58f6
const ext = 0xef53
const xfs = 0x5846_5342
const btrfs = 0x9123_683e
const f2fs = 0xf2f5_2010
const overlay = 0x794c_7630

const diskless = new Set([tmpfs, ramfs])

const dating = new Set([tmpfs, ext, xfs, btrfs, f2fs])

const syncing = new Set([tmpfs, ext, xfs, btrfs, f2fs, overlay])

/** The kernel writes here, by an address that the garbage collector knows nothing of: so it stays for as long as the module. */
const statistics = new BigUint64Array(32)
const type = new Uint32Array(statistics.buffer, Os.endianness() === "LE" ? 0 : 4, 1)

const declare = ({ koffi, libc }: Ffi) => {
  const fstatfs = libc.func("fstatfs", "int", ["int", "uintptr_t"])
  const address = Number(koffi.address(statistics))
  return (file: number): number => (fstatfs(file, address) === 0 ? (type[0] ?? -1) : -1)
}

const numberOf = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()

/**
 * Tells whether a file lies in a file system that has no disk to wait for.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isInMemory = (file: number): boolean => numberOf !== undefined && diskless.has(numberOf(file))

/**
 * Tells whether an open directory is one of a local file system that dates each change to its names, and finely.
 *
 * @since 0.1.0
 * @category predicates
 */
export const datesChanges = (directory: number): boolean => numberOf !== undefined && dating.has(numberOf(directory))

/**
 * Tells whether a file lies in a local file system that syncs a write when it is asked to with the write itself. Others may take no notice.
 *
 * @since 0.1.0
 * @category predicates
 */
export const syncsWrites = (file: number): boolean => numberOf !== undefined && syncing.has(numberOf(file))
