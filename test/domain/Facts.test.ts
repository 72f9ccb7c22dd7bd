import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck } from "effect"
import { Entry } from "../../src/domain/Entry.ts"
import * as Facts from "../../src/domain/Facts.ts"
import { Permission, readOnly } from "../../src/domain/Permission.ts"
import * as Timestamp from "../../src/domain/Timestamp.ts"

const awkward = FastCheck.array(FastCheck.oneof(FastCheck.constantFrom(..." ;=%\r\n\0*é"), FastCheck.fullUnicode()), {
  maxLength: 12
}).map((all) => all.join(""))
const entry = FastCheck.tuple(Arbitrary.make(Entry), awkward, awkward, awkward, awkward).map(
  ([base, name, owner, group, unique]) => ({ ...base, name, owner, group, unique })
)
const selection = FastCheck.subarray([...Facts.names]).map((names): Facts.Selection => new Set(names))
const permissions = FastCheck.uniqueArray(Arbitrary.make(Permission)).map(
  (all): ReadonlySet<Permission> => new Set(all)
)
/** Entries as one directory has them: much of each is as in the one before. */
const neighbours = FastCheck.array(
  FastCheck.tuple(
    entry,
    FastCheck.subarray(["kind", "mode", "owner", "group", "size", "modified", "unique"] as const),
    FastCheck.nat({ max: 1 })
  ),
  { maxLength: 20 }
).map((all) => {
  let last: Entry | undefined
  return all.map(([own, changed, account]) => {
    last = { ...own, ...last, name: own.name, ...Object.fromEntries(changed.map((field) => [field, own[field]])) }
    return { account, value: last }
  })
})
/** The line without any memory of others; the letters of Perm have a test of their own. */
const simple = (value: Entry, chosen: Facts.Selection, may: ReadonlySet<Permission>): string => {
  const token = (text: string) => text.replace(/[^\w,.:!@#$%^&()\-+?/\\'"=]/g, "_")
  const alone = (name: Facts.FactName) =>
    Facts.line(new Set([name]))(value, { permissions: may }).split(" ", 1)[0] ?? ""
  const facts: Record<Facts.FactName, string> = {
    Type: `Type=${{ file: "file", directory: "dir", link: "OS.unix=symlink", other: "OS.unix=special" }[value.kind]};`,
    Size: value.kind === "file" ? `Size=${Math.min(Math.trunc(value.size), Number.MAX_SAFE_INTEGER)};` : "",
    Modify: `Modify=${Timestamp.print(value.modified)};`,
    Perm: alone("Perm"),
    Unique: alone("Unique"),
    "UNIX.mode": `UNIX.mode=${value.mode.toString(8).padStart(4, "0")};`,
    "UNIX.owner": `UNIX.owner=${token(value.owner)};`,
    "UNIX.group": `UNIX.group=${token(value.group)};`
  }
  const shown = Facts.names.filter((name) => chosen.has(name)).map((name) => facts[name])
  return `${shown.join("")} ${value.name.replace(/[\0\r\n]/g, "?")}`
}
/** `entry` of RFC 3659 section 7.2, less the errors that RFC has. */
const abnf = /^((?:[\w.]+=[\w,.:!@#$%^&()\-+?/\\'"=]*;)*) ([^\r\n\0]*)$/

const parse = (line: string) => {
  const [, facts = "", name = ""] = abnf.exec(line) ?? assert.fail(`not in the grammar: ${JSON.stringify(line)}`)
  const pairs = facts
    .split(";")
    .slice(0, -1)
    .map((fact) => [fact.slice(0, fact.indexOf("=")), fact.slice(fact.indexOf("=") + 1)] as const)
  return { facts: new Map(pairs), name }
}

describe("Facts", () => {
  it.prop(
    "every line is in the grammar and holds the selected facts in order",
    [entry, selection, permissions],
    ([value, chosen, may]) => {
      const { facts, name } = parse(Facts.line(chosen)(value, { permissions: may }))
      assert.strictEqual(name, value.name.replace(/[\r\n\0]/g, "?"))
      const expected = Facts.names.filter(
        (fact) =>
          chosen.has(fact) && (fact !== "Size" || value.kind === "file") && (fact !== "Unique" || value.unique !== "")
      )
      assert.deepStrictEqual([...facts.keys()], expected)
    }
  )

  it.prop(
    "a line does not depend on the lines before it",
    [neighbours, selection, FastCheck.array(permissions, { minLength: 1, maxLength: 2 })],
    ([all, chosen, accounts]) => {
      const write = Facts.line(chosen)
      for (const { account, value } of all) {
        const may = { permissions: accounts[account % accounts.length] ?? readOnly }
        assert.strictEqual(write(value, may), simple(value, chosen, may.permissions))
      }
    }
  )

  it.prop("the facts are the entry's", [entry], ([value]) => {
    const { facts } = parse(Facts.line(new Set(Facts.names))(value, { permissions: readOnly }))
    assert.strictEqual(facts.get("Modify"), Timestamp.print(value.modified))
    assert.strictEqual(Number.parseInt(facts.get("UNIX.mode") ?? "", 8), value.mode)
    assert.strictEqual(facts.get("UNIX.mode")?.length, 4)
    const types = { file: "file", directory: "dir", link: "OS.unix=symlink", other: "OS.unix=special" }
    assert.strictEqual(facts.get("Type"), types[value.kind])
    if (value.kind === "file") {
      assert.strictEqual(facts.get("Size"), String(Math.min(Math.trunc(value.size), Number.MAX_SAFE_INTEGER)))
    }
  })

  it.prop("unique facts differ when the entries do", [entry, awkward], ([value, unique]) => {
    const uniqueOf = (unique: string) =>
      parse(Facts.line(new Set(["Unique"]))({ ...value, unique }, { permissions: readOnly })).facts.get("Unique") ?? ""
    assert.strictEqual(uniqueOf(value.unique) === uniqueOf(unique), value.unique === unique)
    const escaped = uniqueOf(unique)
    assert.strictEqual(uniqueOf(escaped) === escaped, unique === escaped)
  })

  it.prop(
    "permissions only ever add letters, in alphabetical order",
    [entry, permissions, permissions],
    ([value, one, other]) => {
      const perm = (may: ReadonlySet<Permission>) => [
        ...(parse(Facts.line(new Set(["Perm"]))(value, { permissions: may })).facts.get("Perm") ?? "")
      ]
      const both = perm(new Set([...one, ...other]))
      assert.deepStrictEqual(both, [...new Set([...perm(one), ...perm(other)])].sort())
    }
  )

  it.prop("select reads back what feature and the reply to OPTS say", [selection], ([chosen]) => {
    assert.deepStrictEqual(Facts.select(Facts.responseToOpts(chosen).slice("MLST OPTS ".length)), chosen)
    const starred = Facts.feature(chosen)
      .slice("MLST ".length)
      .split(";")
      .filter((name) => name.endsWith("*"))
    assert.deepStrictEqual(
      Facts.select(
        starred
          .map((name) => name.slice(0, -1))
          .join(";")
          .toUpperCase()
      ),
      chosen
    )
  })

  it.prop("select is total", [FastCheck.string()], ([text]) => {
    for (const name of Facts.select(text)) assert.include(Facts.names, name)
  })

  it("prints what RFC 3659 shows", () => {
    const value: Entry = {
      name: "cap 60.pl",
      kind: "file",
      size: 25730,
      modified: Date.UTC(1994, 8, 26, 21, 23, 45),
      mode: 0o644,
      links: 1,
      owner: "ftp",
      group: "ftp",
      unique: "keVO1+4G4"
    }
    const all = new Set(Facts.names)
    assert.strictEqual(
      Facts.line(all)(value, { permissions: readOnly }),
      "Type=file;Size=25730;Modify=19940926212345;Perm=r;Unique=keVO1+4G4;UNIX.mode=0644;UNIX.owner=ftp;UNIX.group=ftp; cap 60.pl"
    )
    assert.strictEqual(
      Facts.line(new Set(["Type", "Size", "Perm"]))(
        { ...value, kind: "directory" },
        {
          name: "/",
          type: "cdir",
          permissions: new Set(Permission.literals)
        }
      ),
      "Type=cdir;Perm=cdeflmp; /"
    )
    assert.strictEqual(Facts.line(new Set())(value, { permissions: readOnly }), " cap 60.pl")
  })

  it("says by its letters what each permission allows", () => {
    const value: Entry = {
      name: "a",
      kind: "file",
      size: 0,
      modified: 0,
      mode: 0,
      links: 1,
      owner: "ftp",
      group: "ftp",
      unique: ""
    }
    const perm = (kind: Entry["kind"], ...may: ReadonlyArray<Permission>) =>
      parse(Facts.line(new Set(["Perm"]))({ ...value, kind }, { permissions: new Set(may) })).facts.get("Perm")
    const allowed = Permission.literals.map((may) => [
      may,
      perm("file", may),
      perm("directory", may),
      perm("other", may)
    ])
    assert.deepStrictEqual(allowed, [
      ["list", "", "el", ""],
      ["read", "r", "e", ""],
      ["write", "", "ce", ""],
      ["overwrite", "w", "e", ""],
      ["append", "a", "e", ""],
      ["delete", "d", "ep", "d"],
      ["rename", "f", "ef", "f"],
      ["mkdir", "", "em", ""],
      ["rmdir", "", "dep", ""],
      ["chmod", "", "e", ""],
      ["times", "", "e", ""]
    ])
    assert.strictEqual(perm("link", ...Permission.literals), "adeflrw")
  })

  it("prints FEAT's and OPTS's lines", () => {
    assert.strictEqual(
      Facts.feature(Facts.defaults),
      "MLST Type*;Size*;Modify*;Perm*;Unique;UNIX.mode*;UNIX.owner*;UNIX.group*;"
    )
    assert.strictEqual(Facts.responseToOpts(Facts.select("size;TYPE;nonsense;")), "MLST OPTS Type;Size;")
    assert.strictEqual(Facts.responseToOpts(Facts.select("")), "MLST OPTS")
  })
})
