import type { ServerEvent } from "../../domain/ServerEvent.ts"

/** A kind of event. @since 0.1.0 @category models */
export type Kind = ServerEvent["_tag"]

/** A kind of event, or the digest in `UploadCompleted`, which takes longer than to store the file. @since 0.1.0 @category models */
export type Topic = Kind | "UploadDigest"

const bits: { readonly [K in Topic]: number } = {
  SessionStarted: 1,
  LoggedIn: 2,
  LoginRefused: 4,
  AddressBanned: 8,
  TransferEnded: 16,
  UploadCompleted: 32,
  UploadInterrupted: 64,
  FilesChanged: 128,
  SessionEnded: 256,
  UploadDigest: 512
}

/** All there are. @since 0.1.0 @category constants */
export const topics = Object.keys(bits) as ReadonlyArray<Topic>

/** @since 0.1.0 @category constants */
export const sharedBytes = 8

/**
 * What of the events anybody wants, in memory that all threads share, so that what nobody wants need not be found out, nor sent to where
 * it would be dropped.
 *
 * @since 0.1.0
 * @category models
 */
export interface Interest {
  readonly unsafeWants: (topic: Topic) => boolean
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
    unsafeWants: (topic) => unsafeReaders() > 0 || (Atomics.load(words, 0) & bits[topic]) !== 0,
    unsafeEnter: () => void Atomics.add(words, 1, 1),
    unsafeLeave: () => void Atomics.sub(words, 1, 1),
    unsafeReaders
  }
}

/** Fresh memory, where so far only the host wants something: it is asked once. @since 0.1.0 @category constructors */
export const make = (unsafeWants: Interest["unsafeWants"] = () => true): SharedArrayBuffer => {
  const shared = new SharedArrayBuffer(sharedBytes)
  new Int32Array(shared)[0] = topics.reduce((sum, topic) => sum | (unsafeWants(topic) ? bits[topic] : 0), 0)
  return shared
}
