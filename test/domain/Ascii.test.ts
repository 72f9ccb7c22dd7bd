import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Ascii from "../../src/domain/Ascii.ts"

const word = FastCheck.oneof(
  FastCheck.constantFrom("\n", "\r", "\r\n", "a"),
  FastCheck.integer({ max: 80, min: 1 }).map((n) => "x".repeat(n))
)
const text = FastCheck.array(word, { maxLength: 12, size: "max" }).map((all) => all.join(""))
const places = FastCheck.array(FastCheck.nat(), { maxLength: 8 })
const many = { fastCheck: { numRuns: 1000 } }

const toBytes = (value: string): Uint8Array => Uint8Array.from(value, (character) => character.charCodeAt(0))
const toText = (chunks: ReadonlyArray<Uint8Array>): string =>
  chunks.map((chunk) => String.fromCharCode(...chunk)).join("")

const cut = (value: string, at: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const sorted = [0, ...at.map((place) => place % (value.length + 1)).sort((a, b) => a - b), value.length]
  return sorted.slice(1).map((end, index) => toBytes(value.slice(sorted[index], end)))
}

const endsInCr = (chunk: Uint8Array, before: boolean): boolean => (chunk.length === 0 ? before : chunk.at(-1) === 13)

/** Chunk after chunk into one target, which has no more room than it has to have. */
const through = (
  into: typeof Ascii.encodeInto,
  chunks: ReadonlyArray<Uint8Array>,
  room: (length: number) => number
) => {
  let isBehindCr = false
  const turned = chunks.map((chunk) => {
    const target = new Uint8Array(3 + room(chunk.length)).fill(0xee)
    const end = into(target, 3, chunk, isBehindCr)
    assert.isAtMost(end, target.length)
    isBehindCr = endsInCr(chunk, isBehindCr)
    return target.subarray(3, end)
  })
  return { isBehindCr, text: toText(turned) }
}

const encode = (chunks: ReadonlyArray<Uint8Array>): string =>
  through(Ascii.encodeInto, chunks, (length) => 2 * length).text

const decode = (chunks: ReadonlyArray<Uint8Array>): string => {
  const { isBehindCr, text } = through(Ascii.decodeInto, chunks, (length) => length + 1)
  return isBehindCr ? `${text}\r` : text
}

describe("Ascii", () => {
  it.prop(
    "encode gives every bare LF its CR, wherever the chunks are cut",
    [text, places],
    ([value, at]) => {
      assert.strictEqual(encode(cut(value, at)), value.replace(/(?<!\r)\n/g, "\r\n"))
    },
    many
  )

  it.prop(
    "decode makes LF of every CR LF and keeps other CRs, wherever the chunks are cut",
    [text, places],
    ([value, at]) => {
      assert.strictEqual(decode(cut(value, at)), value.replaceAll("\r\n", "\n"))
    },
    many
  )

  it.prop("byte by byte is the same as in one piece", [text], ([value]) => {
    const single = Array.from(value, toBytes)
    assert.strictEqual(encode(single), encode([toBytes(value)]))
    assert.strictEqual(decode(single), decode([toBytes(value)]))
  })

  it.prop("what has no CR survives the way there and back", [text, places, places], ([value, one, other]) => {
    const plain = value.replaceAll("\r", "")
    assert.strictEqual(decode(cut(encode(cut(plain, one)), other)), plain)
  })

  it.prop("encode is idempotent", [text], ([value]) => {
    const once = encode([toBytes(value)])
    assert.strictEqual(encode([toBytes(once)]), once)
  })

  it("a CR at the end of a chunk belongs to the LF of the next", () => {
    assert.strictEqual(encode([toBytes("a\r"), toBytes(""), toBytes("\nb")]), "a\r\nb")
    assert.strictEqual(decode([toBytes("a\r"), toBytes(""), toBytes("\nb\r")]), "a\nb\r")
  })
})
