import type * as Effect from "effect/Effect"
import type { Owned } from "../platform/Descriptor.ts"
import type { Connection, Reader } from "../platform/Tcp.ts"
import type { FreeUpload, Stored } from "../storage/Storage.ts"
import type { Progress } from "./Progress.ts"

interface Part {
  readonly file: Owned
  /** Where to go on, and how much there is from there, in bytes. */
  readonly offset: number
  readonly length: number
}

/**
 * A download whose file was found, and whose client has been told nothing. Whoever holds it closes the file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found extends Part {
  readonly _tag: "Found"
  readonly progress: Progress
}

/**
 * A download that has begun, and has to go on in a fiber: the client has been told, and some bytes may be out. Whoever holds it closes
 * both ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Download extends Part {
  readonly _tag: "Download"
  readonly connection: Connection
  readonly progress: Progress
  /** What a call on the pool, begun at `offset`, will have sent. */
  readonly underway?: Effect.Effect<number>
}

/**
 * An upload that has its place, and has to go on in a fiber: where there is a connection, the client has been told, and some bytes, or all,
 * may be here. Whoever holds it drops the connection, and releases the upload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upload {
  readonly _tag: "Upload"
  readonly connection: Connection | undefined
  readonly progress: Progress
  readonly upload: FreeUpload
  /** Tells a reader what has come and is not stored, before it reads on. */
  readonly unsafeReplay: (reader: Reader) => void
  /** What the pool is about to make of it: to be waited for before anything else. */
  readonly underway?: Effect.Effect<Underway>
}

/**
 * An upload was refused its place, and another attempt finds out why; or it goes on; or it has its name.
 *
 * @since 0.1.0
 * @category models
 */
export type Underway = "Refused" | "Begun" | Stored

/**
 * A transfer whose client has been told that it begins, and nothing else: TLS on its connection is not there yet, or more is to be done than
 * fits into a turn. Whoever holds it drops the connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Announced {
  readonly _tag: "Announced"
  readonly connection: Connection
  readonly progress: Progress
}

/** @since 0.1.0 @category models */
export type Begun = Found | Download | Upload | Announced

/**
 * Drops the connection, if there is one, and closes the file that is sent; harmless when repeated.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeDrop = (begun: Begun): void => {
  if (begun._tag !== "Found") begun.connection?.unsafeDestroy()
  if (begun._tag === "Found" || begun._tag === "Download") begun.file.unsafeClose()
}
