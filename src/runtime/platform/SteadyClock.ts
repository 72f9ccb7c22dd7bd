import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"

/**
 * A clock that only runs forwards, whoever sets the time of day, and that all threads of the machine read alike: for what is paced or
 * counted, not for dates. Where Effect's clock is another than the system's, as in a test, it is that one.
 *
 * @since 0.1.0
 * @category models
 */
export interface SteadyClock {
  /** Milliseconds since some time. */
  readonly unsafeNow: () => number
}

/** Effect's own nanoseconds start from the time of day at which a thread began: they are not the same on any two. */
const ofSystem: SteadyClock = { unsafeNow: () => Number(process.hrtime.bigint()) / 1e6 }

/** The one of the fiber. @since 0.1.0 @category constructors */
export const make: Effect.Effect<SteadyClock> = Effect.clockWith((clock) =>
  Effect.succeed(
    clock === Context.get(DefaultServices.liveServices, Clock.Clock)
      ? ofSystem
      : { unsafeNow: () => Number(clock.unsafeCurrentTimeNanos()) / 1e6 }
  )
)
