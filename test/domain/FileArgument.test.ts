import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck, Schema } from "effect"
import * as Argument from "../../src/domain/Argument.ts"
import * as FileArgument from "../../src/domain/FileArgument.ts"
import * as SiteArgument from "../../src/domain/SiteArgument.ts"

const awkward = FastCheck.array(
  FastCheck.constantFrom('"', " ", "a", "1", "20200101000000", "202001010000", "=", ";", "UTC", "Modify=", "é"),
  { minLength: 1, maxLength: 9 }
).map((all) => all.join(""))

const runs = { fastCheck: { numRuns: 3000 } }

const laws = <A>(name: string, self: Argument.Argument<A>, withPath?: (value: A, path: string) => A) => {
  const value = Arbitrary.make(self.schema)
  const any: FastCheck.Arbitrary<A> =
    withPath === undefined
      ? value
      : FastCheck.oneof(
          value,
          FastCheck.tuple(value, awkward)
            .map(([value, path]) => withPath(value, path))
            .filter((value) => Schema.is(self.schema)(value))
        )
  describe(name, () => {
    it.prop(
      "parse(print(value)) is the value",
      [any],
      ([value]) => {
        assert.deepStrictEqual(self.parse(self.print(value)), value, self.print(value))
      },
      runs
    )

    it.prop(
      "parse is total, and what it reads is in the schema",
      [
        FastCheck.oneof(
          FastCheck.string16bits(),
          awkward,
          any.map(self.print),
          any.map((value) => `${self.print(value)} `)
        )
      ],
      ([text]) => {
        const value = self.parse(text)
        if (value !== undefined && !/[\r\n]/.test(text)) assert.isTrue(Schema.is(self.schema)(value), text)
      },
      runs
    )
  })
}

laws("ALLO", Argument.allocation)
laws("RANG", Argument.range)
laws("MFMT", FileArgument.timed, (value, path) => ({ ...value, path }))
laws("MDTM", FileArgument.maybeTimed, (value, path) => ({ ...value, path }))
laws("MFF", FileArgument.facts, (value, path) => (value === "Unsupported" ? value : { ...value, path }))
laws("XCRC", FileArgument.part, (value, path) => ({ ...value, path }))
laws("COMB", FileArgument.parts, (value, path) => ({
  ...value,
  target: path,
  sources: [path, ...value.sources] as const
}))
laws("SITE", SiteArgument.site, (value, path) => ("path" in value ? { ...value, path } : value))

const time = Date.UTC(2020, 0, 2, 3, 4, 5)

describe("what clients write", () => {
  it.each<[string, unknown, unknown]>([
    ["ALLO 10", Argument.allocation.parse("10"), 10],
    ["ALLO 10 R 5", Argument.allocation.parse("10 R 5"), 10],
    ["ALLO x", Argument.allocation.parse("x"), undefined],
    ["RANG 0 49", Argument.range.parse("0 49"), { start: 0, end: 50 }],
    ["RANG 1 0", Argument.range.parse("1 0"), "Whole"],
    ["RANG 9 3", Argument.range.parse("9 3"), undefined],
    ["MFMT", FileArgument.timed.parse("20200102030405 a b"), { modified: time, path: "a b" }],
    ["MFMT with a fraction", FileArgument.timed.parse("20200102030405.25 a"), { modified: time + 250, path: "a" }],
    ["MFMT without a name", FileArgument.timed.parse("20200102030405 "), undefined],
    ["MFMT 31 February", FileArgument.timed.parse("20200231000000 a"), undefined],
    ["MDTM", FileArgument.maybeTimed.parse("a b"), { modified: undefined, path: "a b" }],
    ["MDTM of old clients", FileArgument.maybeTimed.parse("20200102030405 a"), { modified: time, path: "a" }],
    [
      "MFF",
      FileArgument.facts.parse("modify=20200102030405;unix.MODE=0755; a;b"),
      { path: "a;b", modified: time, mode: 0o755 }
    ],
    ["MFF of what cannot be set", FileArgument.facts.parse("Create=20200102030405; a"), "Unsupported"],
    ["MFF of no mode", FileArgument.facts.parse("UNIX.mode=9; a"), undefined],
    ["MFF of nothing", FileArgument.facts.parse("; a"), undefined],
    ["XCRC", FileArgument.part.parse("file name"), { path: "file name", range: undefined }],
    [
      "XCRC quoted",
      FileArgument.part.parse('"file ""name" 0 100'),
      { path: 'file "name', range: { start: 0, end: 100 } }
    ],
    ["XCRC bare with a range", FileArgument.part.parse("file 0 100"), { path: "file", range: { start: 0, end: 100 } }],
    ["XCRC backwards", FileArgument.part.parse('"file" 5 1'), undefined],
    ["COMB", FileArgument.parts.parse('whole "part 1" part2'), { target: "whole", sources: ["part 1", "part2"] }],
    ["COMB without sources", FileArgument.parts.parse("whole"), undefined],
    ["COMB with an open quote", FileArgument.parts.parse('whole "part'), undefined],
    ["SITE CHMOD", SiteArgument.site.parse("chmod 644 a b"), { _tag: "Chmod", mode: 0o644, path: "a b" }],
    ["SITE CHMOD of no mode", SiteArgument.site.parse("CHMOD 77777 a"), undefined],
    [
      "SITE UTIME",
      SiteArgument.site.parse("UTIME 202001020304 a b"),
      { _tag: "Utime", path: "a b", modified: time - 5000, accessed: undefined }
    ],
    [
      "SITE UTIME with seconds",
      SiteArgument.site.parse("UTIME 20200102030405 a"),
      { _tag: "Utime", path: "a", modified: time, accessed: undefined }
    ],
    [
      "SITE UTIME, older",
      SiteArgument.site.parse("UTIME a b 20200102030400 20200102030405 20200102030405 UTC"),
      { _tag: "Utime", path: "a b", modified: time, accessed: time - 5000 }
    ],
    ["SITE of something else", SiteArgument.site.parse("exec rm"), { _tag: "Other", word: "EXEC" }]
  ])("%s", (_, parsed, expected) => {
    assert.deepStrictEqual(parsed, expected)
  })
})
