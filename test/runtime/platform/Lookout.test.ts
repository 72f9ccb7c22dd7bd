import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Lookout } from "../../../src/runtime/platform/Lookout.ts"

/** Before which of so many sleeps it looks out, where something comes at once before those only that `pays` names. */
const played = (sleeps: number, pays: (sleep: number) => boolean): ReadonlyArray<number> => {
  const self = new Lookout()
  const looked: Array<number> = []
  for (let sleep = 0; sleep < sleeps; sleep++) {
    if (!self.unsafeIsDue(1)) continue
    looked.push(sleep)
    self.unsafeLook(() => pays(sleep))
  }
  return looked
}

describe("Lookout", () => {
  it("looks before every sleep as long as that pays", () => {
    assert.strictEqual(played(100, () => true).length, 100)
  })

  it("tries again ever more seldom where it does not, and never gives up", () => {
    const looked = played(100_000, () => false)
    const pauses = looked.slice(1).map((sleep, index) => sleep - (looked[index] ?? 0))
    assert.deepStrictEqual(pauses.slice(0, 11), [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024])
    assert.isTrue(pauses.slice(11).every((pause) => pause === 1024))
  })

  it("begins anew as soon as it has paid", () => {
    const looked = played(3000, (sleep) => sleep >= 1000)
    const paid = looked.findIndex((sleep) => sleep >= 1000)
    assert.isAbove(paid, 0)
    const first = looked[paid] ?? 0
    assert.strictEqual(looked.length - paid, 3000 - first)
  })

  it("does not look where nobody was told anything, nor where a crowd was", () => {
    const self = new Lookout()
    const due = [0, 1, 8, 9, 500].filter((told) => self.unsafeIsDue(told))
    assert.deepStrictEqual(due, [1, 8])
  })

  it("asks no further once something has come, and a bounded number of times where nothing does", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.integer({ min: 1, max: 1000 }), (comesAt) => {
        let asked = 0
        new Lookout().unsafeLook(() => ++asked === comesAt)
        assert.strictEqual(asked, Math.min(comesAt, 128))
      })
    )
  })
})
