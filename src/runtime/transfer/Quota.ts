import * as Effect from "effect/Effect"
import type { Entry } from "../../domain/Entry.ts"
import type { Amount } from "../../domain/limits/Quotas.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Pull from "../storage/Pull.ts"
import { type Readable, StorageError, type Stored } from "../storage/Storage.ts"

/**
 * The room an account has for more. What is asked for is held until it is settled.
 *
 * @since 0.1.0
 * @category models
 */
export interface Quota {
  /** The account has one. Where it has none all is granted, and what changes is told for others who have the same home. */
  readonly isLimited: boolean
  /** Where it is `patient` it may wait for others that grow in the same home, and will not all stay. */
  readonly reserve: (amount: Amount, patient?: boolean) => Effect.Effect<boolean>
  readonly unsafeSettle: (settlement: { readonly reserved: Amount; readonly changed: Amount }) => void
}

/** What a file that has its name adds to what was there. @since 0.1.0 @category getters */
export const gained = ({ replaced, size }: Stored): Amount => ({
  bytes: size - (replaced ?? 0),
  files: replaced === undefined ? 1 : 0
})

const KiB = 1024
const firstBlock = 256 * KiB
const largestBlock = 8 * KiB * KiB

/**
 * The room that one growing file takes up, asked for in blocks that grow with it rather than chunk by chunk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Room {
  /** Makes sure of this many bytes in all; fails with `QuotaBytes`. */
  readonly cover: (bytes: number) => Effect.Effect<void, StorageError>
  /** Whether that was made sure of already. */
  readonly unsafeCovers: (bytes: number) => boolean
  /** Gives back what was not used, and counts what has changed. At most once. */
  readonly unsafeSettle: (changed: Amount) => void
}

/**
 * Makes sure of room for a file, and of one more file where it is `isNew`. Fails with `QuotaBytes` or `QuotaFiles`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const room = (
  quota: Quota,
  { isNew, path }: { readonly isNew: boolean; readonly path: VirtualPath.VirtualPath }
): Effect.Effect<Room, StorageError> => {
  const files = isNew ? 1 : 0
  const exceeded = Effect.suspend(() => new StorageError({ reason: "QuotaBytes", path }))
  let held = 0
  let block = firstBlock
  const take = (bytes: number, patient: boolean) =>
    // What has been granted is noted, whoever interrupts.
    Effect.uninterruptibleMask((restore) =>
      Effect.map(restore(quota.reserve({ bytes, files: 0 }, patient)), (granted) => {
        if (granted) held += bytes
        return granted
      })
    )
  const made: Room = {
    cover: (bytes) => {
      const needed = bytes - held
      if (needed <= 0) return Effect.void
      const wanted = Math.max(needed, block)
      block = Math.min(block * 2, largestBlock)
      return Effect.flatMap(take(wanted, wanted === needed), (granted) => {
        if (granted) return Effect.void
        block = 0
        // The last of a quota is for the file, too.
        return wanted === needed
          ? exceeded
          : Effect.flatMap(take(needed, true), (granted) => (granted ? Effect.void : exceeded))
      })
    },
    unsafeCovers: (bytes) => bytes <= held || !quota.isLimited,
    unsafeSettle: (changed) => quota.unsafeSettle({ reserved: { bytes: held, files }, changed })
  }
  return Effect.flatMap(quota.reserve({ bytes: 0, files }), (granted) =>
    granted ? Effect.succeed(made) : Effect.fail(new StorageError({ reason: "QuotaFiles", path }))
  )
}

/**
 * Counts what a tree holds, links as themselves; what cannot be looked at counts nothing. `moved` is called as it goes on.
 *
 * @since 0.1.0
 * @category operations
 */
export const measure = (storage: Readable, moved: () => void): Effect.Effect<Amount> =>
  Effect.gen(function* () {
    let bytes = 0
    let files = 0
    const ahead: Array<VirtualPath.VirtualPath> = [VirtualPath.root]
    for (let path = ahead.pop(); path !== undefined; path = ahead.pop()) {
      const directory = path
      const count = (entry: Entry) =>
        Effect.sync(() => {
          moved()
          if (entry.kind === "directory") ahead.push(VirtualPath.join(directory, entry.name))
          else files += 1
          if (entry.kind === "file") bytes += entry.size
        })
      const counted = Effect.flatMap(Pull.fromStream(storage.list(directory)), (entries) =>
        Pull.forEach(entries, count)
      )
      yield* Effect.ignore(Effect.scoped(counted))
    }
    return { bytes, files }
  })
