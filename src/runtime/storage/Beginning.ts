import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Descriptor from "../platform/Descriptor.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import type * as Status from "../platform/Status.ts"
import * as Disk from "./Disk.ts"
import * as Front from "./Front.ts"
import * as HostError from "./HostError.ts"
import type * as HostPath from "./HostPath.ts"
import * as Partials from "./Partials.ts"
import * as Reach from "./Reach.ts"
import type { Site } from "./Site.ts"
import { StorageError } from "./Storage.ts"
import * as Temporary from "./Temporary.ts"

const { EBUSY } = Os.constants.errno
const { O_CREAT, O_EXCL } = Fs.constants

/**
 * Makes the hidden file of an upload with the bytes that come before the upload's own, and lets them pass the digester. When the scope
 * closes before it got its name, it is deleted, or becomes the partial of the name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  site: Site & { readonly status: Status.Status | undefined },
  options: Temporary.Options
): Effect.Effect<Temporary.Temporary, StorageError, Scope.Scope> => {
  const { digester, offset, path, pool } = options
  const { place } = site
  const hash = Partials.hash(site.name)
  const partialName = Partials.partialName(hash)
  const expects = typeof offset !== "number"
  const told = <A, R>(effect: Effect.Effect<A, NodeCall.SystemError, R>) =>
    Effect.mapError(effect, HostError.toStorageError(path))
  const badRestart = Effect.suspend(() => new StorageError({ reason: "BadRestart", path }))

  const openName = (name: HostPath.HostPath, flags: number) =>
    Disk.quickly(place.descriptor, "open", ...Temporary.opening(place, name, flags))

  /** `acquire` gives the name something that has to be taken away again. */
  const hold = <E>(
    target: string | undefined,
    acquire: (name: HostPath.HostPath) => Effect.Effect<number, E>
  ): Effect.Effect<Temporary.Held, E, Scope.Scope> =>
    Effect.gen(function* () {
      const name = Partials.uploadName(target)
      const file = yield* Descriptor.written(yield* acquire(name))
      const held = Temporary.unsafeHeld(place, { name, file, state: Temporary.unsafeState(options) }, target)
      yield* Finalizer.add(held.leave)
      return held
    }).pipe(Effect.uninterruptible)

  const fresh = (target: string | undefined) => told(hold(target, (name) => openName(name, O_CREAT | O_EXCL)))

  const afterFile = (length: number) =>
    Effect.gen(function* () {
      const made = yield* fresh(length === 0 ? hash : undefined)
      if (length === 0) return { ...made, expects }
      made.state.position = yield* Effect.scoped(
        Effect.gen(function* () {
          const old = yield* Disk.open(place, site.name, "file")
          const { unique } = yield* Reach.look(old)
          if (unique !== site.status?.unique) return yield* Effect.fail(NodeCall.systemError(EBUSY, "open"))
          return yield* Front.copy(old, made.file, {
            length,
            pool,
            digested: options.digest !== "none",
            unsafeUpdate: digester.unsafeUpdate
          })
        })
      ).pipe(told)
      return made.state.position < length ? yield* badRestart : { ...made, expects: true }
    })

  /** The one who renames it has it. */
  const claim = (name: HostPath.HostPath) =>
    Effect.zipRight(
      Disk.rename(place, partialName, place, name),
      Effect.tapError(openName(name, 0), () => Effect.ignore(Disk.rename(place, name, place, partialName)))
    )

  const afterPartial = (wanted: number | "end") =>
    Effect.gen(function* () {
      const made = yield* told(hold(hash, claim))
      const { size } = yield* told(Reach.look(made.file))
      made.state.position = size
      const length = wanted === "end" ? size : wanted
      if (size < length) return yield* badRestart
      if (size > length) yield* told(Front.truncate(made.file, length))
      made.state.position = length
      if (options.digest !== "none") {
        yield* told(Front.pass(made.file, undefined, { length, pool, unsafeUpdate: digester.unsafeUpdate }))
      }
      return { ...made, expects }
    })

  const afterNothing = Effect.map(fresh(hash), (made) => ({ ...made, expects }))

  const begin: typeof afterNothing = Effect.suspend(() => {
    if (offset === 0) return afterNothing
    return Effect.gen(function* () {
      const file = site.status?.size
      const partial = expects && file !== undefined ? undefined : yield* told(Temporary.partialOf(site))
      const source = Front.choose(offset, file, partial?.size)
      if (source === undefined) return yield* badRestart
      if (source._tag === "Nothing") return yield* afterNothing
      if (source._tag === "File") return yield* afterFile(source.length)
      return yield* Effect.catchIf(
        afterPartial(source.length),
        // Another session has claimed it in between.
        ({ reason }) => reason === "NotFound",
        () => begin
      )
    })
  })

  return Effect.map(begin, (held) => Temporary.unsafeMake(site, held, options))
}
