import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import type * as Status from "../platform/Status.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as HostError from "./HostError.ts"
import * as HostPath from "./HostPath.ts"
import * as Leftovers from "./Leftovers.ts"
import type { Context } from "./LocalUpload.ts"
import * as Reach from "./Reach.ts"
import type { Place } from "./Root.ts"
import * as Site from "./Site.ts"
import type { Attributes, Writable } from "./Storage.ts"
import * as Temporary from "./Temporary.ts"

const { EACCES, EBUSY, EEXIST, EISDIR, ENOENT, ENOTEMPTY, ENXIO } = Os.constants.errno

const refuse = (errno: number, syscall: string) => Effect.fail(NodeCall.systemError(errno, syscall))

const isDirectory = (status: Status.Status): boolean => Entries.kind(status.mode) === "directory"

const sizeOf = (status: Status.Status): number => (Entries.kind(status.mode) === "file" ? status.size : 0)

const specialBits = 0o7000

/** Not those that let a program run as somebody else; on a directory they stay as they are. */
const settable = 0o1777

const isSame = (one: Status.Status, other: Status.Status): boolean => one.unique === other.unique

/** Whether what two sites have in common is one name, and not two names of one file. */
const isOneName = (one: Site.Site, other: Site.Site, status: Status.Status) =>
  status.links === 1 || isDirectory(status)
    ? Effect.succeed(true)
    : Effect.zipWith(
        Reach.look(one.place.descriptor),
        Reach.look(other.place.descriptor),
        (here, there) => isSame(here, there) && one.name.toLowerCase() === other.name.toLowerCase()
      )

/** By itself, since what the process takes from new directories is not for the library to change. */
const giveMode = (place: Place, name: HostPath.HostPath, mode: number) =>
  Effect.scoped(
    Effect.gen(function* () {
      const made = yield* Disk.open(place, name, "directory")
      const status = yield* Reach.look(made)
      const wanted = (status.mode & specialBits) | mode
      if ((status.mode & 0o7777) === wanted) return
      yield* Disk.quickly(made, "fchmod", made.fd, wanted)
    })
  )

const setTimes = (place: Place, { accessed, modified }: Attributes) =>
  Effect.gen(function* () {
    const now = yield* Disk.quickly(place.descriptor, "fstat", place.descriptor.fd, { bigint: true })
    // Half a microsecond more, since Node takes seconds as a fraction that may lie just below the millisecond.
    const seconds = (millis: number) => (millis + 0.0005) / 1000
    const [access, change] = [
      accessed === undefined ? Number(now.atimeNs) / 1e9 : seconds(accessed),
      modified === undefined ? Number(now.mtimeNs) / 1e9 : seconds(modified)
    ]
    // Of a number below 0 Node makes the present.
    const time = (seconds: number) => (seconds < 0 ? new Date(Math.floor(seconds * 1000)) : seconds)
    yield* Disk.quickly(place.descriptor, "utimes", HostPath.toNode(place.reach), time(access), time(change))
  })

