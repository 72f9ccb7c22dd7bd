import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Rights from "../../domain/Rights.ts"
import type { Payload, Upload } from "../../domain/session/Action.ts"
import type { Representation } from "../../domain/session/State.ts"
import type * as VirtualPath from "../../domain/VirtualPath.ts"
import type { Descriptor } from "../platform/Descriptor.ts"
import type { SystemError } from "../platform/NodeCall.ts"
import * as HostError from "../storage/HostError.ts"
import * as Pull from "../storage/Pull.ts"
import type { Storage, StorageError } from "../storage/Storage.ts"
import * as LineEnds from "./LineEnds.ts"
import * as ListingText from "./ListingText.ts"

/**
 * Bytes ready to be sent. A chunk's memory is good until the next one is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** Bytes in all, where that is known before they are read. */
  readonly size: number | undefined
  readonly bytes: Effect.Effect<Pull.Pull<Uint8Array, StorageError>, never, Scope.Scope>
  /** The file they are a part of as it lies there, for who can do without `bytes`. */
  readonly plain?: Plain
}

/**
 * A part of a file that is open: `length` bytes from `offset` on, and what a failure to read it is reported as.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plain {
  readonly file: Descriptor
  readonly offset: number
  readonly length: number
  readonly toError: (cause: SystemError) => StorageError
}

/**
 * Finds what a transfer command names. Fails with the storage's reason, with `BadRestart` where the restart marker lies
 * beyond the end, with `NotADirectory` where MLSD names a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (
  storage: Storage["Type"],
  payload: Exclude<Payload, Upload>,
  options: {
    readonly representation: Representation
    readonly rights: Rights.Rights
    readonly now: number
  }
): Effect.Effect<Source, StorageError | "BadRestart" | "NotADirectory", Scope.Scope> => {
  switch (payload._tag) {
    case "File":
      return openFile(storage, payload, options.representation)
    case "Listing":
    case "Facts":
      return Effect.map(ListingText.open(storage, payload, options), (text) => ({
        size: undefined,
        bytes: Pull.fromStream(text)
      }))
  }
}

const openFile = (
  storage: Storage["Type"],
  { end = Number.POSITIVE_INFINITY, offset, path }: Extract<Payload, { readonly _tag: "File" }>,
  representation: Representation
) =>
  Effect.flatMap(storage.open(path), (file): Effect.Effect<Source, "BadRestart"> => {
    if (representation === "A") {
      const bytes = ascii(file.pull?.(0) ?? Pull.fromStream(file.bytes(0)), offset)
      return Effect.succeed({ size: undefined, bytes: limited(bytes, end - offset) })
    }
    const stop = Math.min(end, file.entry.size)
    return offset > file.entry.size
      ? Effect.fail("BadRestart")
      : Effect.succeed({
          size: Math.max(0, stop - offset),
          ...(file.file === undefined ? {} : { plain: plain(path, file.file, offset, Math.max(0, stop - offset)) }),
          bytes: limited(file.pull?.(offset) ?? Pull.fromStream(file.bytes(offset)), end - offset)
        })
  })

/**
 * The part of a file that is sent as it lies there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const plain = (path: VirtualPath.VirtualPath, file: Descriptor, offset: number, length: number): Plain => ({
  file,
  offset,
  length,
  toError: HostError.toStorageError(path)
})

/** The first so many bytes. */
const limited = (bytes: Source["bytes"], length: number): Source["bytes"] =>
  length === Number.POSITIVE_INFINITY
    ? bytes
    : Effect.map(bytes, (pull) => {
        let left = Math.max(0, length)
        return Effect.suspend(() =>
          left === 0
            ? Effect.succeed(undefined)
            : Effect.map(pull, (chunk) => {
                if (chunk === undefined) return undefined
                return Chunk.map(chunk, (bytes) => {
                  const taken = bytes.subarray(0, left)
                  left -= taken.length
                  return taken
                })
              })
        )
      })

/** A restart marker counts bytes as they are sent (RFC 3659 section 5), so in TYPE A the line ends count as two. */
const ascii = (bytes: Source["bytes"], offset: number): Source["bytes"] =>
  Effect.map(bytes, (pull) => {
    const encoder = LineEnds.encoder()
    let left = offset
    const encode = (chunk: Uint8Array): Uint8Array => {
      const encoded = encoder.unsafeTurn(chunk)
      const skipped = Math.min(left, encoded.length)
      left -= skipped
      return encoded.subarray(skipped)
    }
    // What the encoder gives of one is gone with the next.
    const all = (chunk: Chunk.Chunk<Uint8Array>) =>
      Chunk.size(chunk) === 1 ? Chunk.map(chunk, encode) : Chunk.map(chunk, (one) => Uint8Array.from(encode(one)))
    return Effect.map(pull, (chunk) => chunk && all(chunk))
  })
