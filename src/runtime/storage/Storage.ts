import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Digest from "../../domain/Digest.ts"
import type { Entry } from "../../domain/Entry.ts"
import { FileFault } from "../../domain/FileFault.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Moved } from "../platform/Conduit.ts"
import type { Descriptor, Owned } from "../platform/Descriptor.ts"
import type * as Pull from "./Pull.ts"

/**
 * Why storage refused. `reason` is what a reply is chosen by; `path` is the client's view of the name, never the host's.
 *
 * @since 0.1.0
 * @category errors
 */
export class StorageError extends Schema.TaggedError<StorageError>()("StorageError", {
  reason: FileFault,
  path: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  /** Without `cause`, which may name places of the host. */
  override get message(): string {
    return `${this.reason}: ${this.path}`
  }
}

/**
 * A file open for reading, held by the scope it was opened in.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenFile {
  /** As it was when opened; `kind` is always `file`. */
  readonly entry: Entry
  /**
   * The bytes from `offset` (bytes from the start, 0 or more) to the end; none from beyond it. A chunk's memory is reused once the next one has been
   * asked for: copy what you keep. Two chunks at most are held, however slow the reader.
   */
  readonly bytes: (offset: number) => Stream.Stream<Uint8Array, StorageError>
  /**
   * The same bytes chunk by chunk, for a storage that can give them at less than the price of a stream, which is what small files
   * cost most. The scope must outlive the last chunk.
   */
  readonly pull?: (offset: number) => Effect.Effect<Pull.Pull<Uint8Array, StorageError>, never, Scope.Scope>
  /** The operating system's descriptor where there is one, so that the kernel may send from it. */
  readonly file?: Descriptor
}

/**
 * How an upload is to be stored. `offset` counts bytes of the stored file: the upload's bytes follow that many of what is there, and
 * take the place of the rest; `"end"` is behind all of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoreOptions {
  readonly offset: number | "end" | "resume"
  /** May make a new name; else `PermissionDenied` where there is none. */
  readonly create: boolean
  /** May change what has the name; else `Exists`, also where the name is taken while the upload runs. */
  readonly replace: boolean
  /** What becomes of an upload that is cut: nothing, or a hidden partial that a later store of the name with an offset goes on with. */
  readonly partial: "discard" | "keep"
  /** The digest to compute while the bytes pass. */
  readonly digest: Digest.Algorithm | "none"
  /** Wait for the disk before `commit` is done. */
  readonly sync: boolean
}

/**
 * A file being stored, under a hidden name in the directory it is meant for. If its scope closes before `commit`, what has the name
 * stays as it was.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upload {
  /** Where the first `write` goes, in bytes from the start. */
  readonly offset: number
  /** Bytes of the file that has the name now; `undefined` where none has. */
  readonly replaces: number | undefined
  /** Stores the next bytes. One at a time; the memory is the caller's again when it completes. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, StorageError>
  /**
   * Stores as many of the next bytes as can be stored in this turn, without waiting for a disk, and answers how many those were. The
   * rest is for `write`, which also tells what is wrong where something is. Not while a `write` is under way. Who puts another `write`
   * in front of a storage's own leaves this out, or bytes pass it by.
   */
  readonly unsafeWrite?: (bytes: Uint8Array) => number
  /**
   * Stores what a socket has received in this turn, where no disk has to be waited for, without its passing through this process. What is
   * `left` of what it took is for `write`. `undefined` where the bytes have to be read; as `unsafeWrite` otherwise, and not without it.
   */
  readonly unsafeReceive?: (socket: number) => Moved | undefined
  /** Writes through what has come, so that `commit` only has to give it its name; `commit` does this itself where nobody has. */
  readonly seal: Effect.Effect<void, StorageError>
  /** Gives the file its name, in one step and for good: from then on it is whole, before it is not there. At most once. */
  readonly commit: Effect.Effect<Stored, StorageError>
  /** From now on nothing is kept of it if it is cut, whatever `partial` said. */
  readonly discard: Effect.Effect<void>
  /** Whether a cut leaves a partial of what has come so far; after its scope closed, whether it has left one. */
  readonly unsafeIsKept: () => boolean
}

/**
 * An upload that no scope lets go of.
 *
 * @since 0.1.0
 * @category models
 */
export interface FreeUpload extends Upload {
  /** Lets go of the upload, as the scope of another does, unless it has been committed without a fiber; harmless when repeated. */
  readonly release: Effect.Effect<void>
}

