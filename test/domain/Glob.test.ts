import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Glob from "../../src/domain/Glob.ts"

const name = FastCheck.array(FastCheck.constantFrom("a", "b", "c", ".", "]", "-", "é", "😀", "\\", "*"), {
  maxLength: 8
}).map((all) => all.join(""))
/** A piece of a pattern, the same piece as a regular expression, and names it may stand for. */
type Piece = readonly [glob: string, source: string, ...samples: ReadonlyArray<string>]
const pieces = FastCheck.array(
  FastCheck.constantFrom<Piece>(
    ["*", "[^]*", "", "ab", ".*", "bab"],
    ["?", "[^]", "c", "😀", "."],
    ["[a-b]", "[ab]", "a", "b"],
    ["[!a-b]", "[^ab]", "c", "-"],
    ["[^a]", "[^a]", "b"],
    ["[]a]", "[\\]a]", "]", "a"],
    ["[!]a]", "[^\\]a]", "b"],
    ["[a-]", "[a\\-]", "-", "a"],
    ["[\\]\\-]", "[\\]\\-]", "]", "-"],
    ["[é-😀]", "[é-😀]", "é", "😀"],
    ["[b-a]", "(?!)", "a"],
    ["a", "a", "a"],
    ["b", "b", "b"],
    [".", "\\.", "."],
    ["😀", "😀", "😀"],
    ["]", "\\]", "]"],
    ["\\*", "\\*", "*"],
    ["\\\\", "\\\\", "\\"],
    ["\\a", "a", "a"]
  ),
  { maxLength: 6 }
)
const escape = (text: string): string => text.replace(/[*?[\]\\]/g, "\\$&")
const many = { fastCheck: { numRuns: 2000 } }

describe("Glob", () => {
  it.prop(
    "matches as the same regular expression does, a leading dot aside",
    [pieces, FastCheck.array(FastCheck.nat(), { minLength: 6, maxLength: 6 }), name],
    ([chosen, picks, other]) => {
      const pattern = chosen.map(([glob]) => glob).join("")
      const expression = new RegExp(`^(?:${chosen.map(([, source]) => source).join("")})$`, "u")
      const likely = chosen
        .map(([, , ...samples], index) => samples[(picks[index] ?? 0) % samples.length] ?? "")
        .join("")
      for (const text of [likely, other]) {
        const hidden = text.startsWith(".") && !pattern.startsWith(".")
        assert.strictEqual(Glob.matches(pattern, text), expression.test(text) && !hidden, `${pattern} ${text}`)
      }
    },
    many
  )

  it.prop("a name escaped matches itself alone, and is no pattern", [name, name], ([text, other]) => {
    assert.isFalse(Glob.isPattern(escape(text)))
    assert.isTrue(Glob.matches(escape(text), text))
    assert.strictEqual(Glob.matches(escape(text), other), text === other)
  })

  it.prop(
    "parse is total, and what is no pattern matches one name at most",
    [FastCheck.string(), name, name],
    ([pattern, one, other]) => {
      const both = Glob.matches(pattern, one) && Glob.matches(pattern, other)
      if (both && one !== other) assert.isTrue(Glob.isPattern(pattern))
    }
  )

  it.prop("a star takes every name but the hidden", [FastCheck.fullUnicodeString()], ([text]) => {
    assert.strictEqual(Glob.matches("*", text), !text.startsWith("."))
    assert.isTrue(Glob.matches(".*", `.${text}`))
  })

  it("a set that is not closed is a bracket, a backslash at the end a backslash", () => {
    assert.isFalse(Glob.isPattern("a[b"))
    assert.isTrue(Glob.matches("a[b", "a[b"))
    assert.isTrue(Glob.matches("a\\", "a\\"))
    assert.isTrue(Glob.isPattern("[ab]"))
    assert.isFalse(Glob.isPattern("\\[ab]"))
    assert.isTrue(Glob.matches("[!.]*.ts", "Glob.ts"))
    assert.isFalse(Glob.matches("?hidden", ".hidden"))
  })

  it("does not try every way to share the name out among the stars", () => {
    assert.isFalse(Glob.matches(`${"*a".repeat(40)}b`, "a".repeat(2000)))
  })
})
