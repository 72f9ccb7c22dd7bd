import { performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"

/**
 * Lets sockets have their turn; `Effect.yieldNow` only lets other fibers have theirs.
 *
 * @since 0.1.0
 * @category platform
 */
export const breathe: Effect.Effect<void> = Effect.async((resume) => {
  const handle = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(handle))
})

/** Milliseconds of a clock that is never set. @since 0.1.0 @category platform */
export const unsafeNow = (): number => performance.now()

/**
 * Calls after so many milliseconds, fractions of one where they can be had, and answers what calls that off.
 *
 * @since 0.1.0
 * @category models
 */
export type After = (milliseconds: number, call: () => void) => () => void

/** By Node's timers: a fraction of a millisecond is as long as a whole one. @since 0.1.0 @category platform */
export const unsafeAfter: After = (milliseconds, call) => {
  const handle = setTimeout(call, milliseconds)
  return () => clearTimeout(handle)
}
