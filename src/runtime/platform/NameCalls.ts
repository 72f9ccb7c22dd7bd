import { type Ffi, ffi } from "./Ffi.ts"

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
}

const removeDirectory = 0x200

const bytesOf = (name: string): Buffer => Buffer.from(`${name}\0`, "latin1")

const declare = ({ koffi, libc }: Ffi): NameCalls => {
  const mkdirat = libc.func("mkdirat", "int", ["int", "void *", "uint"])
  const unlinkat = libc.func("unlinkat", "int", ["int", "void *", "int"])
  const renameat = libc.func("renameat", "int", ["int", "void *", "int", "void *"])
  const settle = (result: number): number => (result === 0 ? 0 : -koffi.errno())
  return {
    unsafeMakeDirectory: (directory, name, mode) => settle(mkdirat(directory, bytesOf(name), mode)),
    unsafeRemoveDirectory: (directory, name) => settle(unlinkat(directory, bytesOf(name), removeDirectory)),
    unsafeRename: (from, name, to, newName) => settle(renameat(from, bytesOf(name), to, bytesOf(newName))),
    unsafeUnlink: (directory, name) => settle(unlinkat(directory, bytesOf(name), 0))
  }
}

/**
 * `mkdirat(2)`, `unlinkat(2)` and `renameat(2)`; `undefined` where the C library or FFI lacks them.
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
