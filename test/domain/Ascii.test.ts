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

const encode = (chunks: ReadonlyArray<Uint8Array>): string => {
  let state = Ascii.emptyEncode
  return toText(
    chunks.map((chunk) => {
      const [next, bytes] = Ascii.encode(state, chunk)
      state = next
      return bytes
    })
  )
}

const decode = (chunks: ReadonlyArray<Uint8Array>): string => {
  let state = Ascii.emptyDecode
  const parts = chunks.map((chunk) => {
    const [next, bytes] = Ascii.decode(state, chunk)
    state = next
    return bytes
  })
  return toText([...parts, Ascii.flush(state)])
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

  it.prop("the chunk itself is never written to", [text, FastCheck.boolean()], ([value, carriageReturn]) => {
    const chunk = toBytes(value)
    Ascii.encode({ carriageReturn }, chunk)
    Ascii.decode({ carriageReturn }, chunk)
    assert.deepStrictEqual(chunk, toBytes(value))
  })

  it("a chunk that needs no change is not copied", () => {
    const chunk = toBytes("one\r\ntwo")
    assert.strictEqual(Ascii.encode(Ascii.emptyEncode, chunk)[1], chunk)
    const plain = toBytes("one\ntwo")
    assert.strictEqual(Ascii.decode(Ascii.emptyDecode, plain)[1], plain)
  })

  it("a CR at the end of a chunk belongs to the LF of the next", () => {
    assert.strictEqual(encode([toBytes("a\r"), toBytes(""), toBytes("\nb")]), "a\r\nb")
    assert.strictEqual(decode([toBytes("a\r"), toBytes(""), toBytes("\nb\r")]), "a\nb\r")
  })
})
