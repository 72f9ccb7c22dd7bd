/**
 * The buffers file contents pass through, used again and again. Memory under transfers stays near `budget` without anyone
 * ever waiting for a stalled neighbour: beyond it, chunks get small instead of late.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChunkPool {
  /**
   * A buffer for up to `bytes` bytes: the next power of two from 4 KiB on, `largest` at most, and 16 KiB at most while more than
   * the budget is out. Whoever takes it gives it back.
   */
  readonly take: (bytes: number) => Buffer
  /** Takes back what `take` gave; harmless when repeated. No system call may use it any more. */
  readonly give: (chunk: Buffer) => void
  /** What is out at this moment. */
  readonly outstanding: () => { readonly chunks: number; readonly bytes: number }
}

/**
 * Sizes in bytes: `largest` chunk (256 KiB), `budget` of full-size chunks out at once (64 MiB: 128 transfers at full speed),
 * `retained` for the next transfers while nobody uses it (16 MiB).
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly largest?: number
  readonly budget?: number
  readonly retained?: number
}

const KiB = 1024
const smallest = 4 * KiB
const frugal = 16 * KiB

/**
 * Makes a pool; one serves all transfers of a thread.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({
  largest = 256 * KiB,
  budget = 64 * KiB * KiB,
  retained = 16 * KiB * KiB
}: Options = {}): ChunkPool => {
  const idle = new Map<number, Array<Buffer>>()
  const out = new Set<Buffer>()
  let outBytes = 0
  let idleBytes = 0

  const fitting = (bytes: number): number => {
    const size = Math.max(smallest, 2 ** Math.ceil(Math.log2(Math.max(bytes, 1))))
    const full = Math.min(size, largest)
    return outBytes + full > budget ? Math.min(full, frugal) : full
  }

  return {
    take: (bytes) => {
      const size = fitting(bytes)
      const used = idle.get(size)?.pop()
      if (used !== undefined) idleBytes -= size
      // Not a slice of Node's own slab, which one kept chunk would keep alive as a whole.
      const chunk = used ?? Buffer.allocUnsafeSlow(size)
      out.add(chunk)
      outBytes += size
      return chunk
    },
    give: (chunk) => {
      if (!out.delete(chunk)) return
      outBytes -= chunk.length
      if (idleBytes + chunk.length > retained) return
      idleBytes += chunk.length
      const same = idle.get(chunk.length)
      if (same === undefined) idle.set(chunk.length, [chunk])
      else same.push(chunk)
    },
    outstanding: () => ({ chunks: out.size, bytes: outBytes })
  }
}
