import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { Telling } from "./Events.ts"

/** A kind of event. @since 0.1.0 @category models */
export type Kind = ServerEvent["_tag"]

const bits: { readonly [K in Kind]: number } = {
  SessionStarted: 1,
  LoggedIn: 2,
  LoginRefused: 4,
  AddressBanned: 8,
  TransferEnded: 16,
  UploadCompleted: 32,
  UploadInterrupted: 64,
  FilesChanged: 128,
  SessionEnded: 256
}

const everything = 511

/** All kinds there are. @since 0.1.0 @category constants */
export const kinds = Object.keys(bits) as ReadonlyArray<Kind>

/** @since 0.1.0 @category constants */
export const sharedBytes = 8

/**
 * Which events anybody wants, in memory that all threads share, so that what nobody wants need not be sent to where it would be dropped.
 *
 * @since 0.1.0
 * @category models
 */
export interface Interest {
  readonly unsafeWants: (kind: Kind) => boolean
  /** A reader of everything has come, and is there until it leaves. */
  readonly unsafeEnter: () => void
  readonly unsafeLeave: () => void
  readonly unsafeReaders: () => number
}

/** What the memory says, whoever wrote it. @since 0.1.0 @category constructors */
export const of = (shared: SharedArrayBuffer): Interest => {
  const words = new Int32Array(shared)
  const unsafeReaders = () => Atomics.load(words, 1)
  return {
    unsafeWants: (kind) => unsafeReaders() > 0 || (Atomics.load(words, 0) & bits[kind]) !== 0,
    unsafeEnter: () => void Atomics.add(words, 1, 1),
    unsafeLeave: () => void Atomics.sub(words, 1, 1),
    unsafeReaders
  }
}

/** Fresh memory, where so far only the host wants something. @since 0.1.0 @category constructors */
export const make = ({ wants }: Pick<Telling, "wants">): SharedArrayBuffer => {
  const shared = new SharedArrayBuffer(sharedBytes)
  new Int32Array(shared)[0] =
    wants === undefined ? everything : kinds.reduce((sum, kind) => sum | (wants.has(kind) ? bits[kind] : 0), 0)
  return shared
}
