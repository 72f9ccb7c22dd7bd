import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Reply from "../../src/domain/Reply.ts"

const text = FastCheck.string16bits()
const reply = FastCheck.tuple(
  FastCheck.integer({ min: 100, max: 599 }),
  text,
  FastCheck.array(text, { maxLength: 5 })
).map(([code, first, more]) => Reply.make(code, first, ...more))

/** Reads a reply as RFC 959 section 4.2 tells a client to. */
const read = (wire: string) => {
  const lines = wire.split("\r\n")
  const code = lines[0]?.slice(0, 3)
  const multiple = lines[0]?.[3] === "-"
  const end = multiple ? lines.findIndex((line, i) => i > 0 && line.startsWith(`${code} `)) : 0
  return { code: Number(code), lines: lines.slice(0, end + 1), rest: lines.slice(end + 1) }
}

describe("Reply", () => {
  it.prop(
    "a client reads back exactly one reply, whatever its text",
    [reply],
    ([reply]) => {
      const { code, lines, rest } = read(Reply.render(reply))
      assert.strictEqual(code, reply.code)
      assert.strictEqual(lines.length, reply.lines.length)
      assert.deepStrictEqual(rest, [""])
    },
    { fastCheck: { numRuns: 1000 } }
  )

  it("renders what is always said alike as any other reply", () => {
    const all = Object.values(Reply).filter((one): one is Reply.Reply => "lines" in Object(one))
    assert.isAbove(all.length, 10)
    for (const one of all) assert.strictEqual(Reply.render(one), Reply.render(Reply.make(one.code, ...one.lines)))
  })

  it.prop("streamed inner lines read back as the rendered reply does", [reply], ([reply]) => {
    const [first, ...more] = reply.lines
    const last = more.pop()
    if (last === undefined) return
    const streamed =
      Reply.begin(reply.code, first) + more.map(Reply.inner).join("") + Reply.render(Reply.make(reply.code, last))
    assert.strictEqual(streamed, Reply.render(reply))
  })

  it("a line end in a name cannot forge a reply", () => {
    assert.strictEqual(Reply.render(Reply.make(550, "x\r\n226 Done")), "550 x??226 Done\r\n")
  })
})
