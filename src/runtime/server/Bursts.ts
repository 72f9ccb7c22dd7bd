/**
 * Counts that are worth one report a burst, not one each: the first is reported at once, what follows within the pause together at
 * its end. Plain code, for it also runs in the thread that accepts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bursts<A extends string> {
  readonly note: (kind: A, now: number) => void
  /** Reports what has been waiting for longer than the pause; call it now and then. */
  readonly flush: (now: number) => void
}

/**
 * How often each kind occurred since the last report.
 *
 * @since 0.1.0
 * @category models
 */
export type Counts<A extends string> = { readonly [K in A]?: number }

/**
 * Reports no more often than every `pause` milliseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A extends string>(pause: number, report: (counts: Counts<A>) => void): Bursts<A> => {
  let counts: { [K in A]?: number } = {}
  let pending = false
  let reported = Number.NEGATIVE_INFINITY
  const flush = (now: number) => {
    if (!pending || now - reported < pause) return
    const taken = counts
    counts = {}
    pending = false
    reported = now
    report(taken)
  }
  return {
    note: (kind, now) => {
      counts[kind] = (counts[kind] ?? 0) + 1
      pending = true
      flush(now)
    },
    flush
  }
}
