import { assert, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Base36 from "../../src/domain/Base36.ts"

const edges = Array.from({ length: 10 }, (_, power) => 36 ** power).flatMap((value) => [value - 1, value, value + 1])

it.prop("print is toString(36)", [FastCheck.maxSafeNat()], ([value]) => {
  assert.strictEqual(Base36.print(value), value.toString(36))
})

it("and so it is where the number of digits changes", () => {
  for (const value of [...edges, Number.MAX_SAFE_INTEGER]) assert.strictEqual(Base36.print(value), value.toString(36))
})
