import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Bag from "../../domain/Bag.ts"
import * as SteadyClock from "../platform/SteadyClock.ts"

/**
 * Something with deadlines that is asked at every tick whether one has passed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Timed {
  /** `now` in milliseconds since the epoch. What it throws is logged and harms no other. */
  readonly unsafeTick: (now: number) => void
}

/**
 * One clock for all sessions of a shard: a fiber that ticks, instead of a timer for each of thousands of sessions.
 *
 * @since 0.1.0
 * @category tags
 */
export class Timers extends Context.Tag("weft/Timers")<
  Timers,
  {
    /** The time in milliseconds since the epoch. */
    readonly unsafeNow: () => number
    /** Milliseconds of a clock that all threads share and nobody sets, for what is paced; see `SteadyClock`. */
    readonly unsafeSteady: () => number
    readonly unsafeAdd: (timed: Timed) => Bag.Entry<Timed>
    readonly unsafeRemove: (entry: Bag.Entry<Timed>) => void
    readonly unsafeSize: () => number
  }
>() {}

/**
 * A clock that ticks every `resolution`, which is how late a deadline may be noticed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: { readonly resolution: Duration.DurationInput }): Layer.Layer<Timers> =>
  Layer.scoped(
    Timers,
    Effect.gen(function* () {
      const clock = yield* Effect.clock
      const steady = yield* SteadyClock.make
      const members = new Bag.Bag<Timed>()
      const tick = Effect.suspend(() => {
        const now = clock.unsafeCurrentTimeMillis()
        const failures: Array<unknown> = []
        for (const member of members.items()) {
          try {
            member.unsafeTick(now)
          } catch (failure) {
            failures.push(failure)
          }
        }
        return Effect.forEach(failures, (failure) => Effect.logError("a timer failed", failure), { discard: true })
      })
      yield* tick.pipe(Effect.delay(options.resolution), Effect.forever, Effect.forkScoped)
      return {
        unsafeNow: () => clock.unsafeCurrentTimeMillis(),
        unsafeSteady: steady.unsafeNow,
        unsafeAdd: (timed) => members.add(timed),
        unsafeRemove: (entry) => members.remove(entry),
        unsafeSize: () => members.size
      }
    })
  )

/** @since 0.1.0 @category layers */
export const layer: Layer.Layer<Timers> = layerWith({ resolution: "250 millis" })
