import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Conduit } from "../platform/Conduit.ts"
import type * as Descriptor from "../platform/Descriptor.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import type * as Status from "../platform/Status.ts"
import * as Beginning from "./Beginning.ts"
import type { ChunkPool } from "./ChunkPool.ts"
import * as Digester from "./Digester.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as HostError from "./HostError.ts"
import type { Locks } from "./Locks.ts"
import type { Root } from "./Root.ts"
import * as Site from "./Site.ts"
import type { StorageError, Stored, StoreOptions, Upload } from "./Storage.ts"
import type * as Temporary from "./Temporary.ts"

/**
 * What all uploads of a storage share; `umask` are the permission bits that new files do not get.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context {
  readonly root: Root
  readonly pool: ChunkPool
  readonly locks: Locks
  readonly umask: number
  readonly conduit: Conduit | undefined
}

const { EACCES, EBUSY, EEXIST, EISDIR, ENXIO } = Os.constants.errno

const refuse = (errno: number) => Effect.fail(NodeCall.systemError(errno, "store"))

/**
 * Why what has the name, or has it by now, may not get another content: an error number of the operating system's, `undefined` where it
 * may.
 *
 * @since 0.1.0
 * @category getters
 */
export const objection = (
  status: Status.Status | undefined,
  { create, replace }: Pick<StoreOptions, "create" | "replace">
): number | undefined => {
  if (status === undefined) return create ? undefined : EACCES
  switch (Entries.kind(status.mode)) {
    case "directory":
      return EISDIR
    case "link":
      return EBUSY
    case "other":
      return ENXIO
    case "file":
      return replace ? undefined : EEXIST
  }
}

const admit = (status: Status.Status | undefined, options: StoreOptions): Effect.Effect<void, NodeCall.SystemError> => {
  const errno = objection(status, options)
  return errno === undefined ? Effect.void : refuse(errno)
}

/** As far as can be told without reading it. */
const isSame = (one: Status.Status | undefined, other: Status.Status | undefined): boolean =>
  one?.unique === other?.unique && one?.size === other?.size && one?.modified === other?.modified

/** Bits that let a program run as someone else are not handed on to a content of someone else's. */
const keptMode = 0o1777

/**
 * The permission bits of a new content: those of what it replaces, or else of a new file.
 *
 * @since 0.1.0
 * @category getters
 */
export const modeOf = (replaced: Status.Status | undefined, umask: number): number =>
  replaced === undefined ? 0o666 & ~umask : replaced.mode & keptMode

/**
 * Tells whether what this process makes has the same owner.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOwn = ({ gid, uid }: Status.Status): boolean =>
  uid === process.geteuid?.() && gid === process.getegid?.()

const dress = (file: Descriptor.Descriptor, replaced: Status.Status | undefined, umask: number) =>
  Effect.gen(function* () {
    if (replaced !== undefined && !isOwn(replaced)) {
      const { gid, uid } = replaced
      yield* Effect.ignore(Disk.using<void>(file, (done) => Fs.fchown(file.fd, uid, gid, (error) => done(error))))
    }
    yield* Disk.quickly(file, "fchmod", file.fd, modeOf(replaced, umask))
  })

/**
 * An upload that has begun: where it is to go, and the hidden file it grows in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  readonly path: VirtualPath
  readonly options: StoreOptions
  readonly site: Site.Site & { readonly status: Status.Status | undefined }
  readonly temporary: Temporary.Temporary
  readonly digester: Digester.Digester
}

/**
 * What an upload that has begun can do until its hidden file has been let go of.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (context: Context, { digester, options, path, site, temporary }: Begun): Upload => {
  const { file, state } = temporary
  const told = <A, R>(effect: Effect.Effect<A, NodeCall.SystemError, R>) =>
    Effect.mapError(effect, HostError.toStorageError(path))

  const seal = Effect.gen(function* () {
    if (state.sealed) return
    if (state.failure !== undefined) return yield* Effect.fail(state.failure)
    yield* dress(file, site.status, context.umask)
    if (options.sync) yield* Disk.quickly(file, "fsync", file.fd)
    yield* file.close
    state.sealed = true
  }).pipe(
    Effect.tapError((error) =>
      Effect.sync(() => {
        state.failure = error
        state.keep = false
      })
    )
  )

  const take: Effect.Effect<number | undefined, NodeCall.SystemError> = Effect.gen(function* () {
    const now = yield* Disk.look(site.place, site.name)
    if (temporary.expects && !isSame(now, site.status)) return yield* refuse(EBUSY)
    yield* admit(now, options)
    // A name that was free is taken only as such: what another thread stores under it meanwhile is replaced, and counted as that.
    const rename = now === undefined || !options.replace ? Disk.renameFree : Disk.rename
    yield* rename(site.place, temporary.name, site.place, site.name, now?.size)
    state.named = true
    return now?.size
  }).pipe(
    Effect.catchIf(
      ({ code }) => code === "EEXIST" && options.replace,
      () => take
    )
  )

  const commit = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      yield* restore(seal)
      const replaced = yield* context.locks.locked(site.name)(take)
      if (options.partial === "keep") yield* temporary.forget
      const settled = options.sync ? yield* Effect.either(Disk.settle(site.place)) : Either.void
      const stored: Stored = { size: state.position, digest: digester.unsafeDigest(), replaced }
      return Either.isRight(settled) ? stored : { ...stored, unconfirmed: true }
    })
  )

  return {
    offset: state.position,
    replaces: site.status?.size,
    write: (bytes) => told(temporary.write(bytes)),
    ...(temporary.unsafeWrite && { unsafeWrite: temporary.unsafeWrite }),
    ...(temporary.unsafeReceive && { unsafeReceive: temporary.unsafeReceive }),
    seal: told(seal),
    commit: told(commit),
    discard: Effect.sync(() => {
      state.keep = false
    }),
    unsafeIsKept: temporary.unsafeIsKept
  }
}

/**
 * Begins to store a file under a hidden name beside the one it is to get. Everything happens in the directory that was opened, and
 * what a call does with a name it does with that name itself, so neither links nor renames lead it elsewhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = (
  context: Context,
  path: VirtualPath,
  options: StoreOptions
): Effect.Effect<Upload, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const toError = HostError.toStorageError(path)
    const site = yield* Effect.mapError(Site.follow(context.root, path), toError)
    yield* Effect.mapError(admit(site.status, options), toError)
    const { conduit, pool } = context
    const digester = Digester.make(options.digest)
    const temporary = yield* Beginning.make(site, { ...options, path, pool, digester, conduit })
    return unsafeMake(context, { path, options, site, temporary, digester })
  })
