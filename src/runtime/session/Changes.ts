import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Entry } from "../../domain/Entry.ts"
import type { FileFault } from "../../domain/FileFault.ts"
import { nothing } from "../../domain/limits/Quotas.ts"
import type { Change } from "../../domain/session/Action.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import * as Pull from "../storage/Pull.ts"
import { type Readable, StorageError } from "../storage/Storage.ts"
import type * as Progress from "../transfer/Progress.ts"
import * as Quota from "../transfer/Quota.ts"
import type { Actor } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as Quotas from "./Quotas.ts"
import * as StorageTask from "./StorageTask.ts"

/**
 * Changes files; answered by `Changed`. What is done is done whole, with the quota and the world told of it, whether the client waits
 * or not.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeMake = (actor: Actor, change: Change): void => {
  const result = unsafeDo(actor, change)
  if (result !== undefined) {
    actor.unsafeTell({ _tag: "Changed", result })
    return
  }
  StorageTask.unsafeStart(
    actor,
    (progress) => {
      const told = teller(actor, change)
      const done = Effect.suspend(() =>
        change._tag === "Combine" ? combine(actor, change, progress, told) : simple(actor, change, told)
      )
      return StorageTask.entrust(actor, progress, done, change._tag === "Combine")
    },
    (result) => ({ _tag: "Changed", result })
  )
}

const made = Either.right(undefined)

/** The same in this turn, where storage can. */
const unsafeDo = (actor: Actor, change: Change): Either.Either<void, FileFault> | undefined => {
  if (change._tag === "Combine" || change._tag === "SetAttributes") return undefined
  const done = actor.lodging.storage.unsafeChange?.(change)
  if (done === undefined || Either.isLeft(done)) return done
  const gone = done.right
  if (gone !== undefined) settler(actor)(-gone, -1)
  teller(actor, change)()
  return made
}

/** The account may be gone when the change is made. */
const teller = (actor: Actor, change: Change) => {
  const { client, house, state } = actor
  const account = state.account?.name ?? ""
  const { peer } = state.settings
  return () =>
    house.unsafeTell({
      _tag: "FilesChanged",
      session: client.id,
      peer,
      at: house.timers.unsafeNow(),
      account,
      change: change._tag,
      path: change.path,
      ...(change._tag === "Rename" ? { to: change.to } : {})
    })
}

const settler = (actor: Actor) => {
  const quota = Quotas.of(actor)
  return (bytes: number, files: number) => quota.unsafeSettle({ reserved: nothing, changed: { bytes, files } })
}

type Told = () => void

const simple = (actor: Actor, change: Exclude<Change, { readonly _tag: "Combine" }>, told: Told) => {
  const { storage } = actor.lodging
  const settle = settler(actor)
  const act = (): Effect.Effect<void, StorageError> => {
    switch (change._tag) {
      case "Delete":
        return Effect.map(storage.remove(change.path), (bytes) => {
          if (bytes !== undefined) settle(-bytes, -1)
        })
      case "MakeDirectory":
        return storage.makeDirectory(change.path)
      case "RemoveDirectory":
        return storage.removeDirectory(change.path)
      case "Rename":
        return Effect.map(storage.rename(change.path, change.to, { replace: change.replace }), (replaced) => {
          if (replaced !== undefined) settle(-replaced, -1)
        })
      case "SetAttributes": {
        const { _tag, path, ...attributes } = change
        return storage.setAttributes(path, attributes)
      }
    }
  }
  return Effect.map(act(), told)
}

const missingAs =
  <A>(value: A) =>
  (error: StorageError): Effect.Effect<A, StorageError> =>
    error.reason === "NotFound" ? Effect.succeed(value) : Effect.fail(error)

/** A folder may have two names: what is to be combined has to be as many files as it has names. */
const distinct = (storage: Readable, path: VirtualPath, sources: ReadonlyArray<VirtualPath>) =>
  Effect.gen(function* () {
    const target = yield* Effect.catchAll(storage.stat(path), missingAs(undefined))
    const seen = new Set(target === undefined ? [] : [target.unique])
    for (const source of sources) {
      const { unique } = yield* storage.stat(source)
      if (seen.has(unique)) return yield* new StorageError({ reason: "SameFile", path: source })
      seen.add(unique)
    }
  })

/** Nothing is reserved for it: what the target gains the sources lose. */
const combine = (
  actor: Actor,
  change: Extract<Change, { readonly _tag: "Combine" }>,
  progress: Progress.Progress,
  told: Told
): Effect.Effect<void, StorageError> => {
  const { storage } = actor.lodging
  const { timers } = actor.house
  const settle = settler(actor)
  const largest = Limits.largestUpload(actor)
  const { create, path, replace, sources } = change
  return Effect.scoped(
    Effect.uninterruptible(
      Effect.gen(function* () {
        yield* Effect.interruptible(distinct(storage, path, sources))
        const upload = yield* storage.store(path, {
          offset: "end",
          create,
          replace,
          partial: "discard",
          digest: "none",
          sync: actor.house.config.syncUploads
        })
        let size = upload.offset
        const write = (bytes: Uint8Array) => {
          size += bytes.length
          progress.movedAt = timers.unsafeNow()
          return size > largest ? Effect.fail(new StorageError({ reason: "TooLarge", path })) : upload.write(bytes)
        }
        const copied: Array<readonly [VirtualPath, Entry]> = []
        for (const source of sources) {
          const copying = Effect.flatMap(storage.open(source), (file) => {
            copied.push([source, file.entry])
            return Effect.flatMap(file.pull?.(0) ?? Pull.fromStream(file.bytes(0)), (pull) => Pull.forEach(pull, write))
          })
          yield* Effect.interruptible(Effect.scoped(copying))
        }
        const stored = yield* upload.commit
        const { bytes, files } = Quota.gained(stored)
        settle(bytes, files)
        told()
        // What the disk may lose is not taken away elsewhere.
        if (stored.unconfirmed === true) return yield* new StorageError({ reason: "Unconfirmed", path })
        let failure: StorageError | undefined
        for (const [source, entry] of copied) {
          const removed = yield* Effect.either(storage.remove(source, entry))
          if (Either.isRight(removed)) settle(-(removed.right ?? 0), -1)
          // What has the name by now is somebody's new file.
          else if (removed.left.reason !== "NotFound" && removed.left.reason !== "Busy") failure ??= removed.left
        }
        if (failure !== undefined) return yield* failure
      })
    )
  )
}
