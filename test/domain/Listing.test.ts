import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Either, FastCheck } from "effect"
import { Entry } from "../../src/domain/Entry.ts"
import * as Listing from "../../src/domain/Listing.ts"
import * as Timestamp from "../../src/domain/Timestamp.ts"
import * as VirtualPath from "../../src/domain/VirtualPath.ts"

const now = Date.UTC(2025, 10, 22, 18)
const entry = (fields: Partial<Entry> = {}): Entry => ({
  name: "notes.txt",
  kind: "file",
  size: 1234,
  modified: Date.UTC(2025, 10, 22, 16, 41),
  mode: 0o644,
  links: 1,
  owner: "ftp",
  group: "ftp",
  unique: "1g2",
  ...fields
})
const anyName = FastCheck.array(FastCheck.oneof(FastCheck.constantFrom(..." -\r\n\0\tab>"), FastCheck.fullUnicode()), {
  maxLength: 20
}).map((all) => all.join(""))
const entries = FastCheck.tuple(
  Arbitrary.make(Entry),
  anyName,
  anyName,
  anyName,
  FastCheck.option(anyName, { nil: undefined })
).map(([base, name, owner, group, target]) =>
  entry({ ...base, name, owner, group, ...(target === undefined ? {} : { target }) })
)
/** Entries as one directory has them: much of each is as in the one before, and dates lie about where they look different. */
const neighbours = FastCheck.array(
  FastCheck.tuple(
    entries,
    FastCheck.subarray(["kind", "mode", "links", "owner", "group", "size", "modified"] as const),
    FastCheck.tuple(FastCheck.constantFrom(-180, -179, -1, 0, 1, 2), FastCheck.integer({ min: -90_000, max: 90_000 }))
  ),
  { maxLength: 20 }
).map((all) => {
  let last = entry()
  return all.map(([value, changed, [days, millis]]) => {
    const own = { ...value, modified: now + days * 86_400_000 + millis }
    last = { ...own, ...last, name: own.name, ...Object.fromEntries(changed.map((field) => [field, own[field]])) }
    return last
  })
})
/** The line without any memory of others. */
const simple = (value: Entry): string => {
  const bits = (shift: number, special: number, letter: string) => {
    const [read, write, run] = [4, 2, 1].map((bit) => ((value.mode >> shift) & bit) !== 0)
    const isSpecial = (value.mode & special) !== 0
    const last = isSpecial ? (run ? letter : letter.toUpperCase()) : run ? "x" : "-"
    return `${read ? "r" : "-"}${write ? "w" : "-"}${last}`
  }
  const column = (text: string) => (text === "" ? "-" : text.replace(/[\s\0]/g, "_")).padEnd(8)
  const line = [
    { file: "-", directory: "d", link: "l", other: "p" }[value.kind] +
      bits(6, 0o4000, "s") +
      bits(3, 0o2000, "s") +
      bits(0, 0o1000, "t"),
    String(value.links).padStart(4),
    column(value.owner),
    column(value.group),
    String(Math.min(Math.trunc(value.size), Number.MAX_SAFE_INTEGER)).padStart(12),
    Timestamp.long(now)(value.modified),
    value.name.replace(/[\0\r\n]/g, "?")
  ].join(" ")
  return value.kind === "link" && value.target !== undefined
    ? `${line} -> ${value.target.replace(/[\0\r\n]/g, "?")}`
    : line
}
/** How clients read a line. */
const columns =
  /^([-dlp])([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT]) +(\d+) (\S+) +(\S+) +(\d+) ([A-Z][a-z]{2} [ \d]\d (?:\d\d:\d\d| \d{4})) ([^\r\n\0]*)$/

const spaced = FastCheck.array(FastCheck.constantFrom(" ", "-", "a", "d", "--", "my", ".", "/"), { maxLength: 8 }).map(
  (all) => all.join("")
)

