import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { Descriptor } from "../platform/Descriptor.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as Status from "../platform/Status.ts"
import * as HostPath from "./HostPath.ts"

/**
 * Linux's path to what a descriptor stands for: it leads there even after the name has gone or was swapped.
 *
 * @since 0.1.0
 * @category getters
 */
export const path = (fd: number): HostPath.HostPath => `/proc/self/fd/${fd}`

/**
 * Tells whether this system has such paths.
 *
 * @since 0.1.0
 * @category predicates
 */
export const available = (fd: number): boolean => {
  try {
    return Fs.statSync(path(fd)).isDirectory()
  } catch {
    return false
  }
}

/**
 * The real path of what a descriptor stands for, as the kernel has it now.
 *
 * @since 0.1.0
 * @category getters
 */
export const ofDescriptor = (fd: number): Effect.Effect<HostPath.HostPath, NodeCall.SystemError> =>
  NodeCall.call((done) => Fs.readlink(path(fd), "latin1", done))

/**
 * The real path of a host path, every link on the way resolved.
 *
 * @since 0.1.0
 * @category getters
 */
export const realPath = (path: HostPath.HostPath): Effect.Effect<HostPath.HostPath, NodeCall.SystemError> =>
  NodeCall.call((done) => Fs.realpath.native(HostPath.toNode(path), "latin1", done))

/**
 * The status of an open descriptor, asked for in this turn: its inode is in memory as long as it is open.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeLook = (fd: number): Either.Either<Status.Status, NodeCall.SystemError> =>
  Either.try({
    try: () => Status.fromStats(Fs.fstatSync(fd, { bigint: true })),
    catch: (error) => error as NodeCall.SystemError
  })

/**
 * The status of what a descriptor stands for.
 *
 * @since 0.1.0
 * @category getters
 */
export const look = (descriptor: Descriptor): Effect.Effect<Status.Status, NodeCall.SystemError> =>
  Effect.suspend(() => unsafeLook(descriptor.fd))

/**
 * `lstat` of names below a host path, in this turn; `undefined` for a name that is gone or refused.
 *
 * @since 0.1.0
 * @category getters
 */
export const lookIn =
  (directory: HostPath.HostPath) =>
  (name: HostPath.HostPath): Status.Status | undefined => {
    try {
      return Status.fromStats(Fs.lstatSync(HostPath.toNode(HostPath.join(directory, name)), { bigint: true }))
    } catch {
      return undefined
    }
  }

/**
 * The refusal of a name that leads out of the root, in the kernel's own word for it.
 *
 * @since 0.1.0
 * @category errors
 */
export const outside = (): NodeCall.SystemError => NodeCall.systemError(Os.constants.errno.EXDEV, "open")

const mostMissing = 16

/**
 * The real path of a name below `base`, which leads to the directory whose real path is `root`. Fails with {@link outside} where
 * it is not below that. So it does for a missing name in a directory outside: a link that leads out does not tell
 * clients what exists there.
 *
 * @since 0.1.0
 * @category getters
 */
export const confine = (
  root: HostPath.HostPath,
  base: HostPath.HostPath,
  name: HostPath.HostPath
): Effect.Effect<HostPath.HostPath, NodeCall.SystemError> => {
  const isInside = (real: HostPath.HostPath) => HostPath.below(root, real) !== undefined

  const explain = (error: NodeCall.SystemError) =>
    Effect.gen(function* () {
      let above = name
      for (let missing = 0; missing < mostMissing && above.includes("/"); missing++) {
        above = above.slice(0, above.lastIndexOf("/"))
        const real = yield* Effect.option(realPath(HostPath.join(base, above)))
        if (Option.isSome(real)) return isInside(real.value) ? error : outside()
      }
      return error
    })

  return Effect.matchEffect(realPath(HostPath.join(base, name)), {
    onFailure: (error) => Effect.flip(explain(error)),
    onSuccess: (real) => (isInside(real) ? Effect.succeed(real) : Effect.fail(outside()))
  })
}
