import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type { Entry } from "../../domain/Entry.ts"
import type { FileFault } from "../../domain/FileFault.ts"
import type { Action } from "../../domain/session/Action.ts"
import type { Digested } from "../../domain/session/Event.ts"
import type { Question } from "../../domain/session/State.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import { breathe } from "../platform/EventLoop.ts"
import * as Digester from "../storage/Digester.ts"
import * as Pull from "../storage/Pull.ts"
import { StorageError } from "../storage/Storage.ts"
import type * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as Quotas from "./Quotas.ts"
import * as StorageTask from "./StorageTask.ts"

/**
 * Asks storage about one path; answered by `Answered`.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeAsk = (actor: Actor, question: Question): void => {
  const answer = unsafeStat(actor, question)
  if (answer !== undefined) {
    actor.unsafeTell({ _tag: "Answered", answer })
    return
  }
  StorageTask.unsafeStart(
    actor,
    () => stat(actor, question),
    (answer) => ({ _tag: "Answered", answer })
  )
}

/** As `stat`, where it needs no time. */
const unsafeStat = (actor: Actor, { command, path }: Question): Either.Either<Entry, FileFault> | undefined => {
  const { storage } = actor.lodging
  const isWhole = command !== "SIZE" || Quotas.partials(actor) !== "keep" || storage.unsafeHasNoPartial?.(path) === true
  return isWhole ? storage.unsafeStat?.(path) : undefined
}

/** SIZE tells where a cut upload can go on, also where an older file has the name: a client that resumes asks just that. */
const stat = (actor: Actor, { command, path }: Question): Effect.Effect<Entry, StorageError> => {
  const { storage } = actor.lodging
  if (command !== "SIZE" || Quotas.partials(actor) !== "keep") return storage.stat(path)
  return Effect.flatMap(storage.partial(path), (size) =>
    size === undefined ? storage.stat(path) : Effect.succeed(partial(path, size))
  )
}

const partial = (path: VirtualPath.VirtualPath, size: number): Entry => ({
  name: VirtualPath.basename(path),
  kind: "file",
  size,
  modified: 0,
  mode: 0,
  links: 1,
  owner: "",
  group: "",
  unique: ""
})

/**
 * Finds out what room there is; answered by `Measured`.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeMeasure = (actor: Actor, path: VirtualPath.VirtualPath): void =>
  StorageTask.unsafeStart(
    actor,
    () => {
      const { client, house, lodging } = actor
      return Effect.all({
        available: lodging.storage.available(path),
        used: Quotas.of(actor).isLimited
          ? house.ledger.usage(client.id, Quotas.measure(actor))
          : Effect.succeed(undefined)
      })
    },
    (result) => ({ _tag: "Measured", result })
  )

type Digest = Extract<Action, { readonly _tag: "Digest" }>

/**
 * Computes a digest of a file, a chunk at a time between which others have their turn; answered by `Digested`.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeDigest = (actor: Actor, action: Digest): void =>
  StorageTask.unsafeStart(
    actor,
    (progress) => Effect.scoped(compute(actor, action, progress)),
    (result) => ({ _tag: "Digested", result })
  )

const compute = Effect.fnUntraced(function* (
  actor: Actor,
  { algorithm, path, range }: Digest,
  progress: Progress.Progress
) {
  const file = yield* actor.lodging.storage.open(path)
  const start = range?.start ?? 0
  if (start > file.entry.size) return yield* new StorageError({ reason: "BadRestart", path })
  const digester = Digester.make(algorithm)
  const pull = yield* file.pull?.(start) ?? Pull.fromStream(file.bytes(start))
  let left = (range?.end ?? Number.POSITIVE_INFINITY) - start
  let end = start
  const update = (bytes: Uint8Array) => {
    const taken = bytes.length > left ? bytes.subarray(0, left) : bytes
    digester.unsafeUpdate(taken)
    left -= taken.length
    end += taken.length
    progress.movedAt = actor.house.timers.unsafeNow()
    return breathe
  }
  while (left > 0) {
    const chunk = yield* pull
    if (chunk === undefined) break
    yield* Effect.forEach(chunk, update, { discard: true })
  }
  const digest = digester.unsafeDigest()
  if (digest === undefined) return yield* Effect.dieMessage("no digest was computed")
  const digested: Digested = { digest, start, end }
  return digested
})
