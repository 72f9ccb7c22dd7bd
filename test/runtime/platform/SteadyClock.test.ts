import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import * as SteadyClock from "../../../src/runtime/platform/SteadyClock.ts"

/** What a thread that starts when the time of day has been set reads. */
const elsewhere = Effect.async<number>((resume) => {
  const code = `require("node:worker_threads").parentPort.postMessage(Number(process.hrtime.bigint()) / 1e6)`
  new Worker(code, { eval: true }).once("message", (now: number) => resume(Effect.succeed(now)))
})

describe("SteadyClock", () => {
  it.live("is the machine's, the same on all threads and whatever the time of day", () =>
    Effect.gen(function* () {
      const clock = yield* SteadyClock.make
      const before = clock.unsafeNow()
      const there = yield* elsewhere
      assert.isAtLeast(there, before)
      assert.isAtMost(there, clock.unsafeNow())
    })
  )

  it.effect("follows a test's clock", () =>
    Effect.gen(function* () {
      const clock = yield* SteadyClock.make
      const before = clock.unsafeNow()
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(clock.unsafeNow() - before, 3000)
    })
  )
})
