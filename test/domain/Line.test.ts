import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Line from "../../src/domain/Line.ts"
import * as Text from "../../src/domain/Text.ts"

const limit = 12

const feedAll = (chunks: ReadonlyArray<Uint8Array>, max = limit) => {
  let state = Line.empty
  let held = 0
  const lines: Array<Line.Line> = []
  for (const chunk of chunks) {
    const own = Uint8Array.from(chunk)
    const [next, more] = Line.feed(state, own, max)
    own.fill(0x23)
    state = next
    held = Math.max(held, state.pending.buffer.byteLength)
    lines.push(...more)
  }
  return { lines, held, state }
}

const cut = (bytes: Uint8Array, places: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const sorted = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end))
}

const interesting = FastCheck.constantFrom(
  ...[0x00, 0x0a, 0x0d, 0x41, 0x42, 0x20, 0xc3, 0xa9, 0xf0, 0xf1, 0xf2, 0xf4, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff]
)
const noise = FastCheck.oneof(
  FastCheck.array(interesting, { maxLength: 80, size: "max" }).map((all) => Uint8Array.from(all)),
  FastCheck.array(FastCheck.constantFrom(..."\r\n\n\0abcdefghij"), { maxLength: 80, size: "max" }).map((all) =>
    Text.encode(all.join(""))
  )
)
const places = FastCheck.array(FastCheck.nat(), { maxLength: 10 })
const tame = FastCheck.array(FastCheck.constantFrom(..."abé€ \t\udc9f\0"), { maxLength: 2 * limit, size: "max" }).map(
  (all) => all.join("")
)
const text = (value: string): Line.Line => ({ _tag: "Text", text: value })
const expected = (value: string): Line.Line => (Text.byteLength(value) > limit ? { _tag: "TooLong" } : text(value))
const telnet = FastCheck.oneof(
  FastCheck.constantFrom([0xff, 0xf1], [0xff, 0xf2], [0xff, 0xf4], [0xff, 0xf5], [0xff, 0xf0], [0xff, 0xf9]),
  FastCheck.tuple(FastCheck.constant(0xff), FastCheck.integer({ min: 0xfb, max: 0xfe }), FastCheck.nat({ max: 255 })),
  FastCheck.array(
    FastCheck.oneof(
      FastCheck.integer({ min: 0, max: 254 }).map((byte) => [byte]),
      FastCheck.constantFrom(0xff, 0xfa, 0x0a).map((byte) => [0xff, byte])
    )
  ).map((all) => [0xff, 0xfa, ...all.flat(), 0xff, 0xf0])
)
const read = (input: ReadonlyArray<number> | string, max = 100) =>
  feedAll([typeof input === "string" ? Text.encode(input) : Uint8Array.from(input)], max).lines

describe("Line", () => {
  it.prop(
    "how the bytes are cut never changes what comes out",
    [noise, places],
    ([bytes, at]) => {
      const whole = feedAll([bytes])
      const pieces = feedAll(cut(bytes, at))
      const single = feedAll(Array.from(bytes, (byte) => Uint8Array.of(byte)))
      assert.deepStrictEqual(pieces.lines, whole.lines)
      assert.deepStrictEqual(single.lines, whole.lines)
      assert.deepStrictEqual(pieces.state, whole.state)
      assert.deepStrictEqual(single.state, whole.state)
    },
    { fastCheck: { numRuns: 1000 } }
  )

  it.prop("no more than the limit is held", [noise, places], ([bytes, at]) => {
    assert.isAtMost(feedAll(cut(bytes, at)).held, limit)
  })

  it.prop(
    "a line comes out as it went in, or as one TooLong",
    [FastCheck.array(FastCheck.tuple(tame, FastCheck.constantFrom("\r\n", "\n"))), places],
    ([lines, at]) => {
      const bytes = Text.encode(lines.map(([line, end]) => line + end).join(""))
      assert.deepStrictEqual(
        feedAll(cut(bytes, at)).lines,
        lines.map(([line]) => expected(line))
      )
    }
  )

  it.prop(
    "Telnet leaves no trace, wherever it stands",
    [FastCheck.array(FastCheck.tuple(FastCheck.constantFrom(..."ab\r\n "), FastCheck.option(telnet)))],
    ([items]) => {
      const plain = Text.encode(items.map(([character]) => character).join(""))
      const mixed = items.flatMap(([character, command]) => [...(command ?? []), character.charCodeAt(0)])
      assert.deepStrictEqual(feedAll([Uint8Array.from(mixed)]).lines, feedAll([plain]).lines)
    }
  )

  it.prop("a doubled IAC is one byte 0xFF", [FastCheck.uint8Array({ maxLength: 60 })], ([bytes]) => {
    const safe = bytes.filter((byte) => byte !== 0x0a && byte !== 0x0d)
    const doubled = [0x61, ...Array.from(safe).flatMap((byte) => (byte === 0xff ? [0xff, 0xff] : [byte])), 0x0a]
    assert.deepStrictEqual(read(doubled), [text(`a${Text.decode(safe)}`)])
  })

  it("reads the lines of one segment", () => {
    assert.deepStrictEqual(read("USER a\r\nPASS b\nQUIT\r\nNO"), [text("USER a"), text("PASS b"), text("QUIT")])
    assert.deepStrictEqual(read("\r\n\n"), [text(""), text("")])
  })

  it("keeps a CR that ends no line, reads CR NUL as CR and keeps any other NUL", () => {
    assert.deepStrictEqual(read("a\rb\r\r\nc\r\0d\0\r\n"), [text("a\rb\r"), text("c\rd\0")])
  })

  it("gives one TooLong per line and goes on with the next", () => {
    assert.deepStrictEqual(read("12345\r\n123456\r\n1234567\n1\r\n", 5), [
      text("12345"),
      { _tag: "TooLong" },
      { _tag: "TooLong" },
      text("1")
    ])
  })

  it("holds nothing of an endless line or an endless subnegotiation", () => {
    const line = feedAll(Array.from({ length: 100 }, () => new Uint8Array(1000).fill(0x61)))
    assert.deepStrictEqual([line.lines, line.state.pending.length, line.held <= limit], [[], 0, true])
    const option = feedAll([Uint8Array.of(0xff, 0xfa), new Uint8Array(10_000).fill(0x61)])
    assert.deepStrictEqual([option.lines, option.held], [[], 0])
    assert.deepStrictEqual(Line.feed(option.state, Uint8Array.of(0xff, 0xf0, 0x61, 0x0a), limit)[1], [text("a")])
  })

  it("hears ABOR whatever urgent data has left of its preamble", () => {
    const abort = [0x41, 0x42, 0x4f, 0x52, 0x0d, 0x0a]
    for (const preamble of [
      [0xff, 0xf4, 0xff, 0xf2],
      [0xff, 0xf4, 0xf2],
      [0xff, 0xf4, 0xff],
      [0xf4, 0xff, 0xf2],
      [0xff, 0xf4],
      [0xff],
      [0xf2]
    ]) {
      assert.deepStrictEqual(read([...preamble, ...abort]), [text("ABOR")])
      assert.deepStrictEqual(read([0x0a, ...preamble, ...abort]), [text(""), text("ABOR")])
    }
  })

  it("keeps an IAC inside a line that no Telnet command follows", () => {
    assert.deepStrictEqual(read([0x61, 0xff, 0x62, 0x0d, 0x0a]), [text("a\udcffb")])
    assert.deepStrictEqual(read([0x61, 0xff, 0x0d, 0x0a]), [text("a\udcff")])
    assert.deepStrictEqual(read([0x61, 0xf2, 0x0a]), [text("a\udcf2")])
  })
})
