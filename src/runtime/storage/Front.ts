import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { Descriptor } from "../platform/Descriptor.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import type { ChunkPool } from "./ChunkPool.ts"
import * as Disk from "./Disk.ts"
import * as Reach from "./Reach.ts"
import type { StoreOptions } from "./Storage.ts"

const { EIO } = Os.constants.errno
const { COPYFILE_FICLONE_FORCE } = Fs.constants

/**
 * What the bytes in front of an upload's own come from, and how many they are; `end` of a partial is wherever it turns out to be.
 *
 * @since 0.1.0
 * @category models
 */
export type Source =
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "File"; readonly length: number }
  | { readonly _tag: "Partial"; readonly length: number | "end" }

/**
 * What they come from, by where the upload is to begin and by the sizes in bytes of what has its name and of its partial, where there are
 * such. `undefined` where the offset lies beyond everything.
 *
 * @since 0.1.0
 * @category getters
 */
export const choose = (
  offset: StoreOptions["offset"],
  file: number | undefined,
  partial: number | undefined
): Source | undefined => {
  if (typeof offset !== "number") {
    if (file !== undefined) return { _tag: "File", length: file }
    return partial === undefined || offset === "end" ? { _tag: "Nothing" } : { _tag: "Partial", length: "end" }
  }
  if (offset === partial) return { _tag: "Partial", length: offset }
  if (file !== undefined && offset <= file) return { _tag: "File", length: offset }
  return partial !== undefined && offset <= partial ? { _tag: "Partial", length: offset } : undefined
}

/** Below this, asking the file system for a shared copy costs more than copying. */
const worthCloning = 1024 * 1024

/**
 * Lets the new file share the blocks of the old one, which some file systems can (btrfs, xfs); tells whether it worked. By the
 * descriptors' own paths, so that libuv, which tidies up a copy that failed, finds no name to delete.
 */
const clone = (from: Descriptor, to: Descriptor, length: number): Effect.Effect<boolean> =>
  length < worthCloning || process.platform !== "linux"
    ? Effect.succeed(false)
    : Disk.using<void>(from, (done) => {
        if (!to.hold()) return done(NodeCall.systemError(EIO, "clone"))
        Fs.copyFile(Reach.path(from.fd), Reach.path(to.fd), COPYFILE_FICLONE_FORCE, (error) => {
          to.release()
          done(error)
        })
      }).pipe(
        Effect.zipRight(truncate(to, length)),
        Effect.as(true),
        Effect.orElseSucceed(() => false)
      )

/**
 * Cuts a file that is open for writing to a length in bytes.
 *
 * @since 0.1.0
 * @category changes
 */
export const truncate = (file: Descriptor, length: number): Effect.Effect<void, NodeCall.SystemError> =>
  Disk.using<void>(file, (done) => Fs.ftruncate(file.fd, length, (error) => done(error)))

/**
 * Writes all of `bytes` at a position of the file, however many calls that takes; the memory is in use until it is over, also if the
 * caller goes. `unsafeMoved` hears of every part that is stored, `unsafeMeanwhile` is run while the disk is busy.
 *
 * @since 0.1.0
 * @category changes
 */
export const write = (
  file: Descriptor,
  bytes: Uint8Array,
  options: {
    readonly position: number
    readonly unsafeMoved?: (length: number) => void
    readonly unsafeMeanwhile?: () => void
  }
): Effect.Effect<void, NodeCall.SystemError> =>
  Effect.uninterruptible(
    Disk.using<void>(file, (done) => {
      let stored = 0
      const next = () =>
        Fs.write(file.fd, bytes, stored, bytes.length - stored, options.position + stored, (error, length) => {
          if (error !== null) return done(error)
          if (length === 0) return done(NodeCall.systemError(EIO, "write"))
          stored += length
          options.unsafeMoved?.(length)
          if (stored < bytes.length) next()
          else done(null)
        })
      next()
      options.unsafeMeanwhile?.()
    })
  )

const read = (file: Descriptor, buffer: Buffer, length: number, position: number) =>
  Effect.uninterruptible(
    Disk.using<number>(file, (done) => Fs.read(file.fd, buffer, 0, Math.min(length, buffer.length), position, done))
  )

/**
 * Lets the first `length` bytes of a file pass by `unsafeUpdate`, and copies them to another, if it is given one, piece by piece so that
 * neither memory nor the thread is held. Answers how many there were.
 *
 * @since 0.1.0
 * @category changes
 */
export const pass = (
  from: Descriptor,
  to: Descriptor | undefined,
  options: { readonly length: number; readonly pool: ChunkPool; readonly unsafeUpdate: (bytes: Uint8Array) => void }
): Effect.Effect<number, NodeCall.SystemError> =>
  Effect.acquireUseRelease(
    Effect.sync(() => options.pool.take(options.length)),
    (buffer) =>
      Effect.gen(function* () {
        let position = 0
        while (position < options.length) {
          const length = yield* read(from, buffer, options.length - position, position)
          if (length === 0) break
          const piece = buffer.subarray(0, length)
          options.unsafeUpdate(piece)
          if (to !== undefined) yield* write(to, piece, { position })
          position += length
        }
        return position
      }),
    (buffer) => Effect.sync(() => options.pool.give(buffer))
  )

/**
 * Puts the first `length` bytes of a file into another that is empty, sharing them where the file system can; `digested` says
 * whether they have to be read for a digest even so. Answers how many there were.
 *
 * @since 0.1.0
 * @category changes
 */
export const copy = (
  from: Descriptor,
  to: Descriptor,
  options: Parameters<typeof pass>[2] & { readonly digested: boolean }
): Effect.Effect<number, NodeCall.SystemError> =>
  Effect.flatMap(clone(from, to, options.length), (cloned) =>
    cloned && !options.digested ? Effect.succeed(options.length) : pass(from, cloned ? undefined : to, options)
  )
