import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Text from "../../src/domain/Text.ts"

const bytes = FastCheck.oneof(
  FastCheck.uint8Array({ maxLength: 200, size: "max" }),
  FastCheck.fullUnicodeString().map((text) => new TextEncoder().encode(text)),
  FastCheck.array(
    FastCheck.constantFrom(0x41, 0x80, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff),
    {
      maxLength: 100,
      size: "max"
    }
  ).map((all) => Uint8Array.from(all))
)

const isValid = (input: Uint8Array): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(input)
    return true
  } catch {
    return false
  }
}

describe("Text", () => {
  it.prop(
    "oneLine puts a question mark for every line end and NUL, and changes nothing else",
    [FastCheck.array(FastCheck.oneof(FastCheck.constantFrom("\r", "\n", "\0"), FastCheck.fullUnicode()))],
    ([all]) => {
      const expected = all.map((one) => (one === "\r" || one === "\n" || one === "\0" ? "?" : one))
      assert.strictEqual(Text.oneLine(all.join("")), expected.join(""))
    }
  )

  it.prop("encode gives back what decode read, whatever it was", [bytes], ([input]) => {
    assert.deepStrictEqual(Array.from(Text.encode(Text.decode(input))), Array.from(input))
  })

  it.prop(
    "decode reads valid UTF-8 as everybody does, byte order mark included",
    [FastCheck.fullUnicodeString()],
    ([text]) => {
      assert.strictEqual(Text.decode(new TextEncoder().encode(text)), text)
      assert.strictEqual(Text.decode(new TextEncoder().encode(`\ufeff${text}`)), `\ufeff${text}`)
    }
  )

  it.prop(
    "encode is UTF-8 for well-formed text of any length",
    [FastCheck.fullUnicodeString({ maxLength: 200, size: "max" })],
    ([text]) => {
      assert.deepStrictEqual(Text.encode(text), new TextEncoder().encode(text))
    }
  )

  it.prop("exactly what is not valid UTF-8 becomes lone surrogates", [bytes], ([input]) => {
    assert.strictEqual(/\p{Surrogate}/u.test(Text.decode(input)), !isValid(input))
  })

  it.prop(
    "byteLength counts what encode makes",
    [FastCheck.string16bits({ maxLength: 200, size: "max" })],
    ([text]) => {
      assert.strictEqual(Text.byteLength(text), Text.encode(text).length)
    }
  )

  it.prop(
    "isAscii means one byte a character",
    [FastCheck.oneof(FastCheck.string(), FastCheck.string16bits())],
    ([text]) => {
      assert.strictEqual(
        Text.isAscii(text),
        Array.from(text).every((character) => (character.codePointAt(0) ?? 0) < 0x80)
      )
    }
  )

  it("keeps the good around the bad", () => {
    assert.strictEqual(Text.decode(Uint8Array.of(0x41, 0xc3, 0xc3, 0xa9, 0xff, 0x42)), "A\udcc3\u00e9\udcffB")
  })

  it("refuses overlong forms, surrogates and what lies beyond U+10FFFF byte by byte", () => {
    for (const input of [
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xf0, 0x80, 0x80, 0xaf],
      [0xf4, 0x90, 0x80, 0x80],
      [0xe2, 0x82]
    ]) {
      assert.strictEqual(
        Text.decode(Uint8Array.from(input)),
        input.map((byte) => String.fromCharCode(0xdc00 + byte)).join("")
      )
    }
  })

  it("turns a surrogate that stands for no byte into U+FFFD, short or long", () => {
    assert.deepStrictEqual(Array.from(Text.encode("\ud800")), [0xef, 0xbf, 0xbd])
    assert.deepStrictEqual(Array.from(Text.encode("\udc7f".repeat(100)).subarray(0, 4)), [0xef, 0xbf, 0xbd, 0xef])
  })
})
