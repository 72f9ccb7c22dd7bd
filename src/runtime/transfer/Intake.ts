import * as Effect from "effect/Effect"
import type { Moved } from "../platform/Conduit.ts"
import { breathe, unsafeNow } from "../platform/EventLoop.ts"
import { type Connection, type Reader, TcpError } from "../platform/Tcp.ts"
import type { ChunkPool } from "../storage/ChunkPool.ts"
import type { Progress } from "./Progress.ts"

/** The most one read of a connection brings; a buffer with less room left is full. */
const segment = 64 * 1024

const smallest = 4 * 1024

/**
 * Where what is stored at once passes: one place for all uploads of a thread stays in the cache. No `Buffer`: its `slice` copies nothing.
 *
 * @since 0.1.0
 * @category constants
 */
export const passage = new Uint8Array(256 * 1024)

/**
 * Gathers what a data connection brings into two buffers by turns: while one is being stored, the other fills, and when that is
 * full the client has to wait. The buffers grow with a client that fills them, and stay small for a small file.
 *
 * @since 0.1.0
 * @category models
 */
export class Intake implements Reader {
  /**
   * The client has sent its FIN, and is there to be told: the file is whole, once what is here has been taken. A process that is killed
   * sends one too, but ends its control connection with it.
   */
  whole = false
  /** When that came, and when it was made, by `EventLoop.unsafeNow`. */
  endedAt = 0
  readonly begunAt = unsafeNow()
  /**
   * Stores bytes in this turn and answers how many of them. Where it is set, what comes while its taker waits is stored at once, and the
   * taker hears only of what that leaves.
   */
  unsafeStore: ((bytes: Uint8Array) => number) | undefined = undefined
  /** The same for what the connection's descriptor has received; goes before that. */
  unsafeStoreFrom: ((socket: number) => Moved | undefined) | undefined = undefined
  readonly #connection: Connection
  readonly #pool: ChunkPool
  readonly #progress: Progress
  readonly #largest: number
  readonly #unsafeNow: () => number
  readonly #unsafeIsDeserted: () => boolean
  readonly #needsCloseNotify: boolean
  #filling: Buffer | undefined = undefined
  #filled = 0
  /** What came when there was no room, before the connection took notice of `pause`. */
  #overflow: Array<Uint8Array> = []
  #size = 0
  #paused = false
  #closed = false
  #error: TcpError | undefined
  #wake: (() => void) | undefined = undefined
  #taken: Buffer | undefined = undefined

  /**
   * `largest` is in bytes: more than that is not gathered before it is stored. Where it `needsCloseNotify`, the end of a connection
   * with TLS counts only behind one.
   */
  constructor(
    connection: Connection,
    options: {
      readonly pool: ChunkPool
      readonly progress: Progress
      readonly largest: number
      readonly unsafeNow: () => number
      readonly unsafeIsDeserted: () => boolean
      readonly needsCloseNotify: boolean
    }
  ) {
    this.#connection = connection
    this.#pool = options.pool
    this.#progress = options.progress
    this.#largest = Math.max(smallest, options.largest)
    this.#unsafeNow = options.unsafeNow
    this.#unsafeIsDeserted = options.unsafeIsDeserted
    this.#needsCloseNotify = options.needsCloseNotify
  }

