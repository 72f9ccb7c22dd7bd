import * as Os from "node:os"
import type { Ffi } from "./Ffi.ts"

const usageLength = 18
const ofThread = 1
const voluntarySwitches = 16

/** The lower half of a `long`. */
const half = Os.endianness() === "LE" ? 0 : 1

/**
 * Makes what counts how often this thread has had to wait inside a system call, for a disk for one, by `getrusage(2)`. A thread
 * that merely had its processor taken away has not waited, however much time went by. `undefined` where a `long` is not
 * what the buffer is laid out for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (ffi: Ffi): (() => number) | undefined => {
  if (ffi.koffi.sizeof("long") !== 8) return undefined
  const call = ffi.libc.func("getrusage", "int", ["int", "uintptr_t"])
  const usage = new Uint32Array(new ArrayBuffer(usageLength * 8))
  const usageAt = Number(ffi.koffi.address(usage))
  return () => {
    call(ofThread, usageAt)
    return usage[voluntarySwitches * 2 + half] ?? 0
  }
}
