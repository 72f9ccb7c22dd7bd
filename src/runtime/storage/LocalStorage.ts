import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Conduit from "../platform/Conduit.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as ChunkPool from "./ChunkPool.ts"
import * as DirectoryListing from "./DirectoryListing.ts"
import * as DirectoryNames from "./DirectoryNames.ts"
import * as Entries from "./Entries.ts"
import * as FileBytes from "./FileBytes.ts"
import * as Guard from "./Guard.ts"
import * as Homes from "./Homes.ts"
import * as HostError from "./HostError.ts"
import * as HostPath from "./HostPath.ts"
import * as KernelRoot from "./KernelRoot.ts"
import * as Leftovers from "./Leftovers.ts"
import * as LocalChanges from "./LocalChanges.ts"
import * as LocalUpload from "./LocalUpload.ts"
import * as Locks from "./Locks.ts"
import * as OwnerNames from "./OwnerNames.ts"
import * as PooledUpload from "./PooledUpload.ts"
import * as PortableRoot from "./PortableRoot.ts"
import * as PromptChanges from "./PromptChanges.ts"
import * as PromptUpload from "./PromptUpload.ts"
import * as Reach from "./Reach.ts"
import * as RecentNames from "./RecentNames.ts"
import type { Prompt, Root } from "./Root.ts"
import * as ShortDirectory from "./ShortDirectory.ts"
import { type OpenFile, type Readable, Storage, StorageError } from "./Storage.ts"

/**
 * Where the files are and how they are held together.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The host's path of the folder that clients see as "/". */
  readonly root: string
  /** Who keeps clients in: the kernel (Linux with FFI, the default there) or checks after each step. */
  readonly confinement?: "kernel" | "portable"
  /** Shared with others who move file contents; its own by default. */
  readonly pool?: ChunkPool.ChunkPool
  /** The permission bits that new files and directories do not get; 0o022 by default. That of the process does not matter. */
  readonly umask?: number
}

/** Directories listed lately and names kept of theirs, in all: some megabytes at most. */
const mostNames = 2 * DirectoryNames.sortLimit

const { O_DIRECTORY = 0, O_RDONLY } = Fs.constants

const openRoot = (options: Options): Effect.Effect<Root, NodeCall.SystemError, Scope.Scope> =>
  Effect.gen(function* () {
    const path = yield* Reach.realPath(HostPath.fromText(options.root))
    const root = yield* Descriptor.scoped((keep) =>
      NodeCall.call<void>((done) =>
        Fs.open(HostPath.toNode(path), O_RDONLY | O_DIRECTORY, (error, fd) => {
          if (error === null) keep(fd)
          done(error)
        })
      )
    )
    const confined = options.confinement === "portable" ? undefined : KernelRoot.make(root, path)
    return confined ?? PortableRoot.make(path, Reach.available(root.fd) ? "descriptor" : "name")
  })

const refuse = (reason: StorageError["reason"], path: string) => Effect.fail(new StorageError({ reason, path }))

const readable = (
  root: Root,
  pool: ChunkPool.ChunkPool,
  recent: RecentNames.RecentNames | undefined
): Effect.Effect<Readable> =>
  Effect.gen(function* () {
    const { names: owners, unsafeRecent } = yield* OwnerNames.make

    const within = <A, R>(path: VirtualPath.VirtualPath, effect: Effect.Effect<A, NodeCall.SystemError, R>) =>
      Effect.mapError(effect, HostError.toStorageError(path))

    const entryOf = (path: VirtualPath.VirtualPath, status: Parameters<typeof Entries.fromStatus>[1]) =>
      Effect.map(owners, (owners) => Entries.fromStatus(VirtualPath.basename(path), status, owners))

    const shortly = <A>(path: VirtualPath.VirtualPath, use: (directory: Prompt) => A): A | undefined => {
      const directory = root.unsafeOpenDirectory?.(path)
      if (directory === undefined) return undefined
      try {
        return use(directory)
      } finally {
        directory.descriptor.unsafeClose()
      }
    }

    return {
      stat: (path) => Effect.flatMap(within(path, root.look(path)), (status) => entryOf(path, status)),

      ...(root.unsafeLook && {
        unsafeStat: (path) => {
          const status = root.unsafeLook?.(path)
          if (typeof status === "number") return Either.left(HostError.toFault(status))
          const owners = unsafeRecent()
          return owners && status && Either.right(Entries.fromStatus(VirtualPath.basename(path), status, owners))
        }
      }),

      ...(root.unsafeOpen === undefined ? {} : { unsafeOpen: root.unsafeOpen }),

      open: Effect.fnUntraced(function* (path) {
        const file = yield* within(path, root.open(path))
        const entry = yield* entryOf(path, yield* within(path, Reach.look(file)))
        if (entry.kind === "directory") return yield* refuse("IsADirectory", path)
        if (entry.kind !== "file") return yield* refuse("NotAFile", path)
        const options = { size: entry.size, pool, toError: HostError.toStorageError(path) }
        const opened: OpenFile = {
          entry,
          file,
          bytes: (offset) => FileBytes.stream(file, { ...options, offset }),
          pull: (offset) => FileBytes.pull(file, { ...options, offset })
        }
        return opened
      }),

      ...(root.unsafeOpenDirectory && {
        unsafeList: (path) => {
          const owners = unsafeRecent()
          if (owners === undefined) return undefined
          const options = { root: root.path, owners, recent }
          return shortly(path, (directory) => ShortDirectory.unsafeEntries(directory, options))
        },
        unsafeNames: (path) => shortly(path, (directory) => ShortDirectory.unsafeNames(directory, recent))
      }),

      list: (path) =>
        DirectoryListing.stream(within(path, root.openDirectory(path)), {
          root: root.path,
          owners,
          recent,
          toError: HostError.toStorageError(path)
        }),

      names: (path) =>
        DirectoryNames.stream(within(path, root.openDirectory(path)), {
          recent,
          toError: HostError.toStorageError(path)
        })
    }
  })