describe("Listing", () => {
  it.prop("whatever the entry, long is one line clients can read", [entries], ([value]) => {
    const match = columns.exec(Listing.long(now)(value))
    assert.isNotNull(match)
    assert.strictEqual(match?.[1], { file: "-", directory: "d", link: "l", other: "p" }[value.kind])
    assert.strictEqual(match?.[6], String(Math.min(Math.trunc(value.size), Number.MAX_SAFE_INTEGER)))
    assert.strictEqual(match?.[3], String(value.links))
    const name = value.name.replace(/[\r\n\0]/g, "?")
    const target =
      value.kind === "link" && value.target !== undefined ? ` -> ${value.target.replace(/[\r\n\0]/g, "?")}` : ""
    assert.strictEqual(match?.[8], name + target)
  })

  it.prop("a line does not depend on the lines before it", [neighbours], ([all]) => {
    const write = Listing.long(now)
    for (const value of all) assert.strictEqual(write(value), simple(value))
  })

  it.prop("the letters say the twelve bits", [FastCheck.integer({ min: 0, max: 0o7777 })], ([mode]) => {
    const text = Listing.long(now)(entry({ mode })).slice(1, 10)
    const bit = (index: number, set: string) => (set.includes(text[index] ?? "") ? 1 : 0)
    const read =
      (bit(2, "sS") << 11) |
      (bit(5, "sS") << 10) |
      (bit(8, "tT") << 9) |
      (bit(0, "r") << 8) |
      (bit(1, "w") << 7) |
      (bit(2, "xs") << 6) |
      (bit(3, "r") << 5) |
      (bit(4, "w") << 4) |
      (bit(5, "xs") << 3) |
      (bit(6, "r") << 2) |
      (bit(7, "w") << 1) |
      bit(8, "xt")
    assert.strictEqual(read, mode)
  })

  it("prints what ls prints", () => {
    assert.strictEqual(
      Listing.long(now)(entry()),
      "-rw-r--r--    1 ftp      ftp              1234 Nov 22 16:41 notes.txt"
    )
    assert.strictEqual(
      Listing.long(now)(entry({ kind: "link", mode: 0o777, name: "my link", target: "a b", modified: 0 })),
      "lrwxrwxrwx    1 ftp      ftp              1234 Jan  1  1970 my link -> a b"
    )
    assert.match(Listing.long(now)(entry({ kind: "directory", mode: 0o1777 })), /^drwxrwxrwt /)
    assert.match(
      Listing.long(now)(entry({ mode: 0o6644, owner: "Domain Users", group: "" })),
      /^-rwSr-Sr-- +1 Domain_Users - /
    )
  })

  it.prop("name is one line", [entries, spaced], ([value, prefix]) => {
    assert.strictEqual(Listing.name(value.name), value.name.replace(/[\r\n\0]/g, "?"))
    assert.strictEqual(Listing.name(value.name, prefix), prefix + Listing.name(value.name))
  })

  it.prop(
    "names in a directory can be sent back as they are",
    [VirtualPath.VirtualPath, VirtualPath.VirtualPath, anyName, FastCheck.constantFrom("", "./", "../", "//", "/./")],
    ([cwd, directory, name, end]) => {
      const safe = VirtualPath.basename(VirtualPath.join(VirtualPath.root, name))
      for (const written of [directory + end, directory.slice(1) + end]) {
        const meant = Either.getOrElse(VirtualPath.resolve(cwd, written), () => cwd)
        const sentBack = VirtualPath.resolve(cwd, Listing.prefix(written, "inside") + safe)
        assert.deepStrictEqual(sentBack, Either.right(VirtualPath.join(meant, safe)))
      }
    }
  )

  it.prop(
    "a name, or what matches a pattern, can be sent back as it is",
    [VirtualPath.VirtualPath, VirtualPath.VirtualPath, FastCheck.constantFrom("", "/", "//")],
    ([cwd, path, end]) => {
      FastCheck.pre(path !== "/")
      for (const written of [path + end, path.slice(1) + end]) {
        const sentBack = Listing.prefix(written, "beside") + VirtualPath.basename(path)
        assert.deepStrictEqual(VirtualPath.resolve(cwd, sentBack), VirtualPath.resolve(cwd, written))
      }
    }
  )

  it("has nothing before names in the working directory", () => {
    for (const written of ["", ".", "./"]) assert.strictEqual(Listing.prefix(written, "inside"), "")
    assert.strictEqual(Listing.prefix("*.txt", "beside"), "")
    assert.strictEqual(Listing.prefix("/", "inside"), "/")
    assert.strictEqual(Listing.prefix("sub", "inside"), "sub/")
    assert.strictEqual(Listing.prefix("sub/", "inside"), "sub/")
    assert.strictEqual(Listing.prefix("sub/*.txt", "beside"), "sub/")
  })

  it.prop("a path without flags before it is taken as it stands", [spaced], ([text]) => {
    FastCheck.pre(!text.trimStart().startsWith("-"))
    assert.deepStrictEqual(Listing.parseArgument(text), {
      all: false,
      long: false,
      directoryItself: false,
      recursive: false,
      path: text
    })
  })

  it.prop("every path can be reached behind flags and --", [FastCheck.oneof(spaced, FastCheck.string())], ([path]) => {
    assert.strictEqual(Listing.parseArgument(`-- ${path}`).path, path)
    assert.deepStrictEqual(Listing.parseArgument(`-la -R -- ${path}`), {
      all: true,
      long: true,
      directoryItself: false,
      recursive: true,
      path
    })
  })

  it("reads what clients write", () => {
    const read = (text: string) => {
      const { all, directoryItself, long, path, recursive } = Listing.parseArgument(text)
      return [`${all ? "a" : ""}${long ? "l" : ""}${directoryItself ? "d" : ""}${recursive ? "R" : ""}`, path]
    }
    assert.deepStrictEqual(read(""), ["", ""])
    assert.deepStrictEqual(read("-a"), ["a", ""])
    assert.deepStrictEqual(read("-la "), ["al", ""])
    assert.deepStrictEqual(read("-al -d /pub"), ["ald", "/pub"])
    assert.deepStrictEqual(read("my dir"), ["", "my dir"])
    assert.deepStrictEqual(read("-la my dir"), ["al", "my dir"])
    assert.deepStrictEqual(read("-1tF sub"), ["", "sub"])
    assert.deepStrictEqual(read("-l  spaced"), ["l", " spaced"])
    assert.deepStrictEqual(read("./-a"), ["", "./-a"])
    assert.deepStrictEqual(read("-x.txt"), ["", "-x.txt"])
    assert.deepStrictEqual(read("-x-y"), ["", "-x-y"])
    assert.deepStrictEqual(read("-"), ["", "-"])
    assert.deepStrictEqual(read("-- -a"), ["", "-a"])
    assert.deepStrictEqual(read("-l --"), ["l", ""])
    assert.deepStrictEqual(read("--all"), ["", "--all"])
    assert.deepStrictEqual(read("dir -a"), ["", "dir -a"])
  })
})
