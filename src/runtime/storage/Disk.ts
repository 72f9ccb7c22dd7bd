import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Descriptor from "../platform/Descriptor.ts"
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

const at = (place: Place, name: HostPath.HostPath) => HostPath.toNode(HostPath.join(place.reach, name))

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
  using<Fs.BigIntStats>(place.descriptor, (done) => Fs.lstat(at(place, name), { bigint: true }, done)).pipe(
    Effect.map((stats): Status.Status | undefined => Status.fromStats(stats)),
    Effect.catchIf(
      ({ code }) => code === "ENOENT",
      () => Effect.succeed(undefined)
    )
  )

/** @since 0.1.0 @category changes */
export const unlink = (place: Place, name: HostPath.HostPath): Effect.Effect<void, NodeCall.SystemError> =>
  using(place.descriptor, (done: Done<void>) => Fs.unlink(at(place, name), (error) => done(error)))

/** @since 0.1.0 @category changes */
export const makeDirectory = (place: Place, name: HostPath.HostPath): Effect.Effect<void, NodeCall.SystemError> =>
  using(place.descriptor, (done: Done<void>) => Fs.mkdir(at(place, name), 0o700, (error) => done(error)))

/** @since 0.1.0 @category changes */
export const removeDirectory = (place: Place, name: HostPath.HostPath): Effect.Effect<void, NodeCall.SystemError> =>
  using(place.descriptor, (done: Done<void>) => Fs.rmdir(at(place, name), (error) => done(error)))

/**
 * `rename(2)`: what has the new name is replaced in one step.
 *
 * @since 0.1.0
 * @category changes
 */
export const rename = (
  from: Place,
  name: HostPath.HostPath,
  to: Place,
  newName: HostPath.HostPath
): Effect.Effect<void, NodeCall.SystemError> =>
  using(from.descriptor, (done: Done<void>) => {
    if (!to.descriptor.hold()) return done(NodeCall.systemError(EBADF, "rename"), undefined)
    Fs.rename(at(from, name), at(to, newName), (error) => {
      to.descriptor.release()
      done(error)
    })
  })

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
 * Waits until what was done to the names of a directory is on the disk; file systems that cannot tell are taken at their word.
 *
 * @since 0.1.0
 * @category changes
 */
export const settle = (place: Place): Effect.Effect<void, NodeCall.SystemError> =>
  using(place.descriptor, (done: Done<void>) => Fs.fsync(place.descriptor.fd, (error) => done(error))).pipe(
    Effect.catchIf(
      ({ code }) => code === "EINVAL" || code === "ENOTSUP" || code === "EISDIR" || code === "EPERM",
      () => Effect.void
    )
  )
