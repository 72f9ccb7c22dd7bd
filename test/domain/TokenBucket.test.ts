import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as TokenBucket from "../../src/domain/TokenBucket.ts"

const rates = FastCheck.oneof(
  FastCheck.integer({ min: 1, max: 100 }),
  FastCheck.integer({ min: 1_000, max: 10_000_000 }),
  FastCheck.integer({ min: 1_000_000_000, max: 2 ** 40 })
)

/** Steps of takers that come one after the other: how long after the one before, and how much in thousandths of what a second gives. */
const takes = FastCheck.array(
  FastCheck.record({ after: FastCheck.integer({ min: 0, max: 400 }), share: FastCheck.integer({ min: 0, max: 400 }) }),
  { minLength: 1, maxLength: 60 }
)

describe("TokenBucket", () => {
  it.prop(
    "never lets more than rate * t + burst through, in any stretch of time",
    {
      rate: rates,
      burst: FastCheck.integer({ min: 0, max: 2000 }),
      takes,
      start: FastCheck.integer({ min: 0, max: 2 ** 41 })
    },
    ({ burst: thousandths, rate, start, takes }) => {
      const bucket = TokenBucket.make()
      const burst = (rate * thousandths) / 1000
      let now = start
      let largest = burst
      const used = takes.map(({ after, share }) => {
        now += after
        const amount = Math.floor((rate * share) / 1000)
        largest = Math.max(largest, amount)
        return { at: now + TokenBucket.reserve(bucket, { amount, rate, now, burst }), amount }
      })
      for (const from of used) {
        for (const to of used) {
          if (to.at < from.at) continue
          let sum = 0
          for (const { amount, at } of used) if (at >= from.at && at <= to.at) sum += amount
          const most = (rate * (to.at - from.at)) / 1000 + largest
          assert.isAtMost(sum, most + rate * 2e-6 + most * 1e-9)
        }
      }
    }
  )

  it.prop(
    "wastes nothing while somebody takes",
    { rate: rates, count: FastCheck.integer({ min: 2, max: 50 }) },
    ({ count, rate }) => {
      const bucket = TokenBucket.make()
      const amount = Math.max(1, Math.floor(rate / 20))
      let now = 1_000_000
      for (let taken = 0; taken < count; taken++) now += TokenBucket.reserve(bucket, { amount, rate, now })
      const due = (count * amount * 1000) / rate
      assert.closeTo(now - 1_000_000, due, due * 1e-3 + count * 1e-3)
    }
  )

  it("gives takers of equal amounts equal shares", () => {
    const bucket = TokenBucket.make()
    const next = [0, 0, 0]
    const shares = [0, 0, 0]
    for (let now = 0; now < 10_000; now++) {
      for (const taker of [0, 1, 2]) {
        if ((next[taker] ?? 0) > now) continue
        shares[taker] = (shares[taker] ?? 0) + 1
        next[taker] = now + TokenBucket.reserve(bucket, { amount: 50, rate: 1000, now })
      }
    }
    assert.isAtLeast(Math.min(...shares), 66)
    assert.isAtMost(Math.max(...shares), 68)
  })

  it.prop(
    "a clock that jumps costs a minute and one grant at most",
    [FastCheck.array(FastCheck.integer({ min: 0, max: 2 ** 41 }), { minLength: 2, maxLength: 20 })],
    ([times]) => {
      const bucket = TokenBucket.make()
      for (const now of times) assert.isAtMost(TokenBucket.reserve(bucket, { amount: 100, rate: 1000, now }), 60_100)
    }
  )

  it("takes amounts that a tiny rate never gives, and any amount at a huge one", () => {
    const bucket = TokenBucket.make()
    assert.isAtMost(TokenBucket.reserve(bucket, { amount: 2 ** 50, rate: 1, now: 0 }), 86_400_000)
    assert.isAtMost(TokenBucket.reserve(TokenBucket.make(), { amount: 2 ** 20, rate: 2 ** 52, now: 0 }), 0.001)
  })

  it.live(
    "many threads take no more than one may",
    () =>
      Effect.gen(function* () {
        const bucket = TokenBucket.make()
        const source = `
          import("node:worker_threads").then(async ({ parentPort, workerData }) => {
            const { reserve } = await import(workerData.module)
            let longest = 0
            for (let count = 0; count < 20000; count++) {
              longest = Math.max(longest, reserve(workerData.bucket, { amount: 1, rate: 1e6, now: 0 }))
            }
            parentPort.postMessage(longest)
          })
        `
        const module = new URL("../../dist/domain/TokenBucket.js", import.meta.url).href
        const longest = yield* Effect.all(
          [0, 1, 2].map(() =>
            Effect.promise(
              () =>
                new Promise<number>((resolve, reject) => {
                  const worker = new Worker(source, { eval: true, workerData: { bucket, module } })
                  worker.once("message", resolve)
                  worker.once("error", reject)
                })
            )
          ),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(Math.max(...longest), 60)
      }),
    30_000
  )
})
