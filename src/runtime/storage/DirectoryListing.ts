import * as Fs from "node:fs"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Entry } from "../../domain/Entry.ts"
import * as EventLoop from "../platform/EventLoop.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as Status from "../platform/Status.ts"
import * as DirectoryNames from "./DirectoryNames.ts"
import * as Entries from "./Entries.ts"
import * as HostPath from "./HostPath.ts"
import type { OwnerNames } from "./OwnerNames.ts"
import * as Pull from "./Pull.ts"
import type { RecentNames } from "./RecentNames.ts"
import type { Directory } from "./Root.ts"

const batchLength = 512
/**
 * How long a listing may hold the thread, in milliseconds.
 *
 * @since 0.1.0
 * @category constants
 */
export const turnMillis = 4

const slowTurn = 16
const looksPerClock = 4
const slowBatchLength = 64
const slowConcurrency = 8

/** All that a listing needs. */
type Listed = Omit<Directory, "descriptor">

const placeOf = ({ reach }: Pick<Listed, "reach">, name: string) => HostPath.toNode(HostPath.join(reach, name))

const isLink = (status: Status.Status) => Entries.kind(status.mode) === "link"

const entryOf = (name: string, status: Status.Status, owners: OwnerNames, target?: string): Entry =>
  Entries.fromStatus(HostPath.toText(name), status, owners, target)

/**
 * Makes what looks at a name of a directory in this turn: its entry, or `undefined` where it is gone or refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeLook = (
  directory: Pick<Listed, "look" | "reach">,
  root: HostPath.HostPath,
  owners: OwnerNames
): ((name: string) => Entry | undefined) => {
  const target = (name: string): string | undefined => {
    try {
      return Entries.visibleTarget(root, Fs.readlinkSync(placeOf(directory, name), "latin1"))
    } catch {
      return undefined
    }
  }

  return (name) => {
    const status = directory.look(name)
    if (status === undefined) return undefined
    return entryOf(name, status, owners, isLink(status) ? target(name) : undefined)
  }
}

const makePull = (
  directory: Listed,
  root: HostPath.HostPath,
  owners: OwnerNames,
  recent: RecentNames | undefined,
  unsafeNow: () => number
): Pull.Pull<Entry, NodeCall.SystemError> => {
  const next = DirectoryNames.gathered(directory, recent)
  let names: ReadonlyArray<string> = []
  let cursor = 0
  let slow = false

  const lookAt = unsafeLook(directory, root, owners)

  /** As many as this turn has time for. */
  const lookNow = (): Chunk.Chunk<Entry> => {
    const entries: Array<Entry> = []
    const first = cursor
    const end = Math.min(names.length, first + batchLength)
    const waits = directory.unsafeWaits?.()
    const until = unsafeNow() + turnMillis
    while (cursor < end) {
      const entry = lookAt(names[cursor++] ?? "")
      if (entry !== undefined) entries.push(entry)
      // Reading the clock costs a tenth of a look.
      if ((cursor - first < slowTurn || cursor % looksPerClock === 0) && unsafeNow() >= until) break
    }
    slow = cursor < end && cursor - first < slowTurn && (waits === undefined || directory.unsafeWaits?.() !== waits)
    return Chunk.unsafeFromArray(entries)
  }

  const lookLater = (name: string): Effect.Effect<Option.Option<Entry>> => {
    const at = placeOf(directory, name)
    return Effect.gen(function* () {
      const stats = yield* NodeCall.call<Fs.BigIntStats>((done) => Fs.lstat(at, { bigint: true }, done))
      const status = Status.fromStats(stats)
      if (!isLink(status)) return entryOf(name, status, owners)
      const target = yield* NodeCall.call<string>((done) => Fs.readlink(at, "latin1", done))
      return entryOf(name, status, owners, Entries.visibleTarget(root, target))
    }).pipe(Effect.option)
  }

  const lookSlowly = Effect.suspend(() => {
    const some = names.slice(cursor, cursor + slowBatchLength)
    cursor += some.length
    return Effect.forEach(some, lookLater, { concurrency: slowConcurrency })
  }).pipe(Effect.map((found) => Chunk.compact(Chunk.unsafeFromArray(found))))

  const look = Effect.suspend(() => (slow ? lookSlowly : Effect.succeed(lookNow())))

  return Effect.suspend(() => {
    if (cursor < names.length) return Effect.zipRight(EventLoop.breathe, look)
    return Effect.flatMap(next, (more) => {
      if (more === undefined) return Effect.succeed(undefined)
      names = more
      cursor = 0
      return look
    })
  })
}

/**
 * The entries of a directory in chunks of some hundreds, none of which holds the thread for more than a few milliseconds:
 * while the disk answers at once, names are looked up in the same turn until its time is over; a disk that does not is
 * asked on the pool instead. Names that vanish in between, or that the server may not look at, are left out. At most
 * {@link DirectoryNames.sortLimit} names are held.
 *
 * Why so: of 10,000 files on ext4 the looks alone took 17 ms of CPU by `statx` in the same turn, 42 by `Fs.lstatSync` and 99 by
 * 64 `Fs.lstat` callbacks at once (Node 20, one machine: read them as ratios).
 *
 * @since 0.1.0
 * @category streams
 */
export const stream = <E>(
  open: Effect.Effect<Listed, E, Scope.Scope>,
  options: {
    readonly root: HostPath.HostPath
    readonly owners: Effect.Effect<OwnerNames>
    /** Where the names may be from, and go. */
    readonly recent?: RecentNames | undefined
    readonly toError: (cause: NodeCall.SystemError) => E
    /** What a turn's time is measured by, in milliseconds; `EventLoop.unsafeNow` where it is left out. */
    readonly unsafeNow?: () => number
  }
): Stream.Stream<Entry, E> =>
  Pull.stream(
    Effect.zipWith(open, options.owners, (directory, owners) =>
      Effect.mapError(
        makePull(directory, options.root, owners, options.recent, options.unsafeNow ?? EventLoop.unsafeNow),
        options.toError
      )
    )
  )
