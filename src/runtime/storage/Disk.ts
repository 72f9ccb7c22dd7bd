import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Descriptor from "../platform/Descriptor.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import { renameNew } from "../platform/RenameNew.ts"
import * as Status from "../platform/Status.ts"
import * as HostPath from "./HostPath.ts"
import type { Place } from "./Root.ts"

type Done<A> = (error: NodeCall.SystemError | null, value: A) => void

const { EBADF } = Os.constants.errno
const { O_DIRECTORY = 0, O_NOCTTY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = Fs.constants

/**
 * A call that uses a descriptor or a path through it, and holds it until it is over, however soon its caller goes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const using = <A>(
  descriptor: Descriptor.Descriptor,
  run: (done: Done<A>) => void
): Effect.Effect<A, NodeCall.SystemError> =>
  NodeCall.call((done) => {
    if (!descriptor.hold()) return done(NodeCall.systemError(EBADF, "hold"), undefined as A)
    try {
      run((error, value) => {
        descriptor.release()
        done(error, value)
      })
    } catch (error) {
      descriptor.release()
      throw error
    }
  })

/** An error takes longer to make than the call that it tells of. */
const quietly = { bigint: true, throwIfNoEntry: false } as const

type NodePath = ReturnType<typeof HostPath.toNode>

/** Calls of `node:fs` that are over at once where there is no disk to wait for. */
interface Quick {
  readonly chmod: (path: NodePath, mode: number) => void
  readonly fchmod: (fd: number, mode: number) => void
  readonly fstat: (fd: number, options: { readonly bigint: true }) => Fs.BigIntStats
  readonly fsync: (fd: number) => void
  readonly lstat: (path: NodePath, options: typeof quietly) => Fs.BigIntStats | undefined
  readonly mkdir: (path: NodePath, mode: number) => void
  readonly open: (path: NodePath, flags: number, mode: number) => number
  readonly rename: (path: NodePath, name: NodePath) => void
  readonly rmdir: (path: NodePath) => void
  readonly utimes: (path: NodePath, accessed: number | Date, modified: number | Date) => void
}

/** All are there twice. */
const calls = Fs as unknown as {
  readonly [name: string]: (...given: ReadonlyArray<unknown>) => unknown
}

/**
 * A call that uses a descriptor or a path through it: in this turn where its file system has no disk, else as {@link using} does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const quickly = <Name extends keyof Quick>(
  descriptor: Descriptor.Descriptor,
  name: Name,
  ...given: Parameters<Quick[Name]>
): Effect.Effect<ReturnType<Quick[Name]>, NodeCall.SystemError> =>
  Effect.suspend(() => {
    type Answer = ReturnType<Quick[Name]>
    if (!FileSystem.isInMemory(descriptor.fd)) {
      return using<Answer>(descriptor, (done) => calls[name]?.(...given, done))
    }
    try {
      return Effect.succeed(calls[`${name}Sync`]?.(...given) as Answer)
    } catch (error) {
      return Effect.fail(error as NodeCall.SystemError)
    }
  })

/** A name in a directory, as `node:fs` takes it. @since 0.1.0 @category getters */
export const at = (place: Place, name: HostPath.HostPath): NodePath => HostPath.toNode(HostPath.join(place.reach, name))

/**
 * `lstat` of a name in a directory; `undefined` where nothing has it.
 *
 * @since 0.1.0
 * @category getters
 */
export const look = (
  place: Place,
  name: HostPath.HostPath
): Effect.Effect<Status.Status | undefined, NodeCall.SystemError> =>
  Effect.catchAll(
    Effect.map(
      quickly(place.descriptor, "lstat", at(place, name), quietly),
      (stats) => stats && Status.fromStats(stats)
    ),
    (error) => (error.code === "ENOENT" ? Effect.succeed(undefined) : Effect.fail(error))
  )

/** @since 0.1.0 @category changes */
export const unlink = (place: Place, name: HostPath.HostPath): Effect.Effect<void, NodeCall.SystemError> =>
  using(place.descriptor, (done: Done<void>) => Fs.unlink(at(place, name), (error) => done(error)))

/** @since 0.1.0 @category changes */
export const makeDirectory = (place: Place, name: HostPath.HostPath): Effect.Effect<void, NodeCall.SystemError> =>
  quickly(place.descriptor, "mkdir", at(place, name), 0o700)

/** @since 0.1.0 @category changes */
export const removeDirectory = (place: Place, name: HostPath.HostPath): Effect.Effect<void, NodeCall.SystemError> =>
  quickly(place.descriptor, "rmdir", at(place, name))

/** To free more bytes than this takes time in memory, too. @since 0.1.0 @category constants */
export const quicklyFreed = 16 * 1024 * 1024

/**
 * `rename(2)`: what has the new name is replaced in one step. `frees` is how many bytes that has, as far as is known.
 *
 * @since 0.1.0
 * @category changes
 */
export const rename = (
  from: Place,
  name: HostPath.HostPath,
  to: Place,
  newName: HostPath.HostPath,
  frees = 0
): Effect.Effect<void, NodeCall.SystemError> => {
  if (frees <= quicklyFreed && to === from) return quickly(from.descriptor, "rename", at(from, name), at(to, newName))
  return using(from.descriptor, (done: Done<void>) => {
    if (!to.descriptor.hold()) return done(NodeCall.systemError(EBADF, "rename"), undefined)
    Fs.rename(at(from, name), at(to, newName), (error) => {
      to.descriptor.release()
      done(error)
    })
  })
}

const link = (from: Place, name: HostPath.HostPath, to: Place, newName: HostPath.HostPath) =>
  using(from.descriptor, (done: Done<void>) => {
    if (!to.descriptor.hold()) return done(NodeCall.systemError(EBADF, "link"), undefined)
    Fs.link(at(from, name), at(to, newName), (error) => {
      to.descriptor.release()
      done(error)
    })
  })

const { EEXIST } = Os.constants.errno

const cannotLink = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"])
const cannotRenameNew = new Set(["EINVAL", "ENOSYS", "EPERM"])

/** Looks first: for directories, and for file systems without links. Another program may get between the two steps. */
const lookAndRename: typeof rename = (from, name, to, newName) =>
  Effect.flatMap(look(to, newName), (status) =>
    status === undefined ? rename(from, name, to, newName) : Effect.fail(NodeCall.systemError(EEXIST, "rename"))
  )

/** What is linked can get in nobody's way; for a moment it has two names. */
const linkAndUnlink: typeof rename = (from, name, to, newName) =>
  Effect.matchEffect(link(from, name, to, newName), {
    onSuccess: () => unlink(from, name),
    onFailure: (error) =>
      cannotLink.has(error.code ?? "") ? lookAndRename(from, name, to, newName) : Effect.fail(error)
  })

/**
 * Renames to a name that nothing may have; `EEXIST` otherwise. In one step where the system can.
 *
 * @since 0.1.0
 * @category changes
 */
export const renameFree: typeof rename = (from, name, to, newName) =>
  renameNew === undefined
    ? linkAndUnlink(from, name, to, newName)
    : Effect.catchIf(
        renameNew(from.descriptor, name, to.descriptor, newName),
        (error) => cannotRenameNew.has(error.code ?? ""),
        () => linkAndUnlink(from, name, to, newName)
      )

/**
 * Opens a name in a directory for reading, no link followed; what is no regular file does not make it wait.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (
  place: Place,
  name: HostPath.HostPath,
  kind: "file" | "directory"
): Effect.Effect<Descriptor.Descriptor, NodeCall.SystemError, Scope.Scope> => {
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (kind === "directory" ? O_DIRECTORY : 0)
  return Descriptor.scoped((keep) =>
    using<void>(place.descriptor, (done) =>
      Fs.open(at(place, name), flags, (error, fd) => {
        if (error === null) keep(fd)
        done(error)
      })
    )
  )
}

/**
 * What file systems say that cannot tell when a directory is on the disk.
 *
 * @since 0.1.0
 * @category constants
 */
export const cannotTell: ReadonlySet<string | undefined> = new Set(["EINVAL", "ENOTSUP", "EISDIR", "EPERM"])

/**
 * Waits until what was done to the names of a directory is on the disk; file systems that cannot tell are taken at their word.
 *
 * @since 0.1.0
 * @category changes
 */
export const settle = (place: Place): Effect.Effect<void, NodeCall.SystemError> =>
  quickly(place.descriptor, "fsync", place.descriptor.fd).pipe(
    Effect.catchIf(
      ({ code }) => cannotTell.has(code),
      () => Effect.void
    )
  )
