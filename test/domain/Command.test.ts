import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Either, Equal, FastCheck, Redacted, Schema } from "effect"
import * as Command from "../../src/domain/Command.ts"
import { notOffered } from "../../src/domain/Verbs.ts"

const command = Arbitrary.make(Schema.typeSchema(Command.Command))

const same = (a: unknown, b: unknown): boolean =>
  Redacted.isRedacted(a) && Redacted.isRedacted(b)
    ? Redacted.value(a) === Redacted.value(b)
    : Equal.equals(a, b) || JSON.stringify(a) === JSON.stringify(b)

describe("Command", () => {
  it.prop(
    "parse(print(command)) is the command",
    [command],
    ([command]) => {
      const parsed = Command.parse(Command.print(command))
      assert.isTrue(Either.isRight(parsed), Command.print(command))
      if (Either.isRight(parsed)) {
        assert.strictEqual(parsed.right._tag, command._tag)
        assert.isTrue(same(parsed.right.argument, command.argument), Command.print(command))
      }
    },
    { fastCheck: { numRuns: 2000 } }
  )

  it.prop(
    "the schema and the hand-made parser agree",
    [command],
    ([command]) => {
      const encoded = Schema.encodeSync(Command.Command)(command)
      const line = encoded.argument === "" ? encoded._tag : `${encoded._tag} ${encoded.argument}`
      assert.strictEqual(line, Command.print(command))
      const decoded = Schema.decodeSync(Command.Command)(encoded)
      assert.isTrue(same(decoded.argument, command.argument))
    },
    { fastCheck: { numRuns: 500 } }
  )

  it("reads a verb alone as one in small letters, which is read anew each time", () => {
    for (const verb of [3, 4, 5, 6, 7].flatMap(Command.spellingsOf)) {
      assert.deepStrictEqual(Command.parse(verb), Command.parse(verb.toLowerCase()))
      assert.strictEqual(Command.parse(verb), Command.parse(verb))
    }
  })

  it.prop(
    "parse is total, and reads verbs in any case",
    [
      FastCheck.oneof(
        FastCheck.string16bits(),
        FastCheck.tuple(FastCheck.constantFrom(...Command.verbs, ...notOffered), FastCheck.string16bits()).map(
          ([verb, rest]) => `${verb} ${rest}`
        )
      )
    ],
    ([line]) => {
      const parsed = Command.parse(line)
      const word = line.split(" ", 1)[0] ?? ""
      if (Either.isRight(parsed)) assert.strictEqual(Command.spelled(word.toLowerCase()), parsed.right._tag)
      else if (parsed.left._tag === "NotOffered") assert.isTrue(notOffered.has(word.toUpperCase()))
      else if (parsed.left._tag === "Unknown") assert.isUndefined(Command.spelled(word))
    },
    { fastCheck: { numRuns: 2000 } }
  )

  it.prop(
    "the rest of the line reaches a path untouched",
    [FastCheck.string({ minLength: 1 }).filter((text) => !text.includes("\0"))],
    ([text]) => {
      assert.deepStrictEqual(Command.parse(`RETR ${text}`), Either.right({ _tag: "RETR" as const, argument: text }))
    }
  )

  it("no alias or declined verb stands for two things", () => {
    const spellings = Command.verbs.flatMap((verb) => [verb, ...(Command.rowOf(verb).aliases ?? [])])
    assert.strictEqual(new Set(spellings).size, spellings.length)
    for (const spelling of spellings) assert.isFalse(notOffered.has(spelling), spelling)
  })

  it("a password is never readable in a parsed command", () => {
    assert.notInclude(JSON.stringify(Command.parse("PASS hunter2")), "hunter2")
    assert.notInclude(String(Command.parse("PASS hunter2")), "hunter2")
  })

  it.each([
    ["TYPE A", "A"],
    ["type a n", "A"],
    ["TYPE I", "I"],
    ["TYPE L 8", "I"],
    ["TYPE E", "Unsupported"],
    ["TYPE L 7", "Unsupported"],
    ["EPSV", null],
    ["EPSV ALL", "ALL"],
    ["EPSV 2", 2],
    ["EPSV 7", "UnsupportedProtocol"],
    ["NOOP", ""],
    ["PASV ", null]
  ])("%s", (line, argument) => {
    const parsed = Command.parse(line)
    assert.isTrue(Either.isRight(parsed))
    if (Either.isRight(parsed)) assert.deepStrictEqual(parsed.right.argument, argument)
  })

  it.each([
    "USER",
    "USER ",
    "TYPE",
    "TYPE X",
    "REST -1",
    "REST 1x",
    "REST 1e3",
    "PORT 1,2,3",
    "PWD x",
    "EPSV ALLES",
    "RETR",
    "RETR a\0b",
    "STRU X",
    "OPTS"
  ])("%s is a syntax error", (line) => {
    const parsed = Command.parse(line)
    assert.isTrue(Either.isLeft(parsed) && parsed.left._tag === "BadSyntax")
  })
})
