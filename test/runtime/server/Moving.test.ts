import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Moving } from "../../../src/runtime/server/Moving.ts"

describe("Moving", () => {
  const share = FastCheck.integer({ min: 1, max: 8 }).chain((of) =>
    FastCheck.record({ of: FastCheck.constant(of), stay: FastCheck.nat(of) })
  )

  it.prop(
    "lets so many of each so many stay, and the others go",
    [FastCheck.array(share, { maxLength: 6 }), FastCheck.nat(30)],
    ([wishes, times]) => {
      const moving = new Moving<never>(new Int32Array(1), () => {})
      assert.isFalse(moving.unsafeTakes())
      for (const wished of wishes) {
        const before = moving.wish
        moving.unsafeWish(wished)
        assert.notStrictEqual(moving.wish, before)
        const sessions = times * wished.of
        const taken = Array.from({ length: sessions }, () => moving.unsafeTakes()).filter(Boolean).length
        assert.strictEqual(taken, times * (wished.of - wished.stay))
      }
    }
  )

  it("lets no crowd go at once", () => {
    const moving = new Moving<never>(new Int32Array(1), () => {})
    for (let wish = 0; wish < 2; wish++) {
      moving.unsafeWish({ stay: 0, of: 1 })
      const taken = Array.from({ length: 1000 }, () => moving.unsafeTakes()).filter(Boolean).length
      assert.strictEqual(taken, 256)
    }
  })

  it("counts commands in a number that turns over", () => {
    const heard = Int32Array.of(0x7fff_fffe)
    const moving = new Moving<never>(heard, () => {})
    for (let count = 0; count < 3; count++) moving.unsafeCount()
    assert.strictEqual(((heard[0] ?? 0) - 0x7fff_fffe) >>> 0, 3)
  })
})
