import * as Effect from "effect/Effect"
import * as Bag from "../../domain/Bag.ts"

/**
 * The wish that sessions come to their end: each finishes the transfer it runs, says 421 and closes. It is made once and never
 * taken back. An actor hears of it through `unsafeOnce`; a fiber may simply wait.
 *
 * @since 0.1.0
 * @category models
 */
export interface Draining {
  readonly unsafeIsWished: () => boolean
  /** Calls `hear` once, at once if the wish stands already; the function returned forgets it. */
  readonly unsafeOnce: (hear: () => void) => () => void
  /** Completes when the wish is made. */
  readonly wait: Effect.Effect<void>
}

/**
 * A wish not yet made, and the way to make it; making it again does nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): { readonly draining: Draining; readonly unsafeWish: () => void } => {
  const hearers = new Bag.Bag<() => void>()
  let wished = false
  const unsafeOnce = (hear: () => void) => {
    if (wished) {
      hear()
      return () => {}
    }
    const entry = hearers.add(hear)
    return () => hearers.remove(entry)
  }
  return {
    draining: {
      unsafeIsWished: () => wished,
      unsafeOnce,
      wait: Effect.async<void>((resume) => Effect.sync(unsafeOnce(() => resume(Effect.void))))
    },
    unsafeWish: () => {
      if (wished) return
      wished = true
      for (const hear of hearers.items()) hear()
    }
  }
}
