import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { Descriptor } from "./Descriptor.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as FileSystem from "./FileSystem.ts"
import * as NodeCall from "./NodeCall.ts"
import * as PooledCall from "./PooledCall.ts"

/**
 * Renames a name (bytes as a latin1 string) of one open directory to one of another only if nothing has that; `EEXIST` otherwise, in
 * one step that no other program gets between.
 *
 * @since 0.1.0
 * @category models
 */
export type RenameNew = (
  from: Descriptor,
  name: string,
  to: Descriptor,
  newName: string
) => Effect.Effect<void, NodeCall.SystemError>

type RenameOnPool = (
  from: Descriptor,
  name: string,
  to: Descriptor,
  newName: string,
  done: (result: number) => void
) => void

const noReplace = 1

const { EBADF } = Os.constants.errno

const bytesOf = (name: string): Buffer => Buffer.from(`${name}\0`, "latin1")

const declare = ({ koffi, libc }: Ffi) => {
  const call = libc.func("renameat2", "int", ["int", "void *", "int", "void *", "uint"])
  const unsafeRename = (from: number, name: string, to: number, newName: string): number =>
    call(from, bytesOf(name), to, bytesOf(newName), noReplace) === 0 ? 0 : -koffi.errno()
  const unsafeRenameOnPool: RenameOnPool = (from, name, to, newName, done) => {
    const held = from.hold()
    if (!held || !to.hold()) {
      if (held) from.release()
      return done(-EBADF)
    }
    const memory = [bytesOf(name), bytesOf(newName)] as const
    PooledCall.run(
      { koffi, libc },
      {
        memory,
        start: (done) => call.async(from.fd, memory[0], to.fd, memory[1], noReplace, done),
        done: (result) => {
          from.release()
          to.release()
          done(result)
        }
      }
    )
  }
  return { unsafeRename, unsafeRenameOnPool }
}

const declared = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()

/**
 * The same in this turn, for directories that no disk has to be waited for, by their descriptors; answers 0 or the negative error number.
 * `undefined` where `renameNew` is.
 *
 * @since 0.1.0
 * @category platform
 */
export const unsafeRenameNew = declared?.unsafeRename

/**
 * The same on the pool: `done` gets 0 or the negative error number, and not in this turn but where a descriptor is closed.
 *
 * @since 0.1.0
 * @category platform
 */
export const unsafeRenameNewOnPool = declared?.unsafeRenameOnPool

const make = (): RenameNew | undefined => {
  if (declared === undefined) return undefined
  const { unsafeRename, unsafeRenameOnPool } = declared

  const settle = (result: number) =>
    result < 0 ? Effect.fail(NodeCall.systemError(-result, "renameat2")) : Effect.void

  const now: RenameNew = (from, name, to, newName) => settle(unsafeRename(from.fd, name, to.fd, newName))

  const onPool: RenameNew = (from, name, to, newName) =>
    Effect.async((resume) => unsafeRenameOnPool(from, name, to, newName, (result) => resume(settle(result))))

  return (from, name, to, newName) =>
    Effect.suspend(() => (FileSystem.isInMemory(from.fd) ? now : onPool)(from, name, to, newName))
}

/**
 * Linux's `renameat2(2)` with `RENAME_NOREPLACE`; `undefined` where the C library or FFI lacks it. A file system that cannot do it
 * answers `EINVAL`, an old kernel `ENOSYS`.
 *
 * @since 0.1.0
 * @category platform
 */
export const renameNew: RenameNew | undefined = make()
