import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as HiddenName from "../../domain/HiddenName.ts"
import * as EventLoop from "../platform/EventLoop.ts"
import type { Names } from "../platform/Folder.ts"
import type * as NodeCall from "../platform/NodeCall.ts"
import * as HostPath from "./HostPath.ts"
import * as Pull from "./Pull.ts"
import type { RecentNames } from "./RecentNames.ts"
import type { Directory } from "./Root.ts"

/**
 * Up to this many names a directory is listed in order; a larger one is listed as the disk has it, so that neither its
 * names nor its entries are ever all in memory.
 *
 * @since 0.1.0
 * @category constants
 */
export const sortLimit = 10_000

/** Beyond this, sorting takes a good part of a turn. */
const quickSort = 500

const batchLength = 1024

/** Of a directory, what it takes to know its names. */
type Named = Pick<Directory, "names" | "unsafeVersion">

/**
 * Those that clients may see.
 *
 * @since 0.1.0
 * @category combinators
 */
export const visible = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.some(HiddenName.is) ? names.filter((name) => !HiddenName.is(name)) : names

/**
 * The names that clients may see: all of them in order, or else some of too many, and more of those each time. At most
 * {@link sortLimit} are held, and as many as the disk gave with the last of them. All of an unchanged directory may be `recent` ones.
 *
 * @since 0.1.0
 * @category combinators
 */
export const gathered = ({ names, unsafeVersion }: Named, recent: RecentNames | undefined): Names => {
  let ended = false
  let begun = false

  const more = Effect.map(names, (next) => {
    ended = next === undefined
    return visible(next ?? [])
  })

  const later = Effect.zipRight(EventLoop.breathe, more)

  const first = Effect.gen(function* () {
    begun = true
    const version = recent && unsafeVersion?.()
    const known = version && recent?.unsafeGet(version)
    if (known !== undefined) {
      ended = true
      return known
    }
    const all: Array<string> = []
    while (!ended && all.length <= sortLimit) {
      for (const name of yield* more) all.push(name)
    }
    if (ended) all.sort()
    if (ended && version !== undefined) recent?.unsafeSet(version, all)
    if (all.length > quickSort) yield* EventLoop.breathe
    return all
  })

  return Effect.suspend(() => (ended ? Effect.succeed(undefined) : begun ? later : first))
}

const makePull = (directory: Named, recent: RecentNames | undefined): Pull.Pull<string, NodeCall.SystemError> => {
  const next = gathered(directory, recent)
  let held: ReadonlyArray<string> = []
  let cursor = 0

  const some = () => {
    const batch = held.slice(cursor, cursor + batchLength)
    cursor += batch.length
    return Chunk.unsafeFromArray(batch.map(HostPath.toText))
  }

  return Effect.suspend(() => {
    if (cursor < held.length) return Effect.map(EventLoop.breathe, some)
    return Effect.map(next, (names) => {
      if (names === undefined) return undefined
      held = names
      cursor = 0
      return some()
    })
  })
}

/**
 * The names of a directory as text for clients, in the order of `DirectoryListing` and at a third of its price: nothing is
 * looked at, so a name may have vanished meanwhile, or be one that the server may not look at.
 *
 * @since 0.1.0
 * @category streams
 */
export const stream = <E>(
  open: Effect.Effect<Named, E, Scope.Scope>,
  options: { readonly recent?: RecentNames | undefined; readonly toError: (cause: NodeCall.SystemError) => E }
): Stream.Stream<string, E> =>
  Pull.stream(Effect.map(open, (directory) => Effect.mapError(makePull(directory, options.recent), options.toError)))
