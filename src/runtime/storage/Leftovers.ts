import type * as Fs from "node:fs"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HiddenName from "../../domain/HiddenName.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Folder from "../platform/Folder.ts"
import type * as NodeCall from "../platform/NodeCall.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as HostPath from "./HostPath.ts"
import * as Partials from "./Partials.ts"
import * as Reach from "./Reach.ts"
import type { Place, Root } from "./Root.ts"

const week = 7 * 24 * 60 * 60 * 1000
const concurrency = 4

/**
 * Deletes what uploads left in a directory, if nothing else is in it and no upload goes on there; tells whether it is empty now.
 *
 * @since 0.1.0
 * @category changes
 */
export const clear = (
  parent: Place,
  name: HostPath.HostPath,
  now: number
): Effect.Effect<boolean, NodeCall.SystemError> =>
  Effect.scoped(
    Effect.gen(function* () {
      const descriptor = yield* Disk.open(parent, name, "directory")
      const byDescriptor = parent.reach.startsWith(Reach.path(parent.descriptor.fd))
      const reach = byDescriptor ? Reach.path(descriptor.fd) : HostPath.join(parent.reach, name)
      const place = { descriptor, reach }
      const next = yield* Folder.namesOf(HostPath.toNode(reach))
      const left: Array<HostPath.HostPath> = []
      for (let names = yield* next; names !== undefined; names = yield* next) {
        for (const name of names) {
          const meaning = Partials.parse(name)
          if (meaning === undefined) return false
          if (meaning._tag === "Upload") {
            const status = yield* Disk.look(place, name)
            if (status !== undefined && Partials.isAlive(meaning, status.modified, now)) return false
          }
          left.push(name)
        }
      }
      yield* Effect.forEach(left, (name) => Disk.unlink(place, name), { discard: true })
      return true
    })
  )

/** What is to be done with one hidden name; answers how many were done away with. */
const tidy = (place: Place, name: HostPath.HostPath, partial: "discard" | "keep", now: number) =>
  Effect.gen(function* () {
    const meaning = Partials.parse(name)
    if (meaning === undefined) return 0
    const status = yield* Disk.look(place, name)
    if (status === undefined || Entries.kind(status.mode) === "directory") return 0
    if (meaning._tag === "Partial") {
      if (partial === "keep" && now - status.modified <= week) return 0
      yield* Disk.unlink(place, name)
      return 1
    }
    if (Partials.isAlive(meaning, status.modified, now)) return 0
    // A second name means that it had got its own when its writer died.
    const whole = Partials.isIntact(meaning) && meaning.target !== undefined && status.links === 1 && status.size > 0
    if (partial === "keep" && whole && Entries.kind(status.mode) === "file" && now - status.modified <= week) {
      yield* Disk.rename(place, name, place, Partials.partialName(meaning.target))
    } else {
      yield* Disk.unlink(place, name)
    }
    return 1
  }).pipe(Effect.orElseSucceed(() => 0))

/** Some file systems do not tell with the name what it stands for. */
const isUnknown = (entry: Fs.Dirent): boolean =>
  !(
    entry.isFile() ||
    entry.isDirectory() ||
    entry.isSymbolicLink() ||
    entry.isFIFO() ||
    entry.isSocket() ||
    entry.isBlockDevice() ||
    entry.isCharacterDevice()
  )

const isDirectory = (place: Place, entry: Fs.Dirent): Effect.Effect<boolean> =>
  isUnknown(entry)
    ? Disk.look(place, entry.name).pipe(
        Effect.map((status) => status !== undefined && Entries.kind(status.mode) === "directory"),
        Effect.orElseSucceed(() => false)
      )
    : Effect.succeed(entry.isDirectory())

/**
 * Goes through a tree and does away with what uploads of processes that no longer live have left: deletes it, or with "keep" makes it the
 * partial of its name if it is one and the system has not gone down since; partials are deleted after a week, with "discard" at once. Links are not followed, and what the
 * server may not enter is left out. Answers how many names it changed.
 *
 * @since 0.1.0
 * @category changes
 */
export const sweep = (root: Root, partial: "discard" | "keep"): Effect.Effect<number> =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis

    /** Answers the directories in it, having tidied up what else is. */
    const visit = (path: VirtualPath.VirtualPath) =>
      Effect.scoped(
        Effect.gen(function* () {
          const place = yield* root.enter(path)
          const next = yield* Folder.entriesOf(HostPath.toNode(place.reach))
          const directories: Array<VirtualPath.VirtualPath> = []
          let changed = 0
          for (let entries = yield* next; entries !== undefined; entries = yield* next) {
            for (const entry of entries) {
              if (HiddenName.is(entry.name)) changed += yield* tidy(place, entry.name, partial, now)
              else if (yield* isDirectory(place, entry))
                directories.push(VirtualPath.join(path, HostPath.toText(entry.name)))
            }
          }
          return { directories, changed }
        })
      ).pipe(Effect.orElseSucceed(() => ({ directories: [], changed: 0 })))

    const walk = (path: VirtualPath.VirtualPath, concurrency: number): Effect.Effect<number> =>
      Effect.gen(function* () {
        const { changed, directories } = yield* visit(path)
        const below = yield* Effect.forEach(directories, (directory) => walk(directory, 1), { concurrency })
        return below.reduce((sum, count) => sum + count, changed)
      })

    return yield* walk(VirtualPath.root, concurrency)
  })
