import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Bag from "../../src/domain/Bag.ts"

describe("Bag", () => {
  it.prop("holds what was added and not taken out", [FastCheck.array(FastCheck.nat(20))], ([steps]) => {
    const bag = new Bag.Bag<number>()
    const entries: Array<Bag.Entry<number>> = []
    const model = new Set<number>()
    steps.forEach((step, i) => {
      const entry = step % 2 === 0 ? undefined : entries[step % entries.length]
      if (entry === undefined) {
        entries.push(bag.add(i))
        model.add(i)
      } else {
        bag.remove(entry)
        model.delete(entry.item)
      }
      assert.strictEqual(bag.size, model.size)
      assert.deepStrictEqual(new Set(bag.items()), model)
    })
  })
})
