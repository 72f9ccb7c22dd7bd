import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as Argv from "../../src/runtime/cli/Argv.ts"
import { grammars } from "../../src/runtime/cli/Grammars.ts"
import * as Help from "../../src/runtime/cli/Help.ts"
import { all } from "../../src/runtime/config/Settings.ts"
import { values } from "../config/Arbitraries.ts"

const parse = (...words: ReadonlyArray<string>) => Argv.parse(grammars, words)

const run = (...words: ReadonlyArray<string>): ReadonlyArray<string> | string =>
  Either.match(parse(...words), {
    onLeft: ({ message }) => message,
    onRight: (request) => (request._tag === "Run" ? request.words : request._tag)
  })

const given = FastCheck.record(
  Object.fromEntries(
    all.map((row) => [
      row.flag,
      FastCheck.tuple(values[row.key], FastCheck.boolean()).map(([value, attached]) => ({
        row,
        text: row.codec.print(value as never),
        attached
      }))
    ])
  ),
  { requiredKeys: [] }
)

describe("Argv.parse", () => {
  it.prop("gives options in plain form, however they were written", [given], ([options]) => {
    const good = Object.values(options).flatMap((option) =>
      option === undefined || /^-/.test(option.text) ? [] : [option]
    )
    const written = good.flatMap(({ attached, row, text }) => (attached ? [`${row.flag}=${text}`] : [row.flag, text]))
    const plain = good.flatMap(({ row, text }) => [row.alias === undefined ? row.flag : `-${row.alias}`, text])
    assert.deepStrictEqual(run("serve", ...written), ["serve", ...plain])
  })

  const word = FastCheck.oneof(
    FastCheck.fullUnicodeString(),
    FastCheck.constantFrom(
      "serve",
      "check",
      "account",
      "add",
      "ban",
      "lift",
      "--",
      "-",
      "-p",
      "--help",
      "--version",
      "--completions",
      "=",
      "--=",
      "-1"
    ),
    FastCheck.constantFrom(...all.map(({ flag }) => flag))
  )

  it.prop("is total, and a refusal is one line", [FastCheck.array(word, { maxLength: 6 })], ([words]) => {
    const parsed = parse(...words)
    if (Either.isLeft(parsed)) assert.notMatch(parsed.left.message, /[\p{Cc}\u2028\u2029]/u)
  })

  it("asks for help, version and completions from anywhere", () => {
    for (const words of [[], ["--help"], ["-h"], ["serve", "--help"], ["check", "--port", "1", "-h", "--nonsense"]]) {
      assert.strictEqual(run(...words), "Help")
    }
    assert.strictEqual(run("--version"), "Version")
    assert.strictEqual(run("serve", "--port", "1", "--version"), "Version")
    assert.strictEqual(run("--completions", "zsh"), "Completions")
    assert.strictEqual(run("serve", "--completions=bash"), "Completions")
    assert.match(String(run("--completions")), /^--completions "": expected one of sh, bash, fish, zsh$/)
  })

  it("says what is wrong with a command line", () => {
    const wrong: ReadonlyArray<readonly [words: ReadonlyArray<string>, message: string]> = [
      [["srve"], "unknown command srve: did you mean serve?"],
      [["upload"], "unknown command upload: expected serve, check, account or ban"],
      [["account", "frob"], "unknown command account frob: expected add, passwd, remove or list"],
      [["account", "ad"], "unknown command account ad: did you mean add?"],
      [["account", "--port"], "--port belongs after a command: expected weft serve --port"],
      [["account", "add"], "NAME is missing: weft account add takes NAME"],
      [["account", "add", "a", "b"], "unexpected argument b: weft account add takes NAME only"],
      [["account", "add", "a", "--password", "x"], "unknown option --password: see weft account add --help"],
      [["ban", "lift"], "ADDRESS is missing: weft ban lift takes ADDRESS"],
      [["serve", "--prot", "1"], "unknown option --prot: did you mean --port?"],
      [["serve", "--PORT", "1"], "unknown option --PORT: did you mean --port?"],
      [["serve", "--Port=1"], "unknown option --Port: did you mean --port?"],
      [["serve", "--clientsPerThread", "1"], "unknown option --clientsPerThread: did you mean --clients-per-thread?"],
      [["serve", "--unheard-of"], "unknown option --unheard-of: see weft serve --help"],
      [["serve", "-x"], "unknown option -x: see weft serve --help"],
      [["serve", "--port", "1", "--port", "2"], "--port is given twice"],
      [["serve", "--port", "1", "-p", "1"], "--port is given twice"],
      [["serve", "--port"], "--port: a value is missing: expected a port from 0 to 65535"],
      [["serve", "--port", "--host", "::"], "--port: a value is missing: expected a port from 0 to 65535"],
      [["serve", "--port="], '--port "": expected a port from 0 to 65535'],
      [["serve", "--port", "-1"], "--port -1: expected a port from 0 to 65535"],
      [["serve", "somewhere"], "unexpected argument somewhere: weft serve takes options only"],
      [["serve", "--", "--port"], "unexpected argument --port: weft serve takes options only"],
      [["--port", "1", "serve"], "--port belongs after a command: expected weft serve --port"],
      [["--verson"], "unknown option --verson: did you mean --version?"],
      [["serve", "--allow-foreign-active=maybe"], "--allow-foreign-active maybe: expected true or false"]
    ]
    for (const [words, message] of wrong) assert.strictEqual(run(...words), message)
  })

  it("a switch stands alone or takes a truth value, and no other word", () => {
    const flag = "--allow-foreign-active"
    assert.deepStrictEqual(run("serve", flag), ["serve", flag, "true"])
    assert.deepStrictEqual(run("serve", flag, "no", "--port", "1"), ["serve", flag, "false", "-p", "1"])
    assert.match(String(run("serve", flag, "somewhere")), /^unexpected argument somewhere/)
  })

  it("finds commands of two words, and shows a group that stands alone", () => {
    assert.deepStrictEqual(run("account", "add", "ann", "--password-stdin"), [
      ...["account", "add", "--password-stdin", "true"],
      ...["--", "ann"]
    ])
    assert.deepStrictEqual(run("account", "add", "--", "-odd"), ["account", "add", "--", "-odd"])
    for (const words of [["account"], ["account", "-h"], ["ban", "--help"]]) {
      assert.deepStrictEqual(
        parse(...words),
        Either.right(Argv.Request.Help({ grammar: undefined, group: words[0] ?? "" }))
      )
    }
    assert.include(Help.group(grammars, "account", 100), "account passwd  Gives")
    assert.notInclude(Help.group(grammars, "account", 100), "ban lift")
  })

  it("passes arguments on for a command that has them", () => {
    const copy: Argv.Grammar = { name: "copy", description: "", flags: [], positionals: ["FROM", "TO"] }
    const read = (...words: ReadonlyArray<string>) => Argv.parse([copy], words)
    assert.deepStrictEqual(read("copy", "a", "b"), Either.right(Argv.Request.Run({ words: ["copy", "--", "a", "b"] })))
    assert.isTrue(Either.isLeft(read("copy", "a", "b", "c")))
  })
})

describe("Help.text", () => {
  it("names every option, its variable and its default, within the width", () => {
    const text = Help.text(grammars, grammars[0], 100)
    for (const { flag, variable } of all) {
      assert.include(text, `${flag}`)
      assert.include(text, `[${variable}]`)
    }
    for (const line of text.split("\n").slice(4, -4)) assert.isAtMost(line.length, 100)
  })
})
