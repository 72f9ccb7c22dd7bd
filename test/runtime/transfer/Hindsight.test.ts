import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber } from "effect"
import { unsafeNow } from "../../../src/runtime/platform/EventLoop.ts"
import * as Hindsight from "../../../src/runtime/transfer/Hindsight.ts"

const longest = 3
const shortest = 0.5

const milliseconds = FastCheck.double({ min: 0, max: 20, noNaN: true })

describe("Hindsight", () => {
  it.prop("is never below nothing, and never longer than the longest", [milliseconds, milliseconds], ([span, ago]) => {
    const endedAt = unsafeNow() - ago
    const left = Hindsight.unsafeLeft({ begunAt: endedAt - span, endedAt })
    assert.isAtLeast(left, 0)
    assert.isAtMost(left, Math.max(0, longest - ago))
  })

  it.prop("grows by twice what the upload took, between its bounds", [milliseconds, milliseconds], ([one, other]) => {
    const [short, long] = one < other ? [one, other] : [other, one]
    // Far enough ahead that none of it has passed.
    const endedAt = unsafeNow() + 1000
    const within = (span: number) => Math.min(longest, Math.max(shortest, 2 * span))
    const ofLong = Hindsight.unsafeLeft({ begunAt: endedAt - long, endedAt })
    const ofShort = Hindsight.unsafeLeft({ begunAt: endedAt - short, endedAt })
    // Time goes on between the two.
    assert.isAtLeast(ofLong - ofShort, within(long) - within(short) - 1e-6)
    assert.isAtMost(ofLong, 1000 + within(long) + 1e-6)
    assert.isAtLeast(ofLong, 0)
  })

  it.effect("passes by the network's time, and is called off with who waits for it", () =>
    Effect.gen(function* () {
      const alarms: Array<{ readonly wait: number; readonly call: () => void; isOff: boolean }> = []
      const after = (wait: number, call: () => void) => {
        const alarm = { wait, call, isOff: false }
        alarms.push(alarm)
        return () => {
          alarm.isOff = true
        }
      }
      const endedAt = unsafeNow() + 1000
      const passed = Hindsight.passed(after, { begunAt: endedAt - 0.5, endedAt })
      const [one, other] = [yield* Effect.fork(passed), yield* Effect.fork(passed)]
      while (alarms.length < 2) yield* Effect.yieldNow()
      assert.isNull(one.unsafePoll())
      alarms[0]?.call()
      yield* Fiber.join(one)
      assert.isAtMost(alarms[0]?.wait ?? 0, 1001 + 1e-6)
      yield* Fiber.interrupt(other)
      assert.isTrue(alarms[1]?.isOff)
    })
  )
})
