import type * as Admission from "../../domain/Admission.ts"

/** Milliseconds between two reviews of those who wait. @since 0.1.0 @category constants */
export const interval = 5

/** Milliseconds a client that finds no place is kept before it is refused. @since 0.1.0 @category constants */
export const patience = 250

/** How many are kept so at once; all others are refused at once. @since 0.1.0 @category constants */
export const limit = 256

/** Refusals that no wait changes. @since 0.1.0 @category predicates */
export const isFinal = (reason: Admission.Refusal): boolean => reason === "Draining" || reason === "Banned"

/**
 * A short wait before a refusal. A client that says goodbye and comes back at once may arrive before the server has put its last
 * session away; under a limit it would be refused for its own shadow.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reprieve<A> {
  /** Places a newcomer, now or within `patience`, or refuses it. */
  readonly take: (one: A, now: number) => void
  /** Tries again for those who wait. */
  readonly review: (now: number) => void
  readonly size: () => number
}

/**
 * Nobody waits yet. `place` says why somebody cannot be let in, or nothing once it is done.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A>(options: {
  readonly place: (one: A) => Admission.Refusal | undefined
  readonly refuse: (one: A, reason: Admission.Refusal) => void
}): Reprieve<A> => {
  let waiting: Array<{ readonly one: A; readonly until: number }> = []

  const consider = (one: A, until: number, now: number): boolean => {
    const reason = options.place(one)
    if (reason === undefined) return true
    if (!isFinal(reason) && now < until) return false
    options.refuse(one, reason)
    return true
  }

  return {
    take: (one, now) => {
      const until = waiting.length < limit ? now + patience : now
      if (!consider(one, until, now)) waiting.push({ one, until })
    },
    review: (now) => {
      if (waiting.length > 0) waiting = waiting.filter(({ one, until }) => !consider(one, until, now))
    },
    size: () => waiting.length
  }
}
