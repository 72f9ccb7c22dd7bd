import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type * as Admission from "../../../src/domain/Admission.ts"
import * as Bursts from "../../../src/runtime/server/Bursts.ts"
import * as Layout from "../../../src/runtime/server/Layout.ts"
import * as Reprieve from "../../../src/runtime/server/Reprieve.ts"
import * as RestartIntensity from "../../../src/runtime/server/RestartIntensity.ts"
import * as TestServer from "./TestServer.ts"

const times = FastCheck.array(FastCheck.nat(300), { maxLength: 60 }).map((steps) => {
  let now = 0
  return steps.map((step) => {
    now += step
    return now
  })
})

describe("RestartIntensity", () => {
  it.prop(
    "never allows more than its limit within its window, and allows all that stay within it",
    [FastCheck.integer({ min: 1, max: 4 }), FastCheck.integer({ min: 1, max: 2000 }), times],
    ([limit, within, times]) => {
      const may = RestartIntensity.counter({ limit, within })
      const allowed: Array<number> = []
      for (const now of times) {
        const recent = allowed.filter((at) => now - at < within).length
        assert.strictEqual(may(now), recent < limit)
        if (recent < limit) allowed.push(now)
      }
    }
  )
})

describe("Bursts", () => {
  it.prop("reports each count once, the first at once and then no more often than the pause", [times], ([times]) => {
    const reports: Array<{ readonly at: number; readonly count: number }> = []
    let now = 0
    const bursts = Bursts.make<"a">(500, ({ a = 0 }) => reports.push({ at: now, count: a }))
    for (now of times) bursts.note("a", now)
    now += 500
    bursts.flush(now)
    bursts.flush(now)
    assert.strictEqual(
      reports.reduce((sum, { count }) => sum + count, 0),
      times.length
    )
    assert.strictEqual(reports[0]?.at, times[0])
    for (let i = 1; i < reports.length; i++) assert.isAtLeast((reports[i]?.at ?? 0) - (reports[i - 1]?.at ?? 0), 500)
  })
})

describe("Reprieve", () => {
  const world = (full: { value: boolean }, reason: Admission.Refusal = "Full") => {
    const placed: Array<number> = []
    const refused: Array<number> = []
    const reprieve = Reprieve.make<number>({
      place: (one) => {
        if (full.value) return reason
        placed.push(one)
        return undefined
      },
      refuse: (one) => refused.push(one)
    })
    return { placed, refused, reprieve }
  }

  it("lets in who finds room at once, or shortly after", () => {
    const full = { value: false }
    const { placed, refused, reprieve } = world(full)
    reprieve.take(1, 0)
    full.value = true
    reprieve.take(2, 0)
    reprieve.review(Reprieve.patience - 1)
    assert.deepStrictEqual([placed, refused, reprieve.size()], [[1], [], 1])
    full.value = false
    reprieve.review(Reprieve.patience)
    assert.deepStrictEqual([placed, refused, reprieve.size()], [[1, 2], [], 0])
  })

  it("refuses when patience is over, and only once", () => {
    const { refused, reprieve } = world({ value: true })
    reprieve.take(1, 0)
    reprieve.review(Reprieve.patience)
    reprieve.review(Reprieve.patience * 2)
    assert.deepStrictEqual([refused, reprieve.size()], [[1], 0])
  })

  it("keeps no more than its limit, and nobody while draining", () => {
    const { refused, reprieve } = world({ value: true })
    for (let i = 0; i < Reprieve.limit + 5; i++) reprieve.take(i, 0)
    assert.deepStrictEqual([refused.length, reprieve.size()], [5, Reprieve.limit])
    const draining = world({ value: true }, "Draining")
    draining.reprieve.take(1, 0)
    assert.deepStrictEqual([draining.refused, draining.reprieve.size()], [[1], 0])
  })
})

describe("Layout", () => {
  const size = FastCheck.integer({ min: 1, max: 40 })

  it.prop(
    "deals every pool out, evenly, and starts no shard without one",
    [size, FastCheck.nat(40)],
    ([threads, shards]) => {
      const layout = Layout.fromConfig(TestServer.config({ threads, shards }))
      const pools = Layout.poolsOfShards(layout)
      assert.strictEqual(pools.length, Math.min(threads, shards))
      if (shards === 0) return
      assert.strictEqual(
        pools.reduce((sum, count) => sum + count, 0),
        threads
      )
      assert.isAtMost(Math.max(...pools) - Math.min(...pools), 1)
      assert.isAtLeast(Math.min(...pools), 1)
    }
  )
})
