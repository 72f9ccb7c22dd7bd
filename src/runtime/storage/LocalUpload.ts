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
import type { ChunkPool } from "./ChunkPool.ts"
import * as Digester from "./Digester.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as HostError from "./HostError.ts"
import type { Locks } from "./Locks.ts"
import type { Root } from "./Root.ts"
import * as Site from "./Site.ts"
import type { StorageError, Stored, StoreOptions, Upload } from "./Storage.ts"
import * as Temporary from "./Temporary.ts"

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

/** Whether what has the name, or has it by now, may get another content. */
const admit = (
  status: Status.Status | undefined,
  { create, replace }: StoreOptions
): Effect.Effect<void, NodeCall.SystemError> => {
  if (status === undefined) return create ? Effect.void : refuse(EACCES)
  switch (Entries.kind(status.mode)) {
    case "directory":
      return refuse(EISDIR)
    case "link":
      return refuse(EBUSY)
    case "other":
      return refuse(ENXIO)
    case "file":
      return replace ? Effect.void : refuse(EEXIST)
  }
}

/** As far as can be told without reading it. */
const isSame = (one: Status.Status | undefined, other: Status.Status | undefined): boolean =>
  one?.unique === other?.unique && one?.size === other?.size && one?.modified === other?.modified

/** Bits that let a program run as someone else are not handed on to a content of someone else's. */
const keptMode = 0o1777

const dress = (file: Descriptor.Descriptor, replaced: Status.Status | undefined, umask: number) =>
  Effect.gen(function* () {
    if (replaced !== undefined && (replaced.uid !== process.geteuid?.() || replaced.gid !== process.getegid?.())) {
      const { gid, uid } = replaced
      yield* Effect.ignore(Disk.using<void>(file, (done) => Fs.fchown(file.fd, uid, gid, (error) => done(error))))
    }
    const mode = replaced === undefined ? 0o666 & ~umask : replaced.mode & keptMode
    yield* Disk.quickly(file, "fchmod", file.fd, mode)
  })

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
): Effect.Effect<Upload, StorageError, Scope.Scope> => {
  const toError = HostError.toStorageError(path)
  const told = <A, R>(effect: Effect.Effect<A, NodeCall.SystemError, R>) => Effect.mapError(effect, toError)

  return Effect.gen(function* () {
    const site = yield* told(Site.follow(context.root, path))
    yield* told(admit(site.status, options))
    const digester = Digester.make(options.digest)
    const temporary = yield* Temporary.make(site, {
      ...options,
      path,
      pool: context.pool,
      digester,
      conduit: context.conduit
    })
    const { file, state } = temporary

    let sealed = false
    const seal = Effect.gen(function* () {
      if (sealed) return
      if (state.failure !== undefined) return yield* Effect.fail(state.failure)
      yield* dress(file, site.status, context.umask)
      if (options.sync) yield* Disk.quickly(file, "fsync", file.fd)
      yield* file.close
      sealed = true
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
        const replaced = yield* context.locks(site.name)(take)
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
  })
}
