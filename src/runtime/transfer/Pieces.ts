import type { ChunkPool } from "../storage/ChunkPool.ts"

/** The most one read of a connection brings. */
const segment = 64 * 1024

const none = new Uint8Array(0)

/**
 * A file as it comes, as long as it is no longer than `most` bytes: in buffers of the pool's, few for a small one, each as large as all before it.
 *
 * @since 0.1.0
 * @category models
 */
export class Pieces {
  readonly #pool: ChunkPool
  readonly #most: number
  readonly #buffers: Array<Buffer> = []
  #filled = 0
  #size = 0

  constructor(pool: ChunkPool, most: number) {
    this.#pool = pool
    this.#most = most
  }

  /** Where the next bytes go; no room at all where it is full. */
  unsafeRoom(): Uint8Array {
    const last = this.#buffers.at(-1)
    if (last !== undefined && this.#filled < last.length) return last.subarray(this.#filled)
    if (this.#size >= this.#most) return none
    const next = this.#pool.take(Math.min(Math.max(segment, this.#size), this.#most - this.#size))
    this.#buffers.push(next)
    this.#filled = 0
    return next
  }

  /** Takes what has come, in the room or elsewhere, and answers what of it there was no room for. */
  unsafeTake(bytes: Uint8Array): Uint8Array {
    let rest = bytes
    while (rest.length > 0) {
      const room = this.unsafeRoom()
      if (room.length === 0) break
      const count = Math.min(rest.length, room.length)
      const isInPlace = rest.buffer === room.buffer && rest.byteOffset === room.byteOffset
      if (!isInPlace) room.set(rest.subarray(0, count))
      this.#filled += count
      this.#size += count
      rest = rest.subarray(count)
    }
    return rest
  }

  /** What has been taken, in order. */
  get pieces(): ReadonlyArray<Uint8Array> {
    const last = this.#buffers.length - 1
    return this.#buffers.map((buffer, index) => (index === last ? buffer.subarray(0, this.#filled) : buffer))
  }

  /** Gives the memory back, which nobody may use any more; harmless when repeated. */
  unsafeClear(): void {
    for (const buffer of this.#buffers) this.#pool.give(buffer)
    this.#buffers.length = 0
    this.#filled = 0
    this.#size = 0
  }
}
