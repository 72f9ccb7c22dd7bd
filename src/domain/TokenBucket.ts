/**
 * A token bucket that any number of threads take from without a lock: the generic cell rate algorithm (ITU-T I.371) on one word of
 * shared memory, the time in nanoseconds until which everything granted is paid for.
 *
 * @since 0.1.0
 * @category models
 */
export type TokenBucket = SharedArrayBuffer

const nanosPerMilli = 1_000_000n

/** A debt of more than a minute is not one: the clock was set back. */
const longestDebt = 60_000n * nanosPerMilli

/** What one grant can cost at most, so that no rate, however small, leaves the range of the word: a day. */
const highestCost = 86_400_000 * 1e6

/** A full bucket. @since 0.1.0 @category constructors */
export const make = (): TokenBucket => new SharedArrayBuffer(8)

const nanos = (amount: number, rate: number): bigint => BigInt(Math.ceil(Math.min((amount * 1e9) / rate, highestCost)))

/**
 * Takes `amount` out of the bucket, at `rate` a second, and answers how many milliseconds the taker has to wait before it uses it.
 * Who came first is served first, so takers of equal amounts get equal shares. `burst` is what gathers while nobody takes. `now` is
 * in milliseconds and has to be the same clock for all who take; one that is set back costs a minute's wait at most. What is used in
 * any stretch of time `t` is never more than `rate * t` and `burst` (or the largest amount, if that is more).
 *
 * @since 0.1.0
 * @category operations
 */
export const reserve = (
  self: TokenBucket,
  take: { readonly amount: number; readonly rate: number; readonly now: number; readonly burst?: number }
): number => {
  const word = new BigInt64Array(self)
  const now = BigInt(Math.floor(take.now * 1e6))
  const cost = nanos(take.amount, take.rate)
  const saved = now - nanos(take.burst ?? 0, take.rate)
  for (;;) {
    const paid = Atomics.load(word, 0)
    const from = paid > now + longestDebt ? now : paid > saved ? paid : saved
    const until = from + cost
    if (Atomics.compareExchange(word, 0, paid, until) !== paid) continue
    return until > now ? Number(until - now) / 1e6 : 0
  }
}
