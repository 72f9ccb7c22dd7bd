import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import * as Beneath from "../platform/Beneath.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as Folder from "../platform/Folder.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as Status from "../platform/Status.ts"
import * as Entries from "./Entries.ts"
import * as HostPath from "./HostPath.ts"
import * as Reach from "./Reach.ts"
import type { Root } from "./Root.ts"

const { O_DIRECTORY = 0, O_NOCTTY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = Fs.constants

/** libuv adds close-on-exec by itself. */
const fileFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW

/**
 * Confines without help from the kernel: resolves the real path, refuses it outside the root, opens it without following a
 * last link, and then asks where that led. Only what turns out to stand inside the root is used.
 *
 * `verify: "descriptor"` (Linux) asks the kernel for the path of the descriptor itself, which no swap of names can falsify: no
 * race remains, neither for contents nor for listings. A file that is moved out of the root while it is being opened is refused.
 *
 * `verify: "name"` (elsewhere) resolves the path again and compares device and inode. There a race remains: whoever may write to
 * the root on the host, and swaps a directory for a link and back at the right moments of one call, can make it show or
 * open a file outside. Clients cannot: they make no links.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (path: HostPath.HostPath, verify: "descriptor" | "name"): Root => {
  const resolve = (name: VirtualPath) => Reach.confine(path, path, HostPath.relative(name))

  const lookUp = (real: HostPath.HostPath) =>
    Effect.map(
      NodeCall.call<Fs.BigIntStats>((done) => Fs.lstat(HostPath.toNode(real), { bigint: true }, done)),
      Status.fromStats
    )

  const led = (
    descriptor: Descriptor.Descriptor,
    real: HostPath.HostPath
  ): Effect.Effect<boolean, NodeCall.SystemError> =>
    verify === "descriptor"
      ? Effect.map(Reach.ofDescriptor(descriptor.fd), (actual) => HostPath.below(path, actual) !== undefined)
      : Effect.zipWith(
          Effect.flatMap(Reach.confine(path, path, HostPath.below(path, real) ?? "."), lookUp),
          Reach.look(descriptor),
          (named, opened) => named.unique === opened.unique
        )

  const open = (
    path: VirtualPath,
    flags: number
  ): Effect.Effect<{ descriptor: Descriptor.Descriptor; real: HostPath.HostPath }, NodeCall.SystemError, Scope.Scope> =>
    Effect.gen(function* () {
      const real = yield* resolve(path)
      const descriptor = yield* Descriptor.scoped((keep) =>
        NodeCall.call<void>((done) =>
          Fs.open(HostPath.toNode(real), flags, (error, fd) => {
            if (error === null) keep(fd)
            done(error)
          })
        )
      )
      if (yield* led(descriptor, real)) return { descriptor, real }
      return yield* Effect.fail(Reach.outside())
    })

  const reachOf = (descriptor: Descriptor.Descriptor, real: HostPath.HostPath) =>
    verify === "descriptor" ? Reach.path(descriptor.fd) : real

  const enter = (path: VirtualPath, flags = fileFlags | O_DIRECTORY) =>
    Effect.map(open(path, flags), ({ descriptor, real }) => ({ descriptor, reach: reachOf(descriptor, real) }))

  return {
    path,
    look: (path) =>
      Effect.filterOrFail(
        verify === "name"
          ? Effect.flatMap(resolve(path), lookUp)
          : Effect.scoped(
              Effect.flatMap(open(path, Beneath.flags.path | O_NOFOLLOW), ({ descriptor }) => Reach.look(descriptor))
            ),
        // A real path that ends in a link was swapped for it a moment ago.
        (status) => Entries.kind(status.mode) !== "link",
        Reach.outside
      ),
    open: (path) => Effect.map(open(path, fileFlags), ({ descriptor }) => descriptor),
    openDirectory: (path) =>
      Effect.gen(function* () {
        const place = yield* enter(path)
        return {
          ...place,
          names: yield* Folder.namesOf(HostPath.toNode(place.reach)),
          look: Reach.lookIn(place.reach)
        }
      }),
    enter: (path) => enter(path),
    place: (path) => enter(path, verify === "descriptor" ? Beneath.flags.path | O_NOFOLLOW : fileFlags),
    resolve: (name) => Effect.map(resolve(name), (real) => HostPath.toClient(HostPath.below(path, real) ?? "."))
  }
}