  unsafeRoom(): Uint8Array | undefined {
    if (this.#paused || this.#closed) return undefined
    if (this.unsafeStore !== undefined && this.#wake !== undefined) return passage
    return (this.#filling ?? this.#begin(segment)).subarray(this.#filled)
  }

  unsafeReceive(socket: number): number | undefined {
    if (this.#paused || this.#closed || this.#wake === undefined) return undefined
    const moved = this.unsafeStoreFrom?.(socket)
    if (moved === undefined) return undefined
    const { left, taken } = moved
    if (taken > 0) this.#count(taken)
    if (left !== undefined) {
      this.#put(left)
      this.#stir()
    }
    return taken
  }

  #count(bytes: number): void {
    this.#progress.bytes += bytes
    this.#progress.movedAt = this.#unsafeNow()
  }

  onData(bytes: Uint8Array): void {
    this.#count(bytes.length)
    // A taker that waits has stored all that came before.
    const stored = this.#wake === undefined ? 0 : (this.unsafeStore?.(bytes) ?? 0)
    if (stored === bytes.length) return
    const rest = stored === 0 ? bytes : bytes.subarray(stored)
    if (this.#isInPlace(rest)) this.#grow(rest.length)
    else this.#put(rest)
    this.#stir()
  }

  /** They are where `unsafeRoom` said. */
  #isInPlace(bytes: Uint8Array): boolean {
    const buffer = this.#filling
    return bytes.buffer === buffer?.buffer && bytes.byteOffset === buffer.byteOffset + this.#filled
  }

  #grow(count: number): void {
    const { length = 0 } = this.#filling ?? {}
    this.#filled += count
    if (length - this.#filled < Math.min(segment, length / 2)) this.#stop()
  }

  #stop(): void {
    this.#paused = true
    this.#connection.pause()
  }

  onEnd(): void {
    this.endedAt = unsafeNow()
    const isCut = this.#needsCloseNotify && this.#connection.truncated === true
    if (isCut || this.#unsafeIsDeserted()) this.#closed = true
    else this.whole = true
    this.#stir()
  }

  onClose(error: TcpError | undefined): void {
    this.#closed = true
    this.#error = error
    this.#stir()
  }

  #put(bytes: Uint8Array): void {
    let rest = bytes
    if (this.#overflow.length === 0) {
      const buffer = this.#filling ?? this.#begin(bytes.length)
      const count = Math.min(bytes.length, buffer.length - this.#filled)
      buffer.set(count === bytes.length ? bytes : bytes.subarray(0, count), this.#filled)
      this.#filled += count
      rest = bytes.subarray(count)
      if (buffer.length - this.#filled >= Math.min(segment, buffer.length / 2)) return
    }
    if (rest.length > 0) this.#overflow.push(rest.slice())
    this.#stop()
  }

  #begin(expected: number): Buffer {
    const buffer = this.#pool.take(Math.min(Math.max(this.#size, expected), this.#largest))
    this.#filling = buffer
    this.#filled = 0
    return buffer
  }

  #stir(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  /** Completes when there are bytes, or the end. */
  readonly #ready: Effect.Effect<void> = Effect.async((resume) => {
    if (this.#filled > 0 || this.whole || this.#closed) return resume(Effect.void)
    this.#wake = () => resume(Effect.void)
    return Effect.sync(() => {
      this.#wake = undefined
    })
  })

  /** A client in full flight gets the time to fill a buffer: as long as each turn brings more. */
  readonly #gathered: Effect.Effect<void> = Effect.suspend(() => {
    const before = this.#filled
    if (this.#paused || this.whole || this.#closed) return Effect.void
    return Effect.flatMap(breathe, () => (this.#filled > before ? this.#gathered : Effect.void))
  })

  /**
   * The next bytes, `undefined` after the last; fails where the connection ends without a FIN. They are the taker's until it takes the
   * next.
   */
  readonly take: Effect.Effect<Uint8Array | undefined, TcpError> = Effect.suspend(() => {
    this.#giveBack()
    return Effect.zipRight(
      Effect.zipRight(this.#ready, this.#gathered),
      Effect.suspend(() => {
        const buffer = this.#filling
        if (buffer !== undefined && this.#filled > 0) return Effect.succeed(this.#hand(buffer))
        if (this.whole) return Effect.succeed(undefined)
        return Effect.fail(this.#error ?? new TcpError({ reason: "Closed" }))
      })
    )
  })

  #hand(buffer: Buffer): Uint8Array {
    const bytes = buffer.subarray(0, this.#filled)
    const isFull = this.#paused
    this.#taken = buffer
    this.#filling = undefined
    this.#filled = 0
    this.#size = isFull ? buffer.length * 2 : bytes.length
    if (isFull) {
      this.#paused = false
      const overflow = this.#overflow
      this.#overflow = []
      for (const piece of overflow) this.#put(piece)
      if (!this.#paused) this.#connection.resume()
    }
    return bytes
  }

  #giveBack(): void {
    if (this.#taken !== undefined) this.#pool.give(this.#taken)
    this.#taken = undefined
  }

  /** Gives the buffers back and takes no more. Nobody may be using what `take` gave any more. */
  unsafeClose(): void {
    this.#connection.unsafeDestroy()
    this.#giveBack()
    if (this.#filling !== undefined) this.#pool.give(this.#filling)
    this.#filling = undefined
    this.#filled = 0
    this.#overflow = []
  }
}
