import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Entry } from "../../domain/Entry.ts"
import { FileFault } from "../../domain/FileFault.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
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
  /** The operating system's descriptor where there is one, so that a zero-copy path may take it. */
  readonly descriptor?: number
}

/**
 * Where files live. Every path is the client's view; no implementation lets one leave its root.
 *
 * @since 0.1.0
 * @category tags
 */
export class Storage extends Context.Tag("weft/Storage")<
  Storage,
  {
    /** What stands under a name; links are followed as long as they stay inside the root. */
    readonly stat: (path: VirtualPath) => Effect.Effect<Entry, StorageError>
    /** Opens a regular file for reading; anything else fails with `NotAFile` or `IsADirectory`, without blocking. */
    readonly open: (path: VirtualPath) => Effect.Effect<OpenFile, StorageError, Scope.Scope>
    /**
     * The entries of a directory in batches, "." and ".." left out, links as links; sorted by name while there are few
     * enough to hold, in storage order beyond that.
     */
    readonly list: (path: VirtualPath) => Stream.Stream<Entry, StorageError>
  }
>() {}
