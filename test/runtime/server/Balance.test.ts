import { assert, describe, it } from "@effect/vitest"
import { Effect, TestClock } from "effect"
import type { Reading } from "../../../src/domain/Gathering.ts"
import type { Processors } from "../../../src/runtime/platform/Processors.ts"
import * as Balance from "../../../src/runtime/server/Balance.ts"

/** A machine and a server of so many shards, on the test's clock. */
const world = (shards: number, heard = 0) => {
  let [used, idle, open] = [0, 0, shards]
  let [looks, questions] = [0, 0]
  let isTold = true
  const gathered: Array<number> = []
  const crew: Balance.Crew = {
    shards,
    unsafeHeard: () => heard | 0,
    unsafeGather: (wanted) => {
      open = wanted
      gathered.push(wanted)
    }
  }
  const processors: Processors = {
    unsafeUsed: () => {
      looks++
      return used
    },
    unsafeIdle: () => {
      questions++
      return isTold ? idle : undefined
    }
  }
  const run = (milliseconds: number, load: (open: number) => Reading) =>
    Effect.gen(function* () {
      for (let passed = 0; passed < milliseconds; passed += 50) {
        const now = load(open)
        used += 50 * now.used
        idle += 50 * now.idle
        heard += 0.05 * now.heard
        yield* TestClock.adjust("50 millis")
      }
    })
  return {
    watch: Effect.suspend(() => Balance.watch(crew, processors)),
    run,
    gathered,
    looks: () => looks,
    questions: () => questions,
    hide: () => {
      isTold = false
    }
  }
}

/** What one shard hears more of than two. */
const short = (open: number): Reading =>
  open === 1 ? { idle: 0.2, used: 0.98, heard: 190_000 } : { idle: 0.22, used: 1.12, heard: 145_000 }

/** What two shards do more of than one. */
const long = (open: number): Reading =>
  open === 1 ? { idle: 0.8, used: 1, heard: 50 } : { idle: 0.02, used: 1.7, heard: 100 }

const calm = (): Reading => ({ idle: 1.8, used: 0.2, heard: 100 })

describe("Balance", () => {
  for (const heard of [0, 2 ** 31 - 50_000, 2 ** 32 - 50_000]) {
    it.scoped(`gathers sessions and spreads them, with ${heard} commands behind it`, () =>
      Effect.gen(function* () {
        const { gathered, run, watch } = world(2, heard)
        yield* watch
        yield* run(2000, short)
        assert.deepStrictEqual(gathered, [1])
        yield* run(1000, long)
        assert.strictEqual(gathered.at(-1), 2)
      })
    )
  }

  it.scoped("looks seldom where there is little to do, and asks for nothing more", () =>
    Effect.gen(function* () {
      const { gathered, looks, questions, run, watch } = world(2)
      yield* watch
      yield* run(1000, calm)
      const before = looks()
      const asked = questions()
      yield* run(10_000, calm)
      assert.strictEqual(looks() - before, 40)
      assert.strictEqual(questions(), asked)
      yield* run(1000, short)
      assert.isAbove(looks() - before, 55)
      assert.deepStrictEqual(gathered, [1])
    })
  )

  it.scoped("takes a trial back when the work is over, or nobody tells any more how it went", () =>
    Effect.gen(function* () {
      for (const isHidden of [false, true]) {
        const { gathered, hide, run, watch } = world(2)
        yield* watch
        while (gathered.length === 0) yield* run(50, short)
        if (isHidden) hide()
        yield* run(400, isHidden ? short : calm)
        assert.deepStrictEqual(gathered, [1, 2])
      }
    })
  )

  it.scoped("does nothing with one shard, or where the system does not tell", () =>
    Effect.gen(function* () {
      for (const [shards, isTold] of [
        [1, true],
        [2, false]
      ] as const) {
        const { gathered, hide, looks, run, watch } = world(shards)
        if (!isTold) hide()
        yield* watch
        yield* run(1000, short)
        assert.strictEqual(looks(), 0)
        assert.deepStrictEqual(gathered, [])
      }
    })
  )
})
