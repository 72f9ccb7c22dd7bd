import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck } from "effect"
import * as HiddenName from "../../src/domain/HiddenName.ts"
import * as VirtualPath from "../../src/domain/VirtualPath.ts"

const name = FastCheck.tuple(
  FastCheck.constantFrom(".weft-", ".WEFT-", ".wEfT-", ".weft", "weft-", ".wef-", "..weft-", " .weft-", ""),
  FastCheck.constantFrom("", "x", "upload-1", ".weft-", "-")
)
  .map(([head, tail]) => head + tail)
  .filter((text) => text !== "")

describe("HiddenName", () => {
  it.prop("is what begins with the prefix, in any case, and has more", [name], ([name]) => {
    assert.strictEqual(HiddenName.is(name), /^\.weft-./i.test(name))
  })

  it.prop(
    "is on a path when a name on it is one",
    [FastCheck.array(name, { maxLength: 4 }), Arbitrary.make(VirtualPath.VirtualPath)],
    ([names, base]) => {
      const path = names.reduce(VirtualPath.join, base)
      assert.strictEqual(HiddenName.isOn(path), path.split("/").some(HiddenName.is))
    }
  )
})
