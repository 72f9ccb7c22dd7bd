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
 * Completes when so many milliseconds have passed since then, as `unsafeNow` told it. It is about what the network is doing, so it goes
 * by the network's time, also where a test has a clock of its own.
 *
 * @since 0.1.0
 * @category platform
 */
export const passed = (since: number, milliseconds: number): Effect.Effect<void> =>
  Effect.async((resume) => {
    const handle = setTimeout(() => resume(Effect.void), Math.max(0, since + milliseconds - unsafeNow()))
    return Effect.sync(() => clearTimeout(handle))
  })
