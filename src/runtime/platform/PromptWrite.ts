import * as Os from "node:os"
import { type Ffi, ffi } from "./Ffi.ts"
import * as FileSystem from "./FileSystem.ts"

/**
 * Writes bytes to a file at a position (in bytes) as far as that can be done without waiting for a disk, and answers how many those
 * were. 0 is also the answer where something is wrong: a write that may wait finds out what.
 *
 * @since 0.1.0
 * @category models
 */
export type PromptWrite = (file: number, bytes: Uint8Array, position: number) => number

const { EINVAL, ENOSYS, EOPNOTSUPP } = Os.constants.errno

const noWait = 0x8

/** What the kernel says where neither the file system nor it itself knows how not to wait. */
const cannot = new Set([EINVAL, ENOSYS, EOPNOTSUPP])

const declare = ({ koffi, libc }: Ffi) => {
  const pwrite = libc.func("pwrite", "long", ["int", "void *", "size_t", "long"])
  const pwritev2 = libc.func("pwritev2", "long", ["int", "void *", "int", "long", "int"])
  const vector = new BigUint64Array(2)

  const inMemory: PromptWrite = (file, bytes, position) => Math.max(0, pwrite(file, bytes, bytes.length, position))

  const make = (): PromptWrite => {
    const unlessItWaits: PromptWrite = (file, bytes, position) => {
      vector[0] = BigInt(koffi.address(bytes))
      vector[1] = BigInt(bytes.length)
      const written = pwritev2(file, vector, 1, position, noWait)
      if (written >= 0) return written
      if (cannot.has(koffi.errno())) write = never
      return 0
    }
    let write: PromptWrite = (file, bytes, position) => {
      write = FileSystem.isInMemory(file) ? inMemory : unlessItWaits
      return write(file, bytes, position)
    }
    return (file, bytes, position) => write(file, bytes, position)
  }

  return { inMemory, make }
}

const never: PromptWrite = () => 0

const declared = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()

/**
 * For one file, which it gets to know: a file system in memory is written to at once, others with `RWF_NOWAIT` (xfs and btrfs can, ext4
 * cannot), and one that cannot is not asked again. `undefined` where FFI is missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): PromptWrite | undefined => declared?.make()

/** For files in memory alone. @since 0.1.0 @category platform */
export const inMemory: PromptWrite | undefined = declared?.inMemory
