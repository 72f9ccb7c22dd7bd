import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Ascii from "../../../src/domain/Ascii.ts"
import * as LineEnds from "../../../src/runtime/transfer/LineEnds.ts"

/** Short lines, long ones, and pieces longer than what is turned at a time. */
const word = FastCheck.oneof(
  FastCheck.constantFrom("\n", "\r", "\r\n", "\r\r\n", "\n".repeat(500), "\r\n".repeat(500), "a\n".repeat(9000)),
  FastCheck.integer({ max: 80, min: 1 }).map((n) => "x".repeat(n)),
  FastCheck.integer({ max: 8194, min: 8190 }).map((n) => "\xff".repeat(n)),
  FastCheck.integer({ max: 200, min: 30 }).map((n) => `${"line ".repeat(20)}\n`.repeat(n))
)
const text = FastCheck.array(word, { maxLength: 12, size: "max" }).map((all) => Buffer.from(all.join(""), "latin1"))
const places = FastCheck.array(FastCheck.nat(), { maxLength: 8 })
const many = { fastCheck: { numRuns: 300 } }

const cut = (value: Buffer, at: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const sorted = [0, ...at.map((place) => place % (value.length + 1)).sort((a, b) => a - b), value.length]
  return sorted.slice(1).map((end, index) => Uint8Array.from(value.subarray(sorted[index], end)))
}

/** As the domain says, in one piece. */
const said = (into: typeof Ascii.encodeInto, value: Uint8Array): Buffer => {
  const target = Buffer.alloc(2 * value.length + 1)
  return target.subarray(0, into(target, 0, value, false))
}

const turn = (turning: LineEnds.Turning, chunks: ReadonlyArray<Uint8Array>): Buffer =>
  Buffer.concat(chunks.map((chunk) => Buffer.from(turning.unsafeTurn(chunk))))

describe("line ends", () => {
  it.prop(
    "are those of the domain's encoding, wherever the chunks are cut",
    [text, places],
    ([value, at]) => {
      const encoded = turn(LineEnds.encoder(), cut(value, at))
      assert.isTrue(encoded.equals(said(Ascii.encodeInto, value)))
    },
    many
  )

  it.prop(
    "are those of the domain's decoding, wherever the chunks are cut",
    [text, places],
    ([value, at]) => {
      const decoder = LineEnds.decoder()
      const decoded = turn(decoder, cut(value, at))
      assert.isTrue(decoded.equals(said(Ascii.decodeInto, value)))
      assert.strictEqual(Buffer.from(decoder.unsafeFlush()).toString(), value.at(-1) === 13 ? "\r" : "")
      assert.strictEqual(decoder.unsafeFlush().length, 0)
    },
    many
  )

  it.prop(
    "that were undecoded are decoded to what they were",
    [text],
    ([value]) => {
      const decoder = LineEnds.decoder()
      const again = turn(decoder, [LineEnds.undecoded(value)])
      assert.isTrue(Buffer.concat([again, decoder.unsafeFlush()]).equals(value))
    },
    many
  )

  it("that lie half in one chunk and half in the next are one", () => {
    const pieces = (...all: ReadonlyArray<string>) => all.map((one) => Buffer.from(one))
    assert.strictEqual(turn(LineEnds.encoder(), pieces("a\r", "", "\nb\nc")).toString(), "a\r\nb\r\nc")
    assert.strictEqual(turn(LineEnds.decoder(), pieces("a\r", "", "\nb\r", "c")).toString(), "a\nb\rc")
  })

  it("of a chunk are turned in the target that was given, and the chunk stays as it is", () => {
    const target = Buffer.alloc(100)
    const chunk = Buffer.from("one\ntwo\n")
    const turned = LineEnds.encoder(target).unsafeTurn(chunk)
    assert.strictEqual(turned.buffer, target.buffer)
    assert.strictEqual(Buffer.from(turned).toString(), "one\r\ntwo\r\n")
    assert.strictEqual(chunk.toString(), "one\ntwo\n")
    assert.strictEqual(Buffer.from(LineEnds.encoder(target).unsafeTurn(Buffer.alloc(100, "\n"))).length, 200)
  })
})
