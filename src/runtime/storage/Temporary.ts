import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Conduit } from "../platform/Conduit.ts"
import type * as Descriptor from "../platform/Descriptor.ts"
import type * as NodeCall from "../platform/NodeCall.ts"
import type * as Status from "../platform/Status.ts"
import type { ChunkPool } from "./ChunkPool.ts"
import type { Digester } from "./Digester.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as Front from "./Front.ts"
import type * as HostPath from "./HostPath.ts"
import * as Partials from "./Partials.ts"
import type { Place } from "./Root.ts"
import type { Site } from "./Site.ts"
import type { StoreOptions } from "./Storage.ts"
import * as Straight from "./Straight.ts"

/**
 * The hidden file an upload grows in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Temporary extends Straight.Straight, Held {
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, NodeCall.SystemError>
  /** It counts on what had the name when it was begun, be it nothing: it has its bytes in front, or is to go behind it. */
  readonly expects: boolean
  /** Deletes what an earlier upload of the same name left. */
  readonly forget: Effect.Effect<void>
}

/**
 * How far it is: bytes it has, whether it was written through and closed, whether it got its name, what went wrong, and whether it may
 * become a partial.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  position: number
  sealed: boolean
  named: boolean
  failure: NodeCall.SystemError | undefined
  keep: boolean
}

/**
 * What an upload is made with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends StoreOptions {
  readonly path: VirtualPath
  readonly pool: ChunkPool
  readonly digester: Digester
  readonly conduit: Conduit | undefined
}

/**
 * The file and its name, and what becomes of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Held {
  readonly name: HostPath.HostPath
  readonly file: Descriptor.Written
  readonly state: State
  readonly unsafeIsKept: () => boolean
  /** What is to be done with it in the end: unless it got its name, it is deleted, or becomes the partial of the name. */
  readonly leave: Effect.Effect<void>
}

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

const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDWR } = Fs.constants

/**
 * How a hidden file is opened: by `open(2)`, with these flags at least.
 *
 * @since 0.1.0
 * @category getters
 */
export const opening = (place: Place, name: HostPath.HostPath, flags: number) =>
  [Disk.at(place, name), flags | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600] as const

/** The state of a file that has nothing yet. @since 0.1.0 @category constructors */
export const unsafeState = ({ partial }: Pick<StoreOptions, "partial">): State => ({
  position: 0,
  sealed: false,
  named: false,
  failure: undefined,
  keep: partial === "keep"
})

/**
 * Takes over a file that was opened under a hidden name. `target` is the hash of the name that it is a whole or a continued partial of.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeHeld = (
  place: Place,
  given: Pick<Held, "name" | "file" | "state">,
  target: string | undefined
): Held => {
  const { name, state } = given
  const unsafeIsKept = () => state.keep && target !== undefined && state.position > 0 && !state.named
  const unlink = Effect.suspend(() => {
    state.keep = false
    return Effect.ignore(Disk.unlink(place, name))
  })
  const leave = Effect.suspend(() => {
    if (state.named) return Effect.void
    if (target === undefined || !unsafeIsKept()) return unlink
    // Whatever has that name is freed.
    const becoming = Disk.rename(place, name, place, Partials.partialName(target), Number.POSITIVE_INFINITY)
    return Effect.catchAll(becoming, () => unlink)
  })
  return { ...given, unsafeIsKept, leave }
}

/** What did not fit can be gone on with when there is room again; of anything else nobody knows what is on the disk. */
const harmless = new Set(["ENOSPC", "EDQUOT", "EFBIG"])

/**
 * Lets a file grow, and its bytes pass the digester.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (
  site: Site,
  held: Held & { readonly expects: boolean },
  { conduit, digest, digester }: Pick<Options, "conduit" | "digest" | "digester">
): Temporary => ({
  ...held,
  ...Straight.make({ ...held, digester: digest === "none" ? undefined : digester }, conduit),
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
})
