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
