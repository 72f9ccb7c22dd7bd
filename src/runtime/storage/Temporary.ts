import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Conduit } from "../platform/Conduit.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import type * as Status from "../platform/Status.ts"
import type { ChunkPool } from "./ChunkPool.ts"
import type { Digester } from "./Digester.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as Front from "./Front.ts"
import * as HostError from "./HostError.ts"
import * as HostPath from "./HostPath.ts"
import * as Partials from "./Partials.ts"
import * as Reach from "./Reach.ts"
import type { Site } from "./Site.ts"
import { StorageError, type StoreOptions } from "./Storage.ts"
import * as Straight from "./Straight.ts"

/**
 * The hidden file an upload grows in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Temporary extends Straight.Straight {
  readonly name: HostPath.HostPath
  readonly file: Descriptor.Written
  readonly state: State
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, NodeCall.SystemError>
  /** It counts on what had the name when it was begun, be it nothing: it has its bytes in front, or is to go behind it. */
  readonly expects: boolean
  readonly unsafeIsKept: () => boolean
  /** Deletes what an earlier upload of the same name left. */
  readonly forget: Effect.Effect<void>
}

/**
 * How far it is: bytes it has, whether it got its name, what went wrong, and whether it may become a partial.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  position: number
  named: boolean
  failure: NodeCall.SystemError | undefined
  keep: boolean
}

interface Options extends StoreOptions {
  readonly path: VirtualPath
  readonly pool: ChunkPool
  readonly digester: Digester
  readonly conduit: Conduit | undefined
}

interface Held extends Pick<Temporary, "name" | "file" | "state" | "expects" | "unsafeIsKept"> {}

/**
 * The partial of a name, if it is what the server left: a file with no second name.
 *
 * @since 0.1.0
 * @category getters
 */
export const partialOf = (site: Site): Effect.Effect<Status.Status | undefined, NodeCall.SystemError> =>
  Effect.map(Disk.look(site.place, Partials.partialName(Partials.hash(site.name))), (status) =>
    status !== undefined && Entries.kind(status.mode) === "file" && status.links === 1 ? status : undefined
  )

/**
 * Deletes the partial of a name.
 *
 * @since 0.1.0
 * @category changes
 */
export const forget = (site: Site): Effect.Effect<void> =>
  Effect.ignore(Disk.unlink(site.place, Partials.partialName(Partials.hash(site.name))))

const { EBUSY } = Os.constants.errno
const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDWR } = Fs.constants

/** What did not fit can be gone on with when there is room again; of anything else nobody knows what is on the disk. */
const harmless = new Set(["ENOSPC", "EDQUOT", "EFBIG"])

/**
 * Makes the hidden file with the bytes that come before the upload's own, and lets them pass the digester. When the scope closes
 * before it got its name, it is deleted, or becomes the partial of the name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  site: Site & { readonly status: Status.Status | undefined },
  options: Options
): Effect.Effect<Temporary, StorageError, Scope.Scope> => {
  const { conduit, digester, offset, path, pool } = options
  const { place } = site
  const hash = Partials.hash(site.name)
  const partialName = Partials.partialName(hash)
  const told = <A, R>(effect: Effect.Effect<A, NodeCall.SystemError, R>) =>
    Effect.mapError(effect, HostError.toStorageError(path))
  const badRestart = Effect.suspend(() => new StorageError({ reason: "BadRestart", path }))

  const openName = (name: HostPath.HostPath, flags: number) =>
    Disk.quickly(
      place.descriptor,
      "open",
      HostPath.toNode(HostPath.join(place.reach, name)),
      flags | O_RDWR | O_NOFOLLOW | O_NONBLOCK,
      0o600
    )

  /** `acquire` gives the name something that has to be taken away again. */
  const hold = <E>(
    target: string | undefined,
    acquire: (name: HostPath.HostPath) => Effect.Effect<number, E>
  ): Effect.Effect<Held, E, Scope.Scope> =>
    Effect.gen(function* () {
      const name = Partials.uploadName(target)
      const state: State = { position: 0, named: false, failure: undefined, keep: options.partial === "keep" }
      const unsafeIsKept = () => state.keep && target !== undefined && state.position > 0 && !state.named
      const leave = Effect.suspend(() => {
        if (state.named) return Effect.void
        // Whatever has that name is freed.
        const becoming = Disk.rename(place, name, place, partialName, Number.POSITIVE_INFINITY)
        if (unsafeIsKept()) return Effect.catchAll(becoming, () => unlink)
        return unlink
      })
      const unlink = Effect.suspend(() => {
        state.keep = false
        return Effect.ignore(Disk.unlink(place, name))
      })
      const fd = yield* acquire(name)
      const file = yield* Descriptor.written(fd)
      yield* Finalizer.add(leave)
      return { name, file, state, expects: typeof offset !== "number", unsafeIsKept }
    }).pipe(Effect.uninterruptible)

  const fresh = (target: string | undefined) => told(hold(target, (name) => openName(name, O_CREAT | O_EXCL)))

  const afterFile = (length: number) =>
    Effect.gen(function* () {
      const made = yield* fresh(length === 0 ? hash : undefined)
      if (length === 0) return made
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
      return made
    })

  const begin: ReturnType<typeof fresh> = Effect.suspend(() => {
    if (offset === 0) return fresh(hash)
    return Effect.gen(function* () {
      const file = site.status?.size
      const partial = typeof offset !== "number" && file !== undefined ? undefined : yield* told(partialOf(site))
      const source = Front.choose(offset, file, partial?.size)
      if (source === undefined) return yield* badRestart
      if (source._tag === "Nothing") return yield* fresh(hash)
      if (source._tag === "File") return yield* afterFile(source.length)
      return yield* Effect.catchIf(
        afterPartial(source.length),
        // Another session has claimed it in between.
        ({ reason }) => reason === "NotFound",
        () => begin
      )
    })
  })

  return Effect.map(begin, (held) => ({
    ...held,
    ...Straight.make(held, { conduit, digester: options.digest === "none" ? undefined : digester }),
    write: (bytes) =>
      Effect.suspend(() => {
        const { file, state } = held
        if (state.failure !== undefined) return Effect.fail(state.failure)
        if (bytes.length === 0) return Effect.void
        const writing = Front.write(file, bytes, {
          position: state.position,
          unsafeMoved: (length) => {
            state.position += length
          },
          unsafeMeanwhile: () => digester.unsafeUpdate(bytes)
        })
        return Effect.tapError(writing, (error) =>
          Effect.sync(() => {
            state.failure = error
            if (!harmless.has(error.code ?? "")) state.keep = false
          })
        )
      }),
    forget: forget(site)
  }))
}
