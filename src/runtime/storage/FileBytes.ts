import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { Descriptor } from "../platform/Descriptor.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as PageCache from "../platform/PageCache.ts"
import type { ChunkPool } from "./ChunkPool.ts"
import * as Pull from "./Pull.ts"
import type { StorageError } from "./Storage.ts"

/** One of a stream's two buffers and the read into it. */
interface Slot {
  buffer: Buffer | undefined
  /** Bytes read, or why not; `undefined` while the read is under way. */
  result: number | NodeCall.SystemError | undefined
  /** Tells the one who waits for `result`. */
  wake: (() => void) | undefined
}

const { EBADF } = Os.constants.errno

const makeSlot = (): Slot => ({ buffer: undefined, result: 0, wake: undefined })

const settled = (slot: Slot): Effect.Effect<void> =>
  slot.result !== undefined
    ? Effect.void
    : Effect.async((resume) => {
        slot.wake = () => resume(Effect.void)
      })

/** What is in memory is read sooner than another thread is woken. */
const unsafeRead = (fd: number, buffer: Buffer, position: number): number | NodeCall.SystemError => {
  try {
    return Fs.readSync(fd, buffer, 0, buffer.length, position)
  } catch (error) {
    return error as NodeCall.SystemError
  }
}

/**
 * What a stream needs to know: where to begin and how long the file is thought to be (bytes), where the buffers come from, and
 * how a failed read is reported.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly offset: number
  /** Only decides how large the buffers are and saves a last empty read; the file may turn out longer or shorter. */
  readonly size: number
  readonly pool: ChunkPool
  readonly toError: (cause: NodeCall.SystemError) => StorageError
}

const makeReader = (file: Descriptor, { offset, size, pool, toError }: Options) => {
  const slots = [makeSlot(), makeSlot()] as const
  let position = offset
  let current: 0 | 1 = 0
  let begun = false
  let ended = false

  const start = (slot: Slot) => {
    if (!file.hold()) {
      slot.result = NodeCall.systemError(EBADF, "read")
      return
    }
    const left = Math.max(size - position, 0)
    // One byte more than is left: a read that comes back short of that is the end, and needs no second one to find out.
    const buffer = slot.buffer ?? pool.take(left + 1)
    slot.buffer = buffer
    slot.result = undefined
    const done = (result: NonNullable<Slot["result"]>) => {
      file.release()
      slot.result = result
      slot.wake?.()
    }
    // A chunk a turn: others have theirs in between.
    if (left > 0 && PageCache.has(file.fd, position, Math.min(left, buffer.length))) {
      setImmediate(() => done(unsafeRead(file.fd, buffer, position)))
    } else {
      Fs.read(file.fd, buffer, 0, buffer.length, position, (error, length) => done(error ?? length))
    }
  }

  const take = (slot: Slot): Effect.Effect<Chunk.Chunk<Uint8Array> | undefined, StorageError> => {
    const { buffer, result } = slot
    if (buffer === undefined || typeof result !== "number" || result === 0) {
      ended = true
      return typeof result === "object" ? Effect.fail(toError(result)) : Effect.succeed(undefined)
    }
    position += result
    if (result < buffer.length && position >= size) {
      ended = true
    } else {
      current = current === 0 ? 1 : 0
      start(slots[current])
    }
    return Effect.succeed(Chunk.of(result === buffer.length ? buffer : buffer.subarray(0, result)))
  }

  const next: Pull.Pull<Uint8Array, StorageError> = Effect.suspend(() => {
    if (ended) return Effect.succeed(undefined)
    const slot = slots[current]
    if (!begun) {
      begun = true
      start(slot)
    }
    return slot.result === undefined ? Effect.flatMap(settled(slot), () => take(slot)) : take(slot)
  })

  const giveBack = Effect.sync(() => {
    for (const { buffer } of slots) if (buffer !== undefined) pool.give(buffer)
  })

  const close = Effect.suspend(() => {
    ended = true
    return Effect.zipRight(settled(slots[current]), giveBack)
  })

  return { pull: next, close }
}

/**
 * The bytes of a file from `offset` to its end as it turns out to be. While the consumer has one chunk, the next is being read
 * into the other of two buffers; asking for a chunk gives the memory of the one before back to the disk. When the scope
 * closes, the buffers return to the pool after the read under way has.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pull = (
  file: Descriptor,
  options: Options
): Effect.Effect<Pull.Pull<Uint8Array, StorageError>, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => makeReader(file, options)),
    (reader) => reader.close
  ).pipe(Effect.map((reader) => reader.pull))

/**
 * The same as a stream.
 *
 * @since 0.1.0
 * @category streams
 */
export const stream = (file: Descriptor, options: Options): Stream.Stream<Uint8Array, StorageError> =>
  Pull.stream(pull(file, options))
