import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as BareLine from "../../src/domain/BareLine.ts"
import * as Command from "../../src/domain/Command.ts"
import * as Line from "../../src/domain/Line.ts"
import * as Text from "../../src/domain/Text.ts"

const verb = FastCheck.constantFrom(...Command.spellingsOf(4), ...Command.spellingsOf(3), "noop", "STOX")
const end = FastCheck.constantFrom("\r\n", "\n", "\r\0", "\r", " \r\n", "\r\nNOOP\r\n", "\r\r\n")
const said = FastCheck.tuple(verb, end).map((parts) => Text.encode(parts.join("")))
const noise = FastCheck.uint8Array({ minLength: 5, maxLength: 7 })
/** One byte of what is a verb alone is another. */
const bent = FastCheck.tuple(verb, FastCheck.nat({ max: 5 }), FastCheck.nat({ max: 255 })).map(([verb, at, byte]) => {
  const bytes = Text.encode(`${verb}\r\n`)
  bytes[at] = byte
  return bytes
})

describe("BareLine", () => {
  it("finds every verb of four letters", () => {
    for (const verb of Command.spellingsOf(4)) {
      assert.deepStrictEqual(BareLine.find(Text.encode(`${verb}\r\n`)), [{ _tag: "Text", text: verb }])
    }
  })

  it.prop(
    "finds nothing but what the long way reads, and that it holds nothing back",
    [FastCheck.oneof(said, noise, bent)],
    ([bytes]) => {
      const found = BareLine.find(bytes)
      if (found !== undefined) assert.deepStrictEqual(Line.feed(Line.empty, bytes, 64), [Line.empty, found])
    },
    { fastCheck: { numRuns: 3000 } }
  )
})
