import * as Fs from "node:fs"
import { Effect } from "effect"

/** One turn of the event loop, so that what the kernel has ready is seen. */
export const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Descriptors this process has open; -1 where that cannot be told. */
export const unsafeCount = (): number => {
  try {
    return Fs.readdirSync("/proc/self/fd").length
  } catch {
    return -1
  }
}

/** Turns the event loop until `settled` holds; the test's own timeout is the limit. */
export const until = (settled: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (settled() ? Effect.void : Effect.zipRight(turn, until(settled))))

/** Turns the event loop until `value` has been the same for many turns. */
export const settled = (value: () => number): Effect.Effect<number> =>
  Effect.gen(function* () {
    let last = value()
    for (let same = 0; same < 100; same++) {
      yield* turn
      if (value() === last) continue
      last = value()
      same = 0
    }
    return last
  })
