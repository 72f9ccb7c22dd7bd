import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { parse } from "../../src/runtime/config/Syntax.ts"

const endings = ["yaml", "json", "toml"] as const

const refusal = (ending: string, text: string): string =>
  Either.match(parse("weft.conf", ending, text), { onLeft: ({ message }) => message, onRight: () => "accepted" })

const scalar = FastCheck.oneof(FastCheck.integer(), FastCheck.boolean(), FastCheck.stringMatching(/^[ -~]{0,20}$/))
const contents = FastCheck.dictionary(FastCheck.stringMatching(/^[a-zA-Z][a-zA-Z-]{0,12}$/), scalar, { minKeys: 1 })

describe("Syntax.parse", () => {
  it.prop("gives every key with its value and line, in each format", [contents], ([settings]) => {
    const expected = Object.entries(settings).map(([key, value], index) => ({ key, value, line: index + 2 }))
    const lines = (separator: string) => expected.map(({ key, value }) => `${key}${separator}${JSON.stringify(value)}`)
    assert.deepStrictEqual(parse("f", "json", JSON.stringify(settings, null, "\t")), Either.right(expected))
    assert.deepStrictEqual(parse("f", "yaml", ["# settings", ...lines(": ")].join("\n")), Either.right(expected))
    assert.deepStrictEqual(parse("f", "toml", ["# settings", ...lines(" = ")].join("\r\n")), Either.right(expected))
  })

  const pieces = FastCheck.array(
    FastCheck.oneof(
      FastCheck.fullUnicodeString({ maxLength: 5 }),
      FastCheck.constantFrom(
        "\n",
        ": ",
        " = ",
        "[",
        "]",
        "{",
        "}",
        '"',
        "'",
        "&a",
        "*a",
        "- ",
        "port",
        "1",
        "\t",
        "---\n",
        "#",
        "|"
      )
    ),
    { maxLength: 30 }
  ).map((parts) => parts.join(""))

  it.prop(
    "is total, and an error names file and line in one line",
    [FastCheck.constantFrom(...endings), pieces],
    ([ending, text]) => {
      const parsed = parse("weft.conf", ending, text)
      if (Either.isLeft(parsed)) {
        assert.match(parsed.left.message, /^weft\.conf:[1-9]\d*: /)
        assert.notInclude(parsed.left.message, "\n")
      }
    }
  )

  it("tells where a file is broken", () => {
    assert.match(refusal("yaml", "port: 1\nqueue: [1\n"), /^weft\.conf:[23]: not valid YAML: /)
    assert.match(refusal("yaml", "port: 1\nhost: ::\n"), /^weft\.conf:2: not valid YAML: .*quotes/)
    assert.match(refusal("toml", "port = 1\nqueue\n"), /^weft\.conf:2: not valid TOML: /)
    assert.match(refusal("toml", "port = 1\n]\n"), /^weft\.conf:2: not valid TOML: /)
    assert.match(refusal("toml", "port = \nqueue = 2\n"), /^weft\.conf:1: not valid TOML: /)
    assert.match(refusal("json", '{\n"port": 1,\n"queue" 2}'), /^weft\.conf:3: not valid JSON: /)
    assert.match(refusal("yaml", "- port\n- queue\n"), /^weft\.conf:1: expected settings/)
    assert.match(refusal("yaml", "just words"), /^weft\.conf:1: expected settings/)
    assert.match(refusal("yaml", "a: 1\n---\nb: 2\n"), /^weft\.conf:2: /)
  })

  it("a key written twice is an error that names it", () => {
    assert.strictEqual(refusal("yaml", "port: 1\nqueue: 1\nport: 2\n"), "weft.conf:3: port is given twice")
    assert.strictEqual(refusal("toml", "port = 1\nport = 2\n"), "weft.conf:2: port is given twice")
    assert.strictEqual(refusal("json", '{"port": 1,\n "port": 2}'), "weft.conf:2: port is given twice")
  })

  it("an empty file and one of comments say nothing", () => {
    for (const text of ["", "\n", "# nothing\n", "\uFEFF"]) {
      assert.deepStrictEqual(parse("f", "yaml", text), Either.right([]))
      assert.deepStrictEqual(parse("f", "toml", text), Either.right([]))
    }
  })

  it("a value that refers to itself is data like any other", () => {
    assert.isTrue(Either.isRight(parse("f", "yaml", "root: &a [*a]\n")))
  })
})
