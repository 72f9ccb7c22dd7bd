import * as Os from "node:os"
import { type Ffi, ffi } from "./Ffi.ts"

const cachestat = 451
const pageSizeName = 30

/** Where the lower half of each 64-bit number lies. */
const low = Os.endianness() === "LE" ? 0 : 1

/** The kernel reads and writes here, by addresses that the garbage collector knows nothing of: so they stay for as long as the module. */
const range = new Uint32Array(new BigUint64Array(2).buffer)
const counts = new Uint32Array(new BigUint64Array(5).buffer)

const declare = ({ koffi, libc }: Ffi): ((file: number, position: number, length: number) => boolean | undefined) => {
  const syscall = libc.func("syscall", "long", ["long", "int", "uintptr_t", "uintptr_t", "uint"])
  const pageSize: number = libc.func("long sysconf(int)")(pageSizeName)
  const rangeAt = Number(koffi.address(range))
  const countsAt = Number(koffi.address(counts))
  const set = (index: number, value: number) => {
    range[index + low] = value >>> 0
    range[index + 1 - low] = Math.floor(value / 2 ** 32)
  }
  return (file, position, length) => {
    set(0, position)
    set(2, length)
    if (syscall(cachestat, file, rangeAt, countsAt, 0) !== 0) return undefined
    const pages = Math.floor((position + length - 1) / pageSize) - Math.floor(position / pageSize) + 1
    return (counts[low] ?? 0) >= pages
  }
}

const declared = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()

/**
 * Tells by `cachestat(2)` whether the kernel's cache has a page for each byte of a part of a file, be it that some are just being read;
 * `undefined` where it will not say, which it does since Linux 6.5 to who may write to the file. To ask begins no read, and costs less than a
 * microsecond for a MiB. Beyond the end there are none. `length` is above 0.
 *
 * @since 0.1.0
 * @category predicates
 */
export const areThere = (file: number, position: number, length: number): boolean | undefined =>
  declared?.(file, position, length)
