import type { Owned } from "../platform/Descriptor.ts"
import type { Connection, Reader } from "../platform/Tcp.ts"
import type { PromptUpload } from "../storage/Storage.ts"
import type { Progress } from "./Progress.ts"

interface Moving {
  readonly connection: Connection
  readonly progress: Progress
}

/**
 * A download that has begun, and has to go on in a fiber: the client has been told, and some bytes may be out. Whoever holds it closes
 * both ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Download extends Moving {
  readonly _tag: "Download"
  readonly file: Owned
  /** Where to go on, and how much there is from there, in bytes. */
  readonly offset: number
  readonly length: number
}

/**
 * An upload that has begun, and has to go on in a fiber: the client has been told, and some bytes, or all, may be here. Whoever holds it
 * drops the connection, and releases the upload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upload extends Moving {
  readonly _tag: "Upload"
  readonly upload: PromptUpload
  /** Tells a reader what has come and is not stored, before it reads on. */
  readonly unsafeReplay: (reader: Reader) => void
}

/** @since 0.1.0 @category models */
export type Begun = Download | Upload

/** Drops the connection and closes the file that is sent; harmless when repeated. @since 0.1.0 @category operations */
export const unsafeDrop = (begun: Begun): void => {
  begun.connection.unsafeDestroy()
  if (begun._tag === "Download") begun.file.unsafeClose()
}
