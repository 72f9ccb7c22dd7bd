import * as Effect from "effect/Effect"

/** Makes a region interruptible inside one that is not. @since 0.1.0 @category models */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * Fibers that do one thing after the other. Starting one costs more than a short session does otherwise, so some that have nothing to do
 * are kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Slots<A, R> {
  /** Gives it to a fiber that waits; where none does, answers the fiber that is to be forked for it. */
  readonly unsafeGive: (one: A) => Effect.Effect<void, never, R> | undefined
  /** Lets the fibers that wait come to their end, and those at work when they are done. */
  readonly unsafeClose: () => void
}

/** Fibers kept waiting, for each pool. */
const most = 64

/**
 * No fiber yet. `attend` is done for each; it is not interrupted but where it restores that. What a fiber was given it attends to, whatever
 * befalls it meanwhile.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, R>(
  attend: (one: A, restore: Restore) => Effect.Effect<undefined, never, R>,
  kept: number = most
): Slots<A, R> => {
  const waiting: Array<(next: Effect.Effect<A | undefined>) => void> = []
  let isClosed = false

  const wait = Effect.async<A | undefined>((resume) => {
    if (isClosed) resume(Effect.succeed(undefined))
    else waiting.push(resume)
  })

  const slot = (first: A): Effect.Effect<void, never, R> => {
    let one: A | undefined = first
    return Effect.uninterruptibleMask((restore) =>
      Effect.whileLoop<A | undefined, never, R>({
        while: () => one !== undefined || (!isClosed && waiting.length < kept),
        body: () => (one === undefined ? wait : attend(one, restore)),
        step: (next) => {
          one = next
        }
      })
    )
  }

  return {
    unsafeGive: (one) => {
      const resume = waiting.pop()
      if (resume === undefined) return slot(one)
      resume(Effect.succeed(one))
      return undefined
    },
    unsafeClose: () => {
      isClosed = true
      for (const resume of waiting.splice(0)) resume(Effect.succeed(undefined))
    }
  }
}
