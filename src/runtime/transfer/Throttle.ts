import * as Effect from "effect/Effect"
import * as TokenBucket from "../../domain/TokenBucket.ts"
import type { Progress } from "./Progress.ts"

/**
 * What paces a transfer: it moves `chunk` bytes at most at a time and pays for each.
 *
 * @since 0.1.0
 * @category models
 */
export interface Throttle {
  readonly chunk: number
  /** Completes when this many bytes more are due. The wait is no stall. */
  readonly pay: (bytes: number) => Effect.Effect<void>
}

/**
 * A rate in bytes a second and the bucket of those who share it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rate {
  readonly bucket: TokenBucket.TokenBucket
  readonly rate: number
}

/** Chunks a second at the least: what a limited transfer moves is spread over the second rather than sent in a burst. */
const smoothness = 20

/**
 * Paces by the transfer's own rate (0 is none) and those it shares; `undefined` where there is nothing to pace by. The clocks are in
 * milliseconds: `unsafeNow` the one of `progress`, `unsafeSteady` one that all threads share and nobody sets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly own: number
  readonly shared: ReadonlyArray<Rate>
  readonly progress: Progress
  readonly unsafeNow: () => number
  readonly unsafeSteady: () => number
}): Throttle | undefined => {
  const { own, progress, shared, unsafeNow, unsafeSteady } = options
  const rates = own === 0 ? shared : [{ bucket: TokenBucket.make(), rate: own }, ...shared]
  if (rates.length === 0) return undefined
  const slowest = Math.min(...rates.map(({ rate }) => rate))
  return {
    chunk: Math.max(1, Math.floor(slowest / smoothness)),
    pay: (amount) =>
      Effect.suspend(() => {
        const now = unsafeSteady()
        let wait = 0
        for (const { bucket, rate } of rates) {
          // What a late timer costs may be made up for.
          wait = Math.max(wait, TokenBucket.reserve(bucket, { amount, rate, now, burst: rate / smoothness }))
        }
        if (wait === 0) return Effect.void
        const milliseconds = Math.ceil(wait)
        progress.pausedUntil = unsafeNow() + milliseconds
        return Effect.sleep(milliseconds)
      })
  }
}

/**
 * Cuts bytes into what may be moved at once, and does something with each piece when it is due.
 *
 * @since 0.1.0
 * @category combinators
 */
export const forEach = <E>(
  self: Throttle | undefined,
  bytes: Uint8Array,
  use: (piece: Uint8Array) => Effect.Effect<void, E>
): Effect.Effect<void, E> => {
  if (self === undefined) return use(bytes)
  const from = (start: number): Effect.Effect<void, E> => {
    if (start >= bytes.length) return Effect.void
    const piece = bytes.subarray(start, start + self.chunk)
    return Effect.zipRight(
      Effect.zipRight(self.pay(piece.length), use(piece)),
      Effect.suspend(() => from(start + piece.length))
    )
  }
  return from(0)
}
