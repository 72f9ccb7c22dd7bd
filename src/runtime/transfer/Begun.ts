import type { Owned } from "../platform/Descriptor.ts"
import type { Connection } from "../platform/Tcp.ts"
import type { Progress } from "./Progress.ts"

/**
 * A download that has begun, and has to go on in a fiber: the client has been told, and some bytes may be out. Whoever holds it closes
 * both ends.
 *
 * @since 0.1.0
 * @category models
 */
export interface Begun {
  readonly connection: Connection
  readonly file: Owned
  /** Where to go on, and how much there is from there, in bytes. */
  readonly offset: number
  readonly length: number
  readonly progress: Progress
}

/** Drops the connection and closes the file; harmless when repeated. @since 0.1.0 @category operations */
export const unsafeDrop = ({ connection, file }: Begun): void => {
  connection.unsafeDestroy()
  file.unsafeClose()
}
