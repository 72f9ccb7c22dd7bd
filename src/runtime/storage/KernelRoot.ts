import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import * as Beneath from "../platform/Beneath.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import { ffi } from "../platform/Ffi.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import * as Folder from "../platform/Folder.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as Status from "../platform/Status.ts"
import * as ThreadWaits from "../platform/ThreadWaits.ts"
import * as Entries from "./Entries.ts"
import * as HostPath from "./HostPath.ts"
import * as Reach from "./Reach.ts"
import * as RecentNames from "./RecentNames.ts"
import type { OwnedPlace, Root } from "./Root.ts"

const { O_DIRECTORY, O_NOCTTY, O_NONBLOCK, O_RDONLY } = Fs.constants
const { cloexec, path: placeOnly } = Beneath.flags
const placeFlags = placeOnly | cloexec
const fileFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | cloexec
const directoryFlags = fileFlags | O_DIRECTORY

/** Opening anything else does something to it: it lets the writer of a FIFO go, whose words are then lost. */
const openable = (fd: number): Either.Either<void, NodeCall.SystemError> =>
  Either.flatMap(Reach.unsafeLook(fd), ({ mode }) => {
    const kind = Entries.kind(mode)
    return kind === "file" || kind === "directory"
      ? Either.void
      : Either.left(NodeCall.systemError(Os.constants.errno.ENXIO, "open"))
  })

const { EAGAIN, EXDEV } = Os.constants.errno

const notDecided = (error: NodeCall.SystemError): boolean => error.code === "EXDEV" || error.code === "EAGAIN"

