import type { ChunkPool } from "../storage/ChunkPool.ts"

/** The most one read of a connection brings. */
const segment = 64 * 1024

const none = new Uint8Array(0)

/**
 * A file as it comes, as long as it fits into one buffer of the pool's: small for a small one, and growing with it.
 *
 * @since 0.1.0
 * @category models
 */
export class Gathering {
  readonly #pool: ChunkPool
  #buffer: Buffer | undefined = undefined
  #filled = 0

  constructor(pool: ChunkPool) {
    this.#pool = pool
  }

  /** Where the next bytes go. */
  unsafeRoom(): Uint8Array {
    this.#buffer ??= this.#pool.take(segment)
    return this.#buffer.subarray(this.#filled)
  }

  /**
   * Takes what has come, in the room or elsewhere, and answers what of it there was no room for: it is as much as one buffer holds then, or more.
   */
  unsafeTake(bytes: Uint8Array): Uint8Array {
    const room = this.unsafeRoom()
    if (bytes.buffer === room.buffer && bytes.byteOffset === room.byteOffset) {
      this.#filled += bytes.length
      return none
    }
    if (bytes.length > room.length) this.#grow(bytes.length)
    const fitting = bytes.subarray(0, this.unsafeRoom().length)
    this.unsafeRoom().set(fitting)
    this.#filled += fitting.length
    return bytes.subarray(fitting.length)
  }

  /** Makes room; `false` where there can be no more. */
  unsafeGrow(): boolean {
    return this.unsafeRoom().length > 0 || this.#grow(1)
  }

  #grow(bytes: number): boolean {
    const old = this.#buffer
    if (old === undefined) return true
    const buffer = this.#pool.take(Math.max(2 * old.length, this.#filled + bytes))
    if (buffer.length < this.#filled + bytes) {
      this.#pool.give(buffer)
      return false
    }
    buffer.set(old.subarray(0, this.#filled))
    this.#pool.give(old)
    this.#buffer = buffer
    return true
  }

  /** What has been taken. */
  get bytes(): Uint8Array {
    return this.#buffer?.subarray(0, this.#filled) ?? none
  }

  /** Gives the memory back, which nobody may use any more; harmless when repeated. */
  unsafeClear(): void {
    if (this.#buffer !== undefined) this.#pool.give(this.#buffer)
    this.#buffer = undefined
    this.#filled = 0
  }
}
