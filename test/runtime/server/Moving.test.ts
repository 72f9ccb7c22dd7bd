import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { Moving } from "../../../src/runtime/server/Moving.ts"

describe("Moving", () => {
  it.prop(
    "takes one of so many, and none where all shall stay",
    [FastCheck.array(FastCheck.nat(4), { maxLength: 6 }), FastCheck.nat(30)],
    ([wishes, sessions]) => {
      const moving = new Moving<never>(new Int32Array(1), () => {})
      for (const every of wishes) {
        const before = moving.wish
        moving.unsafeWish(every)
        assert.notStrictEqual(moving.wish, before)
        const taken = Array.from({ length: sessions }, () => moving.unsafeTakes()).filter(Boolean).length
        assert.strictEqual(taken, every === 0 ? 0 : Math.floor(sessions / every))
      }
    }
  )

  it("counts commands in a number that turns over", () => {
    const heard = Int32Array.of(0x7fff_fffe)
    const moving = new Moving<never>(heard, () => {})
    for (let count = 0; count < 3; count++) moving.unsafeCount()
    assert.strictEqual(((heard[0] ?? 0) - 0x7fff_fffe) >>> 0, 3)
  })
})