/**
 * Confines by `openat2(2)`: the kernel walks each path below a descriptor of the root and refuses to leave it, so there is no
 * moment between check and use. An absolute link that leads back inside is first resolved to its real path, which is then
 * opened with no link allowed on the way. `undefined` where the kernel, `/proc` or FFI lacks what that takes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (root: Descriptor.Descriptor, path: HostPath.HostPath): Root | undefined => {
  const beneath = ffi === undefined ? undefined : Beneath.make(ffi, root)
  if (ffi === undefined || beneath === undefined || !Reach.available(root.fd)) return undefined
  const askAt = Status.statx(ffi, root.fd)
  const lookAt = askAt && Status.toLookAt(askAt)
  const unsafeWaits = ThreadWaits.make(ffi)
  const names = Folder.names(ffi, unsafeWaits)

  const openReal = (name: HostPath.HostPath, flags: number, keep: (fd: number) => void) =>
    Effect.gen(function* () {
      const realRoot = yield* Reach.ofDescriptor(root.fd)
      const real = yield* Reach.confine(realRoot, Reach.path(root.fd), name)
      const inside = HostPath.below(realRoot, real) ?? "."
      yield* beneath.open(inside, flags, keep, { links: "none" })
    })

  const openPlace = (path: VirtualPath): Effect.Effect<Descriptor.Descriptor, NodeCall.SystemError, Scope.Scope> =>
    Descriptor.scoped((keep) => {
      const name = HostPath.relative(path)
      return beneath
        .open(name, placeFlags, keep)
        .pipe(Effect.catchIf(notDecided, () => openReal(name, placeFlags, keep)))
    }, beneath.unsafeClose)

  /**
   * Finds the place, which neither opens a device nor waits. What the kernel has cached is used in the same turn, the rest may
   * have to wait for a disk.
   */
  const withPlace = <A>(
    path: VirtualPath,
    cached: (fd: number) => Either.Either<A, NodeCall.SystemError>,
    uncached: (fd: number) => Effect.Effect<A, NodeCall.SystemError>
  ): Effect.Effect<A, NodeCall.SystemError> =>
    Effect.suspend(() => {
      const fd = beneath.unsafeOpenCached(HostPath.relative(path), placeFlags)
      if (fd < 0) return Effect.scoped(Effect.flatMap(openPlace(path), (place) => uncached(place.fd)))
      const used = cached(fd)
      beneath.unsafeClose(fd)
      return used
    })

  /**
   * Opened by Node through the place, because Node closes at a thread's end what it opened itself and nothing else: a shard that
   * dies in the middle of transfers leaves no descriptor behind.
   */
  const open = (
    path: VirtualPath,
    flags: number
  ): Effect.Effect<Descriptor.Descriptor, NodeCall.SystemError, Scope.Scope> =>
    Descriptor.scoped((keep) =>
      withPlace(
        path,
        (fd) =>
          Either.flatMap(openable(fd), () =>
            Either.try({
              try: () => keep(Fs.openSync(Reach.path(fd), flags)),
              catch: (error) => error as NodeCall.SystemError
            })
          ),
        (fd) =>
          Effect.zipRight(
            openable(fd),
            NodeCall.call<void>((done) =>
              Fs.open(Reach.path(fd), flags, (error, opened) => {
                if (error === null) keep(opened)
                done(error)
              })
            )
          )
      )
    )

  const unsafeOpen: Root["unsafeOpen"] =
    lookAt &&
    ((path) => {
      const place = beneath.unsafeOpenCached(HostPath.relative(path), placeFlags)
      if (place < 0) return undefined
      const status = lookAt(place, "")
      const isFile = status !== undefined && Entries.kind(status.mode) === "file"
      const fd = isFile ? beneath.unsafeReopen(place, fileFlags) : -1
      beneath.unsafeClose(place)
      return fd < 0 || status === undefined
        ? undefined
        : { file: Descriptor.unsafeOwned(fd, beneath.unsafeClose), size: status.size }
    })

  const unsafeLook: Root["unsafeLook"] =
    askAt &&
    ((path) => {
      const place = beneath.unsafeOpenCached(HostPath.relative(path), placeFlags)
      if (place < 0) return place === -EAGAIN || place === -EXDEV ? undefined : -place
      const status = askAt(place, "")
      beneath.unsafeClose(place)
      return status
    })

  const owned = (ask: Status.AskAt, look: Status.LookAt, fd: number): OwnedPlace => ({
    descriptor: Descriptor.unsafeOwned(fd, beneath.unsafeClose),
    reach: Reach.path(fd),
    look: (name) => look(fd, name),
    ask: (name) => ask(fd, name)
  })

  const unsafeEnter: Root["unsafeEnter"] =
    askAt &&
    lookAt &&
    ((path) => {
      // As `enter` does, which fails where the directory may not be read: a place alone would let in there.
      const fd = beneath.unsafeOpenCached(HostPath.relative(path), directoryFlags)
      return fd < 0 ? undefined : owned(askAt, lookAt, fd)
    })

  const shortNames = Folder.unsafeNames(ffi)

  const unsafeOpenDirectory: Root["unsafeOpenDirectory"] =
    askAt &&
    lookAt &&
    shortNames &&
    ((path) => {
      const fd = beneath.unsafeOpenCached(HostPath.relative(path), directoryFlags)
      if (fd < 0) return undefined
      const isInMemory = FileSystem.isInMemory(fd)
      return {
        ...owned(askAt, lookAt, fd),
        unsafeNames: isInMemory ? () => shortNames(fd) : undefined,
        unsafeVersion: () => RecentNames.unsafeVersion(fd, Date.now()),
        unsafeWaits
      }
    })

  const enter = (path: VirtualPath) =>
    Effect.map(open(path, directoryFlags), (descriptor) => ({ descriptor, reach: Reach.path(descriptor.fd) }))

  return {
    path,
    look: (path) => withPlace(path, Reach.unsafeLook, Reach.unsafeLook),
    open: (path) => open(path, fileFlags),
    ...(unsafeLook && { unsafeLook }),
    ...(unsafeOpen && { unsafeOpen }),
    ...(unsafeEnter && { unsafeEnter }),
    ...(unsafeOpenDirectory && { unsafeOpenDirectory }),
    openDirectory: (path) =>
      Effect.gen(function* () {
        const { descriptor, reach } = yield* enter(path)
        return {
          descriptor,
          reach,
          names: names === undefined ? yield* Folder.namesOf(reach) : names(descriptor),
          unsafeVersion: () => RecentNames.unsafeVersion(descriptor.fd, Date.now()),
          look: lookAt === undefined ? Reach.lookIn(reach) : (name) => lookAt(descriptor.fd, name),
          ...(unsafeWaits && { unsafeWaits })
        }
      }),
    enter,
    place: (path) => Effect.map(openPlace(path), (descriptor) => ({ descriptor, reach: Reach.path(descriptor.fd) })),
    resolve: (path) =>
      Effect.gen(function* () {
        const realRoot = yield* Reach.ofDescriptor(root.fd)
        const real = yield* Reach.confine(realRoot, Reach.path(root.fd), HostPath.relative(path))
        return HostPath.toClient(HostPath.below(realRoot, real) ?? ".")
      })
  }
}
