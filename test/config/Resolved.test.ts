import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import type { ConfigError } from "../../src/runtime/config/ConfigError.ts"
import * as Resolved from "../../src/runtime/config/Resolved.ts"
import type { Key } from "../../src/runtime/config/Setting.ts"
import { all, print, settings } from "../../src/runtime/config/Settings.ts"
import type { Entry } from "../../src/runtime/config/Syntax.ts"
import { values } from "./Arbitraries.ts"

const nothing: Resolved.Sources = { flags: {}, environment: {}, file: undefined, cwd: "/work", parallelism: 2 }

const file = (...entries: ReadonlyArray<Entry>) => ({ file: "weft.yaml", folder: "/etc/weft", entries })

const resolve = (sources: Partial<Resolved.Sources>): Either.Either<Resolved.Resolved, ConfigError> =>
  Resolved.resolve({ ...nothing, ...sources })

const refusal = (sources: Partial<Resolved.Sources>): string =>
  Either.match(resolve(sources), { onLeft: ({ message }) => message, onRight: () => "accepted" })

const isPath = (key: Key): boolean => key === "root" || key === "accounts" || key === "bans"

const isOneLine = (text: string): boolean => !/[\p{Cc}\u2028\u2029]/u.test(text)

const texts = FastCheck.record(
  Object.fromEntries(all.map(({ codec, key }) => [key, values[key].map((value) => codec.print(value as never))])),
  { requiredKeys: [] }
)

