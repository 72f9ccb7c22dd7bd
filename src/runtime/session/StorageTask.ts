import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { FileFault } from "../../domain/FileFault.ts"
import type { Event } from "../../domain/session/Event.ts"
import type { StorageError } from "../storage/Storage.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"

/**
 * Has storage do something while the session's timers watch: what moves nothing for the configured time is interrupted, and answered
 * with `TimedOut`. `moved` is for what takes long and goes on.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeStart = <A>(
  actor: Actor,
  make: (progress: Progress.Progress) => Effect.Effect<A, StorageError>,
  toEvent: (result: Either.Either<A, FileFault>) => Event
): void => {
  const progress = Progress.make(actor.house.timers.unsafeNow())
  actor.progress = progress
  const done = Effect.either(
    Effect.mapError(
      Effect.suspend(() => make(progress)),
      ({ reason }) => reason
    )
  )
  actor.unsafeStart(done, (exit) =>
    toEvent(Exit.getOrElse(exit, () => Either.left<FileFault>(progress.late === undefined ? "Io" : "TimedOut")))
  )
}

/**
 * Lets an effect go on in the house when the session goes, or has waited long enough: what it has begun, it ends and enters into the
 * books, unless the house itself goes. The session waits for that as long as storage is not late. With `isLong` it is interrupted
 * when the session is, and has to say itself what must not be.
 *
 * @since 0.1.0
 * @category combinators
 */
export const entrust = <A, E>(
  actor: Actor,
  progress: Progress.Progress,
  effect: Effect.Effect<A, E>,
  isLong: boolean
): Effect.Effect<A, E> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkIn(Effect.interruptible(effect), actor.house.scope), (fiber) =>
      Effect.onInterrupt(restore(Fiber.join(fiber)), () =>
        Effect.async<void>((resume) => {
          if (isLong) fiber.unsafeInterruptAsFork(fiber.id())
          if (progress.late !== undefined) return resume(Effect.void)
          progress.whenLate = () => resume(Effect.void)
          fiber.addObserver(() => resume(Effect.void))
        })
      )
    )
  )
