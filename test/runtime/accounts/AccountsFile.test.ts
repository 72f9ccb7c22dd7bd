import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as AccountsEdit from "../../../src/runtime/accounts/AccountsEdit.ts"
import * as AccountsFile from "../../../src/runtime/accounts/AccountsFile.ts"
import * as Password from "../../../src/runtime/accounts/Password.ts"

const hash = Password.print(Password.dummy({ ln: 4, r: 1, p: 1 }))

const parse = (text: string, json = false) =>
  AccountsFile.parse({ file: json ? "a.json" : "a.yaml", folder: "/etc/weft", json, text })

const refusal = (text: string, json = false): string =>
  Either.match(parse(text, json), { onLeft: ({ message }) => message, onRight: () => "accepted" })

const account = (...lines: ReadonlyArray<string>): string =>
  ["accounts:", "  - name: ann", `    password: ${hash}`, ...lines.map((line) => `    ${line}`), ""].join("\n")

describe("AccountsFile.parse", () => {
  it("understands everything an account may say", () => {
    const book = Either.getOrThrow(
      parse(
        account(
          "home: cameras/1",
          "permissions: read-write",
          "paths: { /outbox: read-only, /inbox/: [list, write], /secret: [] }",
          'denied: ["*.exe"]',
          "disabled: yes",
          "limits: { sessions: 4, uploadRate: 1MiB, downloadRate: none, uploadSize: 1GiB, quotaBytes: 5, quotaFiles: 9 }"
        )
      )
    )
    const { account: found, disabled } = book.get("ann") ?? assert.fail("no account")
    assert.isTrue(disabled)
    assert.strictEqual(found.home, "/etc/weft/cameras/1")
    assert.strictEqual(found.rights.permissions.size, 11)
    assert.deepStrictEqual(
      found.rights.prefixes.map(({ path, permissions }) => [path, [...permissions]]),
      [
        ["/outbox", ["list", "read"]],
        ["/inbox", ["list", "write"]],
        ["/secret", []]
      ]
    )
    assert.deepStrictEqual(found.rights.denied, ["*.exe"])
    assert.deepStrictEqual(found.limits, {
      sessions: 4,
      uploadRate: 2 ** 20,
      uploadSize: 2 ** 30,
      quotaBytes: 5,
      quotaFiles: 9
    })
  })

  it("is read only, at home in the root and unlimited where it says nothing", () => {
    const { account: found, disabled } = Either.getOrThrow(parse(account())).get("ann") ?? assert.fail("no account")
    assert.isFalse(disabled)
    assert.notProperty(found, "home")
    assert.deepStrictEqual([...found.rights.permissions], ["list", "read"])
    assert.deepStrictEqual(found.limits, {})
  })

  it("names file, line, account and field, and what was expected", () => {
    const wrong: ReadonlyArray<readonly [text: string, message: RegExp]> = [
      [
        account("permissions: all"),
        /^a\.yaml:4: account ann: permissions all: expected read-only, read-write or a list/
      ],
      [account("permissions: [list, fly]"), /^a\.yaml:4: account ann: permissions .*: expected read-only/],
      [
        account("premissions: read-only"),
        /^a\.yaml:4: account ann: unknown field premissions: did you mean permissions\?$/
      ],
      [
        account("limits:", "  sessions: 0"),
        /^a\.yaml:5: account ann: limits\.sessions 0: expected a whole number from 1/
      ],
      [account("limits:", "  quota: 1"), /^a\.yaml:5: account ann: unknown field limits\.quota/],
      [account("limits: 5"), /^a\.yaml:4: account ann: limits 5: expected limits such as/],
      [account("limits: { uploadRate: fast }"), /^a\.yaml:4: account ann: limits\.uploadRate fast: expected a size/],
      [account("disabled: maybe"), /^a\.yaml:4: account ann: disabled maybe: expected true or false$/],
      [account('denied: ["a/b"]'), /^a\.yaml:4: account ann: denied\.0 a\/b: expected a glob for one name/],
      [account("denied: x"), /^a\.yaml:4: account ann: denied x: expected a list of globs/],
      [
        account("paths: { outbox: read-only }"),
        /^a\.yaml:4: account ann: paths\.outbox read-only: expected an absolute path/
      ],
      [account("paths:", "  /a: read-only", "  /a/: read-only"), /^a\.yaml:6: account ann: .*is given twice/],
      [account("paths: { /a: fly }"), /^a\.yaml:4: account ann: paths\.\/a fly: expected read-only/],
      [account("home: 5"), /^a\.yaml:4: account ann: home 5: expected the path of a folder$/],
      [`${account()}  - name: ann\n    password: ${hash}\n`, /^a\.yaml:4: account ann: name ann is given twice$/],
      ["accounts:\n  - name: ann\n", /^a\.yaml:2: account ann: password is missing$/],
      [
        "accounts:\n  - name: ann\n    password: sesame\n",
        /^a\.yaml:3: account ann: password: expected a password hash/
      ],
      [
        "accounts:\n  - name: ann\n    password: $argon2id$v=19$x\n",
        /^a\.yaml:3: account ann: password: expected a password hash of a known kind, scrypt, not argon2id$/
      ],
      [`accounts:\n  - name: a:b\n    password: ${hash}\n`, /^a\.yaml:2: account a:b: name a:b: expected a name/],
      [`accounts:\n  - name: 5\n    password: ${hash}\n`, /^a\.yaml:2: account 1: name 5: expected a name/],
      ["accounts:\n  - 5\n", /^a\.yaml:2: account 1: expected an account with a name and a password$/],
      ["accounts: 5\n", /^a\.yaml:1: accounts 5: expected a list of accounts$/],
      ["- a\n", /^a\.yaml:1: expected accounts, as in "accounts: \[\]"$/],
      ["accuonts: []\n", /^a\.yaml:1: unknown field accuonts: did you mean accounts\?$/],
      ["accounts: []\nmore: 1\n", /^a\.yaml:2: unknown field more/],
      ["accounts:\n  - name: ann\n    name: bob\n", /^a\.yaml:3: not valid YAML: /],
      ["accounts: [\n", /^a\.yaml:\d: not valid YAML: /]
    ]
    for (const [text, message] of wrong) assert.match(refusal(text), message, text)
    assert.match(refusal('{\n "accounts": [\n  { "name": "ann" }\n ]\n}', true), /^a\.json:3: account ann: password is/)
    assert.match(refusal('{\n "accounts": [}', true), /^a\.json:2: not valid JSON: /)
    assert.notInclude(refusal("accounts:\n  - name: ann\n    password: sesame\n"), "sesame")
  })

  it("an empty file has no accounts", () => {
    for (const text of ["", "\n# nobody yet\n", "accounts:\n", "accounts: []\n"]) {
      assert.strictEqual(Either.getOrThrow(parse(text)).size, 0, JSON.stringify(text))
    }
  })

  it("is not blown up by references", () => {
    const bomb = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    for (let level = 1; level < 9; level++) bomb.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(9)}]`)
    assert.match(refusal(bomb.join("\n")), /^a\.yaml:1: cannot be read: /)
  })

  it.prop(
    "is total, and a refusal is one line",
    [FastCheck.fullUnicodeString(), FastCheck.jsonValue()],
    ([text, value]) => {
      for (const tried of [text, JSON.stringify({ accounts: value }), JSON.stringify({ accounts: [value] })]) {
        assert.notMatch(refusal(tried, tried !== text), /[\p{Cc}\u2028\u2029]/u)
      }
    }
  )
})

describe("AccountsEdit", () => {
  const ann = { name: "ann", password: hash, permissions: "read-only" }
  const names = (text: string, json = false) => [...Either.getOrThrow(parse(text, json)).keys()]

  it("keeps what stands in the file", () => {
    const before = `# ours\naccounts:\n  # the first\n  - name: "bob"   # builder\n    password: ${hash}\n    permissions: [list, read]\n`
    const after = Either.getOrThrow(AccountsEdit.add(before, false, ann))
    assert.deepStrictEqual(names(after), ["bob", "ann"])
    for (const kept of ["# ours", "# the first", '"bob"', "# builder"]) assert.include(after, kept)
    const back = Either.getOrThrow(AccountsEdit.remove(after, false, "ann"))
    assert.strictEqual(back, Either.getOrThrow(AccountsEdit.setPassword(back, false, "bob", hash)))
    const other = Password.print(Password.dummy({ ln: 4, r: 1, p: 1 }))
    const changed = Either.getOrThrow(AccountsEdit.setPassword(after, false, "bob", other))
    assert.strictEqual(changed, after.replace(hash, other))
  })

  it("a JSON file that can be read can be changed, a comma too many or not", () => {
    for (const empty of ['{ "accounts": [], }', '\uFEFF{ "accounts": [] }', "null", '{ "accounts": null }']) {
      assert.deepStrictEqual(names(empty, true), [], empty)
      const text = Either.getOrThrow(AccountsEdit.add(empty, true, { ...ann, name: "ann" }))
      assert.deepStrictEqual(names(text, true), ["ann"])
      assert.doesNotThrow(() => JSON.parse(text))
    }
  })

  it.prop(
    "what was added is there, and gone when it was removed, in YAML and JSON, into anything empty",
    [
      FastCheck.uniqueArray(FastCheck.stringMatching(/^[a-z0-9#'"{}[\]&*!|>%@-]{1,12}$/), {
        minLength: 1,
        maxLength: 5
      }),
      FastCheck.constantFrom("", "accounts:\n", "accounts: []\n", "# nobody\n"),
      FastCheck.boolean()
    ],
    ([all, empty, json]) => {
      let text = json ? "" : empty
      for (const name of all) text = Either.getOrThrow(AccountsEdit.add(text, json, { ...ann, name }))
      assert.deepStrictEqual(names(text, json), all)
      for (const name of all) {
        assert.deepStrictEqual(AccountsEdit.add(text, json, { ...ann, name }), Either.left("exists"))
        text = Either.getOrThrow(AccountsEdit.remove(text, json, name))
        assert.deepStrictEqual(AccountsEdit.remove(text, json, name), Either.left("missing"))
        assert.deepStrictEqual(AccountsEdit.setPassword(text, json, name, hash), Either.left("missing"))
      }
      assert.deepStrictEqual(names(text, json), [])
    }
  )
})