describe("Resolved.resolve", () => {
  it.prop(
    "flag before variable before file before default, for each setting by itself",
    [texts, texts, texts],
    ([flags, variables, inFile]) => {
      const resolved = Either.getOrThrow(
        resolve({
          flags,
          environment: Object.fromEntries(all.map(({ key, variable }) => [variable, variables[key]])),
          file: file(...Object.entries(inFile).map(([key, value], index) => ({ key, value, line: index + 1 })))
        })
      )
      for (const { key } of all) {
        const expected = flags[key] ?? variables[key] ?? inFile[key]
        const origin = resolved.origins[key]
        const [tag] = [
          ...(flags[key] === undefined ? [] : ["Flag"]),
          ...(variables[key] === undefined ? [] : ["Environment"]),
          ...(inFile[key] === undefined ? [] : ["File"]),
          "Default"
        ]
        assert.strictEqual(origin._tag, tag)
        if (origin._tag === "File") assert.strictEqual(origin.line, Object.keys(inFile).indexOf(key) + 1)
        if (expected !== undefined && !isPath(key)) assert.strictEqual(print(key, resolved.config), expected)
      }
    }
  )

  it.prop(
    "any text in any source is either good or an error of one line that names the option",
    [
      FastCheck.constantFrom(...all),
      FastCheck.oneof(FastCheck.fullUnicodeString(), FastCheck.string()),
      FastCheck.nat(2)
    ],
    ([row, text, source]) => {
      const tried = [
        { flags: { [row.key]: text } },
        { environment: { [row.variable]: text } },
        { file: file({ key: row.key, value: text, line: 7 }) }
      ][source]
      const named = [row.flag, row.variable, `weft.yaml:7: ${row.key}`][source] ?? ""
      const result = resolve(tried ?? {})
      if (Either.isLeft(result)) {
        assert.include(result.left.message, named)
        assert.isTrue(isOneLine(result.left.message), result.left.message)
      } else {
        const parsed: Either.Either<unknown, string> = row.codec.parse(text)
        assert.isTrue(Either.isRight(parsed))
      }
    }
  )

  it.prop(
    "any value at all in a config file is either good or an error with file and line",
    [FastCheck.oneof(FastCheck.constantFrom(...all.map(({ key }) => key)), FastCheck.string()), FastCheck.anything()],
    ([key, value]) => {
      const result = resolve({ file: file({ key, value, line: 3 }) })
      if (Either.isLeft(result)) {
        assert.include(result.left.message, "weft.yaml:3: ")
        assert.isTrue(isOneLine(result.left.message), result.left.message)
      }
    }
  )

  it("takes native numbers, booleans and lists from a file, and no others", () => {
    const good = resolve({
      file: file(
        { key: "port", value: 21, line: 1 },
        { key: "idleTimeout", value: 90, line: 2 },
        { key: "allowForeignActive", value: true, line: 3 },
        { key: "passiveAddress", value: ["10.0.0.0/8=10.0.0.5", "203.0.113.5"], line: 4 }
      )
    })
    assert.include(Resolved.table(Either.getOrThrow(good)), "10.0.0.0/8=10.0.0.5,203.0.113.5  weft.yaml:4")
    const bad: ReadonlyArray<readonly [Key, unknown]> = [
      ["port", true],
      ["port", null],
      ["port", [21]],
      ["port", 21.5],
      ["root", 5],
      ["logLevel", false],
      ["allowForeignActive", 1],
      ["passiveAddress", { a: 1 }],
      ["idleTimeout", new Date(0)]
    ]
    for (const [key, value] of bad) {
      const message = refusal({ file: file({ key, value, line: 9 }) })
      assert.include(message, `weft.yaml:9: ${key} `)
      assert.include(message, `expected ${settings[key].codec.expected}`)
    }
  })

  it("reports the first thing wrong in a file, be it a value or a key", () => {
    const prot: Entry = { key: "prot", value: 1, line: 2 }
    const queue: Entry = { key: "queue", value: -1, line: 3 }
    assert.strictEqual(refusal({ file: file(prot, queue) }), "weft.yaml:2: unknown setting prot: did you mean port?")
    assert.match(refusal({ file: file(queue, prot) }), /^weft\.yaml:3: queue -1: expected a whole number/)
    assert.match(
      refusal({ file: file({ key: "__proto__", value: 1, line: 1 }) }),
      /^weft\.yaml:1: unknown setting __proto__/
    )
  })

  it("a wrong value is an error also where a better source overrides it", () => {
    assert.match(
      refusal({ flags: { port: "21" }, environment: { WEFT_PORT: "ftp" } }),
      /^WEFT_PORT=ftp: expected a port/
    )
  })

  it("a relative root starts from the folder of the file that says so, and from the working folder else", () => {
    const root = (sources: Partial<Resolved.Sources>) => Either.getOrThrow(resolve(sources)).config.root
    assert.strictEqual(root({}), "/work/FTP_FILES")
    assert.strictEqual(root({ flags: { root: "x" } }), "/work/x")
    assert.strictEqual(root({ environment: { WEFT_ROOT: "../x" } }), "/x")
    assert.strictEqual(root({ file: file({ key: "root", value: "x", line: 1 }) }), "/etc/weft/x")
    assert.strictEqual(root({ file: file({ key: "root", value: "/srv", line: 1 }) }), "/srv")
    assert.strictEqual(root({ flags: { root: "y" }, file: file({ key: "root", value: "x", line: 1 }) }), "/work/y")
  })

  it("so do the files of accounts and bans, each by itself, and none stays none", () => {
    const files = (sources: Partial<Resolved.Sources>) => {
      const { accounts, bans } = Either.getOrThrow(resolve(sources)).config
      return [accounts, bans]
    }
    const inFile = file({ key: "accounts", value: "a.yaml", line: 1 }, { key: "bans", value: "none", line: 2 })
    assert.deepStrictEqual(files({}), ["", ""])
    assert.deepStrictEqual(files({ file: inFile }), ["/etc/weft/a.yaml", ""])
    assert.deepStrictEqual(files({ file: inFile, flags: { bans: "b.json" } }), ["/etc/weft/a.yaml", "/work/b.json"])
    assert.deepStrictEqual(files({ flags: { accounts: "/x/a.yaml", bans: "../b" } }), ["/x/a.yaml", "/b"])
  })

  it("threads and shards follow each other, and contradict each other only where both were given", () => {
    const of = (flags: Resolved.Sources["flags"], parallelism: number) => {
      const { config } = Either.getOrThrow(resolve({ flags, parallelism }))
      return [config.threads, config.shards]
    }
    assert.deepStrictEqual(of({}, 8), [32, 8])
    assert.deepStrictEqual(of({ threads: "3" }, 8), [3, 3])
    assert.deepStrictEqual(of({ shards: "0" }, 8), [4, 0])
    assert.deepStrictEqual(of({ shards: "5" }, 2), [20, 5])
    assert.match(
      refusal({ flags: { shards: "5" }, environment: { WEFT_THREADS: "2" } }),
      /^--shards 5: more shards than threads \(WEFT_THREADS=2\)/
    )
  })

  it("the port listened on cannot be one for data connections", () => {
    assert.match(refusal({ flags: { port: "50001" } }), /^--port 50001: .*--passive-ports 50000-50255 \(the default\)/)
    assert.strictEqual(refusal({ flags: { port: "0", passivePorts: "0-0" } }), "accepted")
  })

  it("decodes a whole file with the schema made from the table", () => {
    const decode = Schema.decodeUnknownEither(Resolved.FileSchema)
    assert.deepStrictEqual(decode({ port: "21" }), Either.right({ port: 21 }))
    assert.isTrue(Either.isLeft(decode({ prot: 21 })))
  })
})

describe("Resolved.unknownVariables", () => {
  it("tells a misspelt variable and leaves the others alone", () => {
    const environment = {
      WEFT_PROT: "1",
      WEFT_PORT: "2",
      WEFT_CONFIG: "x.yaml",
      PATH: "/",
      WEFT_SERVICE_HOST: "10.0.0.1"
    }
    assert.deepStrictEqual(Resolved.unknownVariables(environment), [
      "WEFT_PROT is not a setting: did you mean WEFT_PORT?",
      "WEFT_SERVICE_HOST is not a setting"
    ])
  })

  it("a variable that Kubernetes sets for a service is explained", () => {
    assert.match(refusal({ environment: { WEFT_PORT: "tcp://10.0.0.1:21" } }), /enableServiceLinks/)
  })
})
