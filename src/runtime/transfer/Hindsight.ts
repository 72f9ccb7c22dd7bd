import * as Effect from "effect/Effect"
import { type After, unsafeNow } from "../platform/EventLoop.ts"

/**
 * When an upload began to come and when its client had sent all, by `EventLoop.unsafeNow`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Span {
  readonly begunAt: number
  readonly endedAt: number
}

/** In milliseconds. */
const longest = 3
const shortest = 0.5

/**
 * Milliseconds that are left, of those between the end of an upload and its name, in which its session may turn out to have been deserted. A
 * process that is killed ends all its connections at once, the data connection first. What tells of the other one may be as late as
 * what is under way can be, and the upload itself has shown how long that is.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeLeft = ({ begunAt, endedAt }: Span): number => {
  const whole = Math.min(longest, Math.max(shortest, 2 * (endedAt - begunAt)))
  return Math.max(0, endedAt + whole - unsafeNow())
}

/** Completes when they have passed. @since 0.1.0 @category operations */
export const passed = (unsafeAfter: After, span: Span): Effect.Effect<void> =>
  Effect.async((resume) => {
    const cancel = unsafeAfter(unsafeLeft(span), () => resume(Effect.void))
    return Effect.sync(cancel)
  })
