import * as Os from "node:os"
import type { Descriptor } from "./Descriptor.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as PooledCall from "./PooledCall.ts"

/**
 * Has the pool look whether nothing has a name (bytes as a latin1 string) in an open directory, not even a link; tells `done`, and not in this
 * turn unless the directory is closed. `false` also where that cannot be told. `node:fs` would make an error for each name that is free, which takes longer than the call.
 *
 * @since 0.1.0
 * @category models
 */
export type IsFree = (directory: Descriptor, name: string, done: (isFree: boolean) => void) => void

const { ENOENT } = Os.constants.errno
const exists = 0
const noFollow = 0x100

const declare = (ffi: Ffi): IsFree => {
  const faccessat = ffi.libc.func("faccessat", "int", ["int", "void *", "int", "int"])
  return (directory, name, done) => {
    if (!directory.hold()) return done(false)
    const bytes = Buffer.from(`${name}\0`, "latin1")
    PooledCall.run(ffi, {
      memory: [bytes],
      start: (done) => faccessat.async(directory.fd, bytes, exists, noFollow, done),
      done: (result) => {
        directory.release()
        done(result === -ENOENT)
      }
    })
  }
}

/**
 * Linux's `faccessat(2)`; `undefined` where the C library or FFI lacks it.
 *
 * @since 0.1.0
 * @category platform
 */
export const unsafeIsFreeOnPool: IsFree | undefined = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()
