import * as Fs from "node:fs"
import * as Os from "node:os"
import { type Ffi, ffi } from "./Ffi.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"

/**
 * Calls that change a name (bytes as a latin1 string) in an open directory, in this turn: for directories that no disk has to be waited for,
 * by their descriptors. They answer 0 or the negative error number, which `node:fs` would make an error of: that takes longer than the call.
 *
 * @since 0.1.0
 * @category models
 */
export interface NameCalls {
  readonly unsafeMakeDirectory: (directory: number, name: string, mode: number) => number
  readonly unsafeRemoveDirectory: (directory: number, name: string) => number
  /** What has the new name is replaced in one step. */
  readonly unsafeRename: (from: number, name: string, to: number, newName: string) => number
  readonly unsafeUnlink: (directory: number, name: string) => number
  /** A new file for this user alone, to be written and read: a descriptor for the caller to close by `OwnDescriptors.unsafeClose`. */
  readonly unsafeCreate: (directory: number, name: string) => number
  /** Of an open file. */
  readonly unsafeChangeMode: (file: number, mode: number) => number
}

const { EMFILE } = Os.constants.errno
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDWR } = Fs.constants
const closeOnExec = 0o2000000
const creating = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NONBLOCK | closeOnExec

const removeDirectory = 0x200

const bytesOf = (name: string): Buffer => Buffer.from(`${name}\0`, "latin1")

const declare = ({ koffi, libc }: Ffi): NameCalls => {
  const mkdirat = libc.func("mkdirat", "int", ["int", "void *", "uint"])
  const unlinkat = libc.func("unlinkat", "int", ["int", "void *", "int"])
  const renameat = libc.func("renameat", "int", ["int", "void *", "int", "void *"])
  const openat = libc.func("openat", "int", ["int", "void *", "int", "uint"])
  const fchmod = libc.func("fchmod", "int", ["int", "uint"])
  const settle = (result: number): number => (result === 0 ? 0 : -koffi.errno())
  return {
    unsafeMakeDirectory: (directory, name, mode) => settle(mkdirat(directory, bytesOf(name), mode)),
    unsafeRemoveDirectory: (directory, name) => settle(unlinkat(directory, bytesOf(name), removeDirectory)),
    unsafeRename: (from, name, to, newName) => settle(renameat(from, bytesOf(name), to, bytesOf(newName))),
    unsafeUnlink: (directory, name) => settle(unlinkat(directory, bytesOf(name), 0)),
    unsafeCreate: (directory, name) => {
      const file: number = openat(directory, bytesOf(name), creating, 0o600)
      if (file < 0) return -koffi.errno()
      if (OwnDescriptors.unsafeOwn(file)) return file
      OwnDescriptors.unsafeClose(file)
      unlinkat(directory, bytesOf(name), 0)
      return -EMFILE
    },
    unsafeChangeMode: (file, mode) => settle(fchmod(file, mode))
  }
}

/**
 * `mkdirat(2)`, `unlinkat(2)`, `renameat(2)`, `openat(2)` and `fchmod(2)`; `undefined` where the C library or FFI lacks them.
 *
 * @since 0.1.0
 * @category platform
 */
export const nameCalls: NameCalls | undefined = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()
