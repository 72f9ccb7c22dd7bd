import { assert, describe, it } from "@effect/vitest"
import * as Processors from "../../../src/runtime/platform/Processors.ts"

describe("Processors", () => {
  it("are idle also while something waits for a disk", () => {
    const stat = "cpu  10 20 30 400 50 6 7 8 0 0\ncpu0 5 10 15 200 25 3 3 4 0 0\n"
    assert.strictEqual(Processors.idleIn(stat), 4500)
    for (const odd of ["", "cpu0 1 2 3 4 5", "cpu  1 2 3"]) assert.isUndefined(Processors.idleIn(odd))
  })

  it("tell of this machine and this process", () => {
    const { unsafeIdle, unsafeUsed } = Processors.processors
    const used = unsafeUsed()
    while (unsafeUsed() === used);
    assert.isAbove(unsafeUsed(), used)
    if (process.platform === "linux") assert.isAbove(unsafeIdle() ?? 0, 0)
    else assert.isUndefined(unsafeIdle())
  })
})
