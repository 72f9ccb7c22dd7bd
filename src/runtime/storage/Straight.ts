import type { Conduit, Moved } from "../platform/Conduit.ts"
import type { Descriptor } from "../platform/Descriptor.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import * as PromptWrite from "../platform/PromptWrite.ts"
import type { Digester } from "./Digester.ts"

/**
 * The ways to a file that take no waiting.
 *
 * @since 0.1.0
 * @category models
 */
export interface Straight {
  /** Writes in this turn what needs no disk, and answers how many bytes that was; absent where the system cannot tell. */
  readonly unsafeWrite: ((bytes: Uint8Array) => number) | undefined
  /** The same for what a socket has received; absent where a disk may have to be waited for, or a digest wants to see the bytes. */
  readonly unsafeReceive: ((socket: number) => Moved | undefined) | undefined
}

/**
 * A file that grows: how many bytes it has, what has gone wrong with it, and the digester that has to see its bytes, if one has.
 *
 * @since 0.1.0
 * @category models
 */
export interface Growing {
  readonly file: Descriptor
  readonly state: { position: number; readonly failure: unknown }
  readonly digester: Digester | undefined
}

/** Writes what comes next in this turn; see {@link Straight}. @since 0.1.0 @category operations */
export const unsafeWrite = (
  { digester, file, state }: Growing,
  promptly: PromptWrite.PromptWrite,
  bytes: Uint8Array
): number => {
  if (bytes.length === 0 || state.failure !== undefined || !file.hold()) return 0
  const length = promptly(file.fd, bytes, state.position)
  file.release()
  if (length === 0) return 0
  state.position += length
  digester?.unsafeUpdate(length === bytes.length ? bytes : bytes.subarray(0, length))
  return length
}

/** Moves what comes next in this turn; see {@link Straight}. @since 0.1.0 @category operations */
export const unsafeReceive = ({ file, state }: Growing, conduit: Conduit, socket: number): Moved | undefined => {
  if (state.failure !== undefined || !file.hold()) return undefined
  const moved = conduit(socket, file.fd, state.position)
  file.release()
  if (moved !== undefined && moved.taken > 0) state.position += moved.taken - (moved.left?.length ?? 0)
  return moved
}

/**
 * What goes to the hidden file of an upload in the turn it comes. Bytes that a digester has to see do not go by the `conduit`, nor do any
 * where a disk may have to be waited for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (growing: Growing, conduit: Conduit | undefined): Straight => {
  const promptly = PromptWrite.make()
  const isMoved = growing.digester === undefined && FileSystem.isInMemory(growing.file.fd)
  return {
    unsafeWrite: promptly && ((bytes) => unsafeWrite(growing, promptly, bytes)),
    unsafeReceive: isMoved && conduit !== undefined ? (socket) => unsafeReceive(growing, conduit, socket) : undefined
  }
}