/**
 * An upload that may be ended in the turn its last byte comes.
 *
 * @since 0.1.0
 * @category models
 */
export interface PromptUpload extends FreeUpload {
  /** Does in this turn what `commit` and `release` do; `undefined` where that takes longer, or is for `commit` to refuse. */
  readonly unsafeCommit: () => Stored | undefined
}

/**
 * An upload that the pool begins and ends, without a fiber. Everything that is an effect waits until the pool is done with what it was given,
 * and goes on from there. One thing at a time.
 *
 * @since 0.1.0
 * @category models
 */
export interface PooledUpload extends FreeUpload {
  /** Whether it has its place: not before the pool has said so, and never where it was refused. */
  readonly unsafeIsBegun: () => boolean
  /** Stores all its bytes, as `write` and `seal` do. Where that fails, `seal` says why. The memory is in use until it is `done`. */
  readonly unsafeSeal: (pieces: ReadonlyArray<Uint8Array>, done: (isSealed: boolean) => void) => void
  /** What `commit` and `release` do once it is sealed; `undefined`, and it has not got its name, where that is for `commit` to do or to refuse. */
  readonly unsafeName: (done: (stored: Stored | undefined) => void) => void
  /** Completes when the pool is done with what it was given, behind whoever was to be told. */
  readonly settled: Effect.Effect<void>
}

/**
 * A whole file: its bytes, its digest if one was wanted, and the bytes of what it took the place of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stored {
  readonly size: number
  readonly digest: Digest.Digest | undefined
  readonly replaced: number | undefined
  /** The file has its name, but the disk did not confirm that a power failure would leave it. */
  readonly unconfirmed?: boolean
}

/**
 * What `setAttributes` sets; what is absent stays. Times are milliseconds since the epoch, `mode` the permission bits,
 * of which those that let a program run as somebody else (0o6000) are never set.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attributes {
  readonly mode?: number
  readonly modified?: number
  readonly accessed?: number
}

/**
 * The part of a storage that can be looked at.
 *
 * @since 0.1.0
 * @category models
 */
export interface Readable {
  /** What stands under a name; links are followed as long as they stay inside the root. */
  readonly stat: (path: VirtualPath) => Effect.Effect<Entry, StorageError>
  /**
   * The same in this turn, with the reason alone where `stat` would refuse; `undefined` where that takes longer. Who puts another `stat` in
   * front of a storage's own leaves this out.
   */
  readonly unsafeStat?: (path: VirtualPath) => Either.Either<Entry, FileFault> | undefined
  /** Opens a regular file for reading; anything else fails with `NotAFile` or `IsADirectory`, without blocking. */
  readonly open: (path: VirtualPath) => Effect.Effect<OpenFile, StorageError, Scope.Scope>
  /**
   * Opens a regular file for reading in this turn; `undefined` where that takes longer, or is for `open` to refuse. What it gives the
   * caller closes. `size` is in bytes.
   */
  readonly unsafeOpen?: (path: VirtualPath) => { readonly file: Owned; readonly size: number } | undefined
  /**
   * The entries of a directory in batches, "." and ".." left out, links as links; sorted by name while there are few
   * enough to hold, in storage order beyond that. Names of the server itself (`HiddenName`) are left out.
   */
  readonly list: (path: VirtualPath) => Stream.Stream<Entry, StorageError>
  /**
   * The same entries in this turn, of a directory that has few; `undefined` where that takes longer, or is for `list` to refuse. Who puts
   * another `list` in front of a storage's own leaves this out.
   */
  readonly unsafeList?: (path: VirtualPath) => ReadonlyArray<Entry> | undefined
  /**
   * The names alone, in the same order, for a storage that need not look at what they stand for: a name that has vanished may be among
   * them.
   */
  readonly names?: (path: VirtualPath) => Stream.Stream<string, StorageError>
  /** As `unsafeList`, of the names alone. */
  readonly unsafeNames?: (path: VirtualPath) => ReadonlyArray<string> | undefined
}

/**
 * A change of one name, as `remove`, `makeDirectory`, `removeDirectory` and `rename` make it.
 *
 * @since 0.1.0
 * @category models
 */
export type NameChange =
  | { readonly _tag: "Delete" | "MakeDirectory" | "RemoveDirectory"; readonly path: VirtualPath }
  | { readonly _tag: "Rename"; readonly path: VirtualPath; readonly to: VirtualPath; readonly replace: boolean }

/**
 * The part of a storage that changes. A link at the end of a path is itself deleted and renamed; stores and attributes go to
 * what it points at, inside the root.
 *
 * @since 0.1.0
 * @category models
 */