/**
 * Everything that changes the disk but uploads. It happens in directories that are held open, to names that are not followed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ locks, root, umask }: Context): Omit<Writable, "store" | "home"> => {
  const told = <A>(path: VirtualPath.VirtualPath, effect: Effect.Effect<A, NodeCall.SystemError>) =>
    Effect.mapError(effect, HostError.toStorageError(path))

  /** The partial is the server's own: that it could not be removed is nobody's concern. */
  const forget = (site: Site.Site) =>
    Temporary.partialOf(site).pipe(
      Effect.flatMap((partial) =>
        partial === undefined ? Effect.succeed(false) : Effect.as(Temporary.forget(site), true)
      ),
      Effect.orElseSucceed(() => false)
    )

  const remove = (path: VirtualPath.VirtualPath, only: { readonly unique: string } | undefined) =>
    Effect.gen(function* () {
      const site = yield* Site.enter(root, path)
      const { name, place } = site
      return yield* locks.locked(name)(
        Effect.gen(function* () {
          const status = yield* Disk.look(place, name)
          if (status === undefined) {
            return only === undefined && (yield* forget(site)) ? undefined : yield* refuse(ENOENT, "unlink")
          }
          if (isDirectory(status)) return yield* refuse(EISDIR, "unlink")
          if (only !== undefined) {
            const there = Entries.kind(status.mode) === "link" ? yield* root.look(path) : status
            if (there.unique !== only.unique) return yield* refuse(EBUSY, "unlink")
          }
          yield* Disk.unlink(place, name)
          yield* forget(site)
          return sizeOf(status)
        })
      )
    }).pipe(Effect.scoped)

  const makeDirectory = (path: VirtualPath.VirtualPath) =>
    Effect.gen(function* () {
      if (path === VirtualPath.root) return yield* refuse(EEXIST, "mkdir")
      const { name, place } = yield* Site.enter(root, path)
      yield* Disk.makeDirectory(place, name)
      yield* giveMode(place, name, 0o777 & ~umask)
    }).pipe(Effect.scoped)

  const removeDirectory = (path: VirtualPath.VirtualPath) =>
    Effect.gen(function* () {
      if (path === VirtualPath.root) return yield* refuse(EACCES, "rmdir")
      const { name, place } = yield* Site.enter(root, path)
      const removing = Disk.removeDirectory(place, name)
      yield* Effect.catchIf(
        removing,
        ({ code }) => code === "ENOTEMPTY" || code === "EEXIST",
        () =>
          Effect.gen(function* () {
            const cleared = yield* Leftovers.clear(place, name, yield* Clock.currentTimeMillis)
            yield* cleared ? removing : refuse(ENOTEMPTY, "rmdir")
          })
      )
    }).pipe(Effect.scoped)

  const rename = (from: VirtualPath.VirtualPath, to: VirtualPath.VirtualPath, replace: boolean) =>
    Effect.gen(function* () {
      if (from === VirtualPath.root) return yield* refuse(EACCES, "rename")
      if (to === VirtualPath.root) return yield* refuse(EEXIST, "rename")
      const [old, target] = [yield* Site.enter(root, from), yield* Site.enter(root, to)]
      const moved = yield* Disk.look(old.place, old.name)
      if (moved === undefined) return yield* refuse(ENOENT, "rename")
      return yield* locks.locked(target.name)(
        Effect.gen(function* () {
          const there = yield* Disk.look(target.place, target.name)
          if (there === undefined) {
            yield* (replace && !isDirectory(moved) ? Disk.rename : Disk.renameFree)(
              old.place,
              old.name,
              target.place,
              target.name
            )
            return undefined
          }
          if (isSame(there, moved) && (yield* isOneName(old, target, moved))) {
            // Nothing happens, but where it is another letter case of the name.
            yield* Disk.rename(old.place, old.name, target.place, target.name)
            return undefined
          }
          if (!replace || isDirectory(there) || isDirectory(moved)) return yield* refuse(EEXIST, "rename")
          // rename(2) does nothing for two names of one file.
          yield* isSame(there, moved)
            ? Disk.unlink(old.place, old.name)
            : Disk.rename(old.place, old.name, target.place, target.name)
          return Entries.kind(there.mode) === "file" ? there.size : undefined
        })
      )
    }).pipe(Effect.scoped)

  const setAttributes = (path: VirtualPath.VirtualPath, attributes: Attributes) =>
    Effect.gen(function* () {
      const place = yield* root.place(path)
      const { mode } = yield* Reach.look(place.descriptor)
      const kind = Entries.kind(mode)
      if (kind !== "file" && kind !== "directory") return yield* refuse(ENXIO, "chmod")
      if (attributes.mode !== undefined) {
        const wanted = (attributes.mode & settable) | (kind === "directory" ? mode & ~settable & 0o7777 : 0)
        yield* Disk.quickly(place.descriptor, "chmod", HostPath.toNode(place.reach), wanted)
      }
      if (attributes.accessed !== undefined || attributes.modified !== undefined) yield* setTimes(place, attributes)
    }).pipe(Effect.scoped)

  const partial = (path: VirtualPath.VirtualPath) =>
    path === VirtualPath.root
      ? Effect.succeed(undefined)
      : Site.follow(root, path).pipe(
          Effect.flatMap(Temporary.partialOf),
          Effect.map((status) => status?.size),
          Effect.scoped
        )

  const available = (path: VirtualPath.VirtualPath) =>
    root.place(path).pipe(
      Effect.catchIf(
        ({ code }) => code === "ENOENT",
        () => root.place(VirtualPath.parent(path))
      ),
      Effect.flatMap(({ descriptor, reach }) =>
        Disk.using<Fs.StatsFs>(descriptor, (done) => Fs.statfs(HostPath.toNode(reach), done))
      ),
      Effect.map(({ bavail, bsize }) => bavail * bsize),
      Effect.scoped
    )

  return {
    remove: (path, only) => told(path, remove(path, only)),
    makeDirectory: (path) => told(path, makeDirectory(path)),
    removeDirectory: (path) => told(path, removeDirectory(path)),
    rename: (from, to, { replace }) => Effect.mapError(rename(from, to, replace), HostError.toMoveError(to)),
    setAttributes: (path, attributes) => told(path, setAttributes(path, attributes)),
    partial: (path) =>
      Effect.catchIf(
        told(path, partial(path)),
        // Where nobody may enter to change something, no upload has left anything.
        ({ reason }) => reason === "NotFound" || reason === "NotADirectory" || reason === "PermissionDenied",
        () => Effect.succeed(undefined)
      ),
    available: (path) => told(path, available(path))
  }
}
