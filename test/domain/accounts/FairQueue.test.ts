import { assert, describe, it } from "@effect/vitest"
import { FastCheck, HashMap, Option } from "effect"
import * as FairQueue from "../../../src/domain/accounts/FairQueue.ts"

interface Value {
  readonly key: string
  readonly number: number
}

type Step = { readonly offer: string } | "take" | { readonly remove: number }

const key = FastCheck.constantFrom("a", "b", "c", "d")

const steps = FastCheck.array(
  FastCheck.oneof(
    { weight: 4, arbitrary: key.map((offer): Step => ({ offer })) },
    { weight: 2, arbitrary: FastCheck.constant<Step>("take") },
    { weight: 1, arbitrary: FastCheck.nat(20).map((remove): Step => ({ remove })) }
  ),
  { maxLength: 60 }
)

const drain = (self: FairQueue.FairQueue<Value>): ReadonlyArray<Value> =>
  Option.match(FairQueue.take(self), { onNone: () => [], onSome: ([value, rest]) => [value, ...drain(rest)] })

const run = (all: ReadonlyArray<Step>, options: { readonly capacity: number; readonly share: number }) => {
  let queue = FairQueue.make<Value>(options)
  let waiting: ReadonlyArray<Value> = []
  all.forEach((step, number) => {
    if (step === "take") {
      const [value, rest] = Option.getOrElse(FairQueue.take(queue), () => [undefined, queue] as const)
      assert.strictEqual(value === undefined, waiting.length === 0)
      waiting = waiting.filter((other) => other !== value)
      queue = rest
    } else if ("offer" in step) {
      const value = { key: step.offer, number }
      const own = waiting.filter((other) => other.key === step.offer).length
      const longer = FairQueue.offer(queue, step.offer, value)
      assert.strictEqual(Option.isSome(longer), waiting.length < options.capacity && own < options.share)
      if (Option.isSome(longer)) waiting = [...waiting, value]
      queue = Option.getOrElse(longer, () => queue)
    } else {
      const value = waiting[step.remove]
      if (value === undefined) return
      queue = FairQueue.remove(queue, value.key, value)
      waiting = waiting.filter((other) => other !== value)
    }
    assert.strictEqual(queue.size, waiting.length)
    assert.strictEqual(HashMap.size(queue.lines), queue.turns.length)
  })
  return { queue, waiting }
}

const bounds = FastCheck.record({ capacity: FastCheck.integer({ min: 1, max: 20 }), share: FastCheck.nat(10) })

describe("FairQueue", () => {
  it.prop("holds what was put in and not taken out, within its bounds", [steps, bounds], ([all, options]) => {
    const { queue, waiting } = run(all, options)
    assert.sameMembers([...drain(queue)], [...waiting])
  })

  it.prop("keeps the order of each key", [steps], ([all]) => {
    const { queue } = run(all, { capacity: 100, share: 100 })
    for (const key of ["a", "b", "c", "d"]) {
      const own = drain(queue).filter((value) => value.key === key)
      assert.deepStrictEqual(
        own.map(({ number }) => number),
        own.map(({ number }) => number).sort((a, b) => a - b)
      )
    }
  })

  it.prop("between two of one key comes one of every other that waits", [steps], ([all]) => {
    const out = drain(run(all, { capacity: 100, share: 100 }).queue)
    out.forEach((value, at) => {
      const again = out.findIndex((other, index) => index > at && other.key === value.key)
      if (again < 0) return
      const between = new Set(out.slice(at + 1, again).map((other) => other.key))
      for (const later of out.slice(again)) {
        if (later.key !== value.key) assert.isTrue(between.has(later.key), `${later.key} waits for ${value.key}`)
      }
    })
  })

  it("the longest line of a full queue makes room for a shorter one, and for no longer one", () => {
    const put = (queue: FairQueue.FairQueue<string>, key: string, value: string) =>
      Option.getOrThrow(FairQueue.offer(queue, key, value))
    let queue = FairQueue.make<string>({ capacity: 4, share: 4 })
    for (const value of ["a1", "a2", "a3"]) queue = put(queue, "a", value)
    assert.isTrue(Option.isNone(FairQueue.displace(queue, "c")))
    queue = put(queue, "b", "b1")
    const [displaced, rest] = Option.getOrThrow(FairQueue.displace(queue, "c"))
    assert.deepStrictEqual([displaced, rest.size], ["a3", 3])
    const full = put(rest, "c", "c1")
    for (const key of ["a", "b", "c"]) assert.isTrue(Option.isNone(FairQueue.displace(full, key)))
    assert.isTrue(Option.isSome(FairQueue.displace(full, "d")))
    const out: Array<string> = []
    let left = full
    for (let taken = FairQueue.take(left); Option.isSome(taken); taken = FairQueue.take(left)) {
      out.push(taken.value[0])
      left = taken.value[1]
    }
    assert.deepStrictEqual(out, ["a1", "b1", "c1", "a2"])
  })

  it("a newcomer's first is next but one, however many one key has put in", () => {
    let queue = FairQueue.make<number>({ capacity: 300, share: 300 })
    for (let number = 0; number < 200; number++) queue = Option.getOrThrow(FairQueue.offer(queue, "storm", number))
    queue = Option.getOrThrow(FairQueue.offer(queue, "calm", -1))
    const [, rest] = Option.getOrThrow(FairQueue.take(queue))
    assert.strictEqual(Option.getOrThrow(FairQueue.take(rest))[0], -1)
  })
})