export interface Writable {
  /**
   * Begins to store a file, whole or from an offset. Fails with `BadRestart` where the offset lies beyond the end of what is there,
   * with `IsADirectory` or `NotAFile` where something else has the name.
   */
  readonly store: (path: VirtualPath, options: StoreOptions) => Effect.Effect<Upload, StorageError, Scope.Scope>
  /**
   * Begins to store a file in this turn; `undefined` where that takes longer, or is for `store` to refuse. Who puts another `store` in front
   * of a storage's own leaves this out, or uploads pass it by.
   */
  readonly unsafeStore?: (path: VirtualPath, options: StoreOptions) => PromptUpload | undefined
  /**
   * Has the pool begin to store a whole file under a name that is free; `begun` hears, not in this turn, whether it has: anything else is for
   * `store` to do or to refuse, as it is where this answers `undefined`. Who puts another `store` in front of a storage's own leaves this out.
   */
  readonly unsafeStoreOnPool?: (
    path: VirtualPath,
    options: StoreOptions,
    begun: (isBegun: boolean) => void
  ) => PooledUpload | undefined
  /**
   * Deletes a file, a link or anything else but a directory (`IsADirectory`), and a partial of the name with it; answers the bytes of a
   * regular file, 0 of another, `undefined` where there was but a partial. With `unique`, as an entry has it, fails with `Busy` where
   * the name does not lead to that very file any more, and leaves it.
   */
  readonly remove: (
    path: VirtualPath,
    only?: { readonly unique: string }
  ) => Effect.Effect<number | undefined, StorageError>
  readonly makeDirectory: (path: VirtualPath) => Effect.Effect<void, StorageError>
  /** Removes an empty directory; hidden names of the server alone do not keep it. `NotEmpty` otherwise. */
  readonly removeDirectory: (path: VirtualPath) => Effect.Effect<void, StorageError>
  /**
   * Gives a file or directory another name in one step; answers the bytes of the regular file whose place it took, `undefined` where
   * it took none's. With `replace: false` a name that is taken fails with `Exists`; a directory is never replaced.
   */
  readonly rename: (
    from: VirtualPath,
    to: VirtualPath,
    options: { readonly replace: boolean }
  ) => Effect.Effect<number | undefined, StorageError>
  /**
   * Makes one of these changes whole in this turn, and answers as they do, with the reason alone where they would refuse; `undefined`, and
   * nothing is done, where that takes longer. Who puts another of them in front of a storage's own leaves this out.
   */
  readonly unsafeChange?: (change: NameChange) => Either.Either<number | undefined, FileFault> | undefined
  readonly setAttributes: (path: VirtualPath, attributes: Attributes) => Effect.Effect<void, StorageError>
  /** Bytes of a partial that a cut upload of this name left; `undefined` where none did. */
  readonly partial: (path: VirtualPath) => Effect.Effect<number | undefined, StorageError>
  /** Whether there is surely none, as can be told in this turn. Who puts another `partial` in front of a storage's own leaves this out. */
  readonly unsafeHasNoPartial?: (path: VirtualPath) => boolean
  /** Bytes that can still be stored where a path is; `undefined` where nobody can tell. */
  readonly available: (path: VirtualPath) => Effect.Effect<number | undefined, StorageError>
  /**
   * The tree that an account with this home sees as "/": for a local folder a path of the host, for others as they please. It is
   * good as long as the scope. Fails with `NotFound` and the like where there is no such tree.
   */
  readonly home: (home: string) => Effect.Effect<Storage["Type"], StorageError, Scope.Scope>
}

/**
 * Where files live. Every path is the client's view; no implementation lets one leave its root.
 *
 * @since 0.1.0
 * @category tags
 */
export class Storage extends Context.Tag("weft/Storage")<Storage, Readable & Writable>() {}

/**
 * A storage that can only be looked at: whatever would change it fails with `ReadOnlyStorage`, and no account has a home of its own there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const readOnly = (readable: Readable): Storage["Type"] => {
  const refuse = (path: string) => Effect.fail(new StorageError({ reason: "ReadOnlyStorage", path }))
  return {
    ...readable,
    store: refuse,
    remove: refuse,
    makeDirectory: refuse,
    removeDirectory: refuse,
    rename: refuse,
    setAttributes: refuse,
    partial: () => Effect.succeed(undefined),
    available: () => Effect.succeed(undefined),
    home: (home) => Effect.fail(new StorageError({ reason: "Unsupported", path: home }))
  }
}