/**
 * Serves the files below an open root. `home` opens the trees that accounts have of their own, which share what they can with this
 * one; by default none can be opened.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  root: Root,
  pool: ChunkPool.ChunkPool,
  options: {
    readonly umask?: number
    readonly home?: Storage["Type"]["home"]
    readonly conduit?: Conduit.Conduit
    readonly recent?: RecentNames.RecentNames
  } = {}
): Effect.Effect<Storage["Type"]> =>
  Effect.map(readable(root, pool, options.recent), (readable) => {
    const context = { root, pool, locks: Locks.make(), umask: options.umask ?? 0o022, conduit: options.conduit }
    const unsafeStoreOnPool = PooledUpload.make(context)
    const unsafeChange = PromptChanges.make(context)
    return Guard.guard({
      ...readable,
      ...LocalChanges.make(context),
      ...(unsafeChange && { unsafeChange }),
      store: (path, options) => LocalUpload.begin(context, path, options),
      ...(root.unsafeEnter && { unsafeHasNoPartial: (path) => PromptUpload.unsafeHasNoPartial(root, path) }),
      ...(root.unsafeEnter && { unsafeStore: (path, options) => PromptUpload.unsafeBegin(context, path, options) }),
      ...(unsafeStoreOnPool && { unsafeStoreOnPool }),
      home: options.home ?? ((home) => refuse("Unsupported", home))
    })
  })

/**
 * A folder of the host as storage that no name, link or race leads out of. The folder is opened once, and closed with the
 * layer. Fails with a `StorageError` on "/" where the folder is missing or no folder; `confinement: "kernel"` falls back to
 * "portable" where the kernel cannot.
 *
 * Meant for disks that answer: what is in the kernel's cache is looked up in the same turn, the rest on the libuv pool. A
 * network disk that hangs keeps the transfers that read from it until it answers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Storage, StorageError> =>
  Layer.scoped(
    Storage,
    Effect.gen(function* () {
      const pool = options.pool ?? ChunkPool.make()
      const conduit = yield* Conduit.make
      const given = {
        ...(options.umask === undefined ? {} : { umask: options.umask }),
        ...(conduit && { conduit }),
        recent: RecentNames.make(mostNames)
      }
      const home = yield* Homes.make((path, home) =>
        Effect.flatMap(openRoot({ ...options, root: path }), (root) => make(root, pool, { ...given, home }))
      )
      const root = yield* Effect.mapError(openRoot(options), HostError.toStorageError("/"))
      return yield* make(root, pool, { ...given, home })
    })
  )

/**
 * Does away with what uploads of processes that no longer live have left below a folder; see {@link Leftovers.sweep}. Answers how
 * many files that were, 0 also where the folder cannot be opened.
 *
 * @since 0.1.0
 * @category changes
 */
export const sweep = (options: {
  readonly root: string
  readonly partial: "discard" | "keep"
}): Effect.Effect<number> =>
  openRoot({ root: options.root }).pipe(
    Effect.flatMap((root) => Leftovers.sweep(root, options.partial)),
    Effect.orElseSucceed(() => 0),
    Effect.scoped
  )
