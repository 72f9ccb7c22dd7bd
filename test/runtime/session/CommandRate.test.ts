import { assert, describe, it } from "@effect/vitest"
import { CommandRate } from "../../../src/runtime/session/CommandRate.ts"

describe("CommandRate", () => {
  it("hears as many at once as in a second, and then no more a second than that", () => {
    const rate = new CommandRate(4)
    for (let count = 0; count < 4; count++) {
      assert.strictEqual(rate.unsafeWait(5000), 0)
      rate.unsafePay(5000)
    }
    assert.strictEqual(rate.unsafeWait(5000), 250)
    assert.strictEqual(rate.unsafeWait(5250), 0)
  })

  it("a clock that is set back holds nobody up for longer than one command", () => {
    const rate = new CommandRate(4)
    rate.unsafeWait(3_600_000)
    rate.unsafePay(3_600_000)
    assert.isAtMost(rate.unsafeWait(0), 250)
    assert.strictEqual(rate.unsafeWait(250), 0)
  })
})
