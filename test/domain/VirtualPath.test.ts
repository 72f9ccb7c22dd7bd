import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import * as Text from "../../src/domain/Text.ts"
import * as VirtualPath from "../../src/domain/VirtualPath.ts"

const path = VirtualPath.VirtualPath
const isPath = Schema.is(path)
const written = FastCheck.oneof(
  FastCheck.array(FastCheck.constantFrom("/", "//", ".", "..", "a", "b c", "~", "\\", '"', "é", "...", "\udcff"), {
    maxLength: 12
  }).map((all) => all.join("")),
  FastCheck.array(FastCheck.constantFrom("..", ".", "a", "b", ""), { maxLength: 12 }).map((all) => all.join("/")),
  FastCheck.fullUnicodeString()
)
const reasonOf = (result: Either.Either<unknown, VirtualPath.PathError>) =>
  Either.isLeft(result) ? result.left.reason : undefined
const resolved = (cwd: string, text: string): string => Either.getOrThrow(VirtualPath.resolve(path.make(cwd), text))

describe("VirtualPath", () => {
  it.prop("the schema generates what it accepts", [path], ([value]) => {
    assert.isTrue(isPath(value))
  })

  it("the schema refuses everything else", () => {
    for (const text of ["", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/../b", "/a\0", "/a\r", "/a\nb"]) {
      assert.isFalse(isPath(text), JSON.stringify(text))
    }
  })

  it.prop("whatever a client writes, the result is a path or an error", [path, written], ([cwd, text]) => {
    const result = VirtualPath.resolve(cwd, text)
    assert.isTrue(Either.isLeft(result) || isPath(result.right))
  })

  it.prop("a path resolves to itself from anywhere", [path, path], ([cwd, target]) => {
    assert.deepStrictEqual(VirtualPath.resolve(cwd, target), Either.right(target))
  })

  it.prop("a relative text means the same below the directory as the absolute one", [path, written], ([cwd, text]) => {
    FastCheck.pre(text !== "" && text[0] !== "/")
    assert.deepStrictEqual(VirtualPath.resolve(cwd, text), VirtualPath.resolve(VirtualPath.root, `${cwd}/${text}`))
  })

  it.prop("any number of .. ends at the root", [path, FastCheck.integer({ min: 0, max: 5 })], ([cwd, more]) => {
    const up = Array.from({ length: VirtualPath.segments(cwd).length + more }, () => "..").join("/")
    FastCheck.pre(up !== "")
    assert.deepStrictEqual(VirtualPath.resolve(cwd, up), Either.right(VirtualPath.root))
  })

  it.prop("join and parent, basename are inverse", [path], ([value]) => {
    FastCheck.pre(value !== "/")
    assert.strictEqual(VirtualPath.join(VirtualPath.parent(value), VirtualPath.basename(value)), value)
  })

  it.prop(
    "join stays a path directly inside the directory, whatever the name",
    [path, written],
    ([directory, name]) => {
      const joined = VirtualPath.join(directory, name)
      assert.isTrue(isPath(joined))
      assert.strictEqual(VirtualPath.parent(joined), directory)
    }
  )

  it.prop("segments put together are the path", [path], ([value]) => {
    assert.strictEqual(`/${VirtualPath.segments(value).join("/")}`, value)
  })

  it.prop("contains is a prefix of segments", [path, path], ([directory, other]) => {
    const prefix = VirtualPath.segments(directory)
    const names = VirtualPath.segments(other)
    assert.strictEqual(
      VirtualPath.contains(directory, other),
      prefix.every((name, index) => names[index] === name)
    )
    const below = VirtualPath.join(directory, "x")
    assert.isTrue(VirtualPath.contains(directory, below))
    assert.isFalse(VirtualPath.contains(below, directory))
    assert.isFalse(VirtualPath.contains(below, VirtualPath.join(directory, "xy")))
  })

  it.prop("quote can be read back", [path], ([value]) => {
    const quoted = VirtualPath.quote(value)
    assert.match(quoted, /^"(?:[^"]|"")*"$/u)
    assert.strictEqual(quoted.slice(1, -1).replaceAll('""', '"'), value)
  })

  it("takes backslashes, tildes, spaces and quotes as they are", () => {
    assert.strictEqual(resolved("/a", "..\\b"), "/a/..\\b")
    assert.strictEqual(resolved("/a", "~"), "/a/~")
    assert.strictEqual(resolved("/", "my dir"), "/my dir")
    assert.strictEqual(resolved("/a/b", "../../../etc//passwd/"), "/etc/passwd")
    assert.strictEqual(VirtualPath.quote(path.make('/a"b')), '"/a""b"')
  })

  it("says why a text is no path", () => {
    assert.strictEqual(reasonOf(VirtualPath.resolve(VirtualPath.root, "")), "Empty")
    for (const text of ["a\0", "a\rb", "\n", "/../\0"]) {
      assert.strictEqual(reasonOf(VirtualPath.resolve(VirtualPath.root, text)), "InvalidCharacter")
    }
  })

  it.prop(
    "the limits count bytes, exactly",
    [FastCheck.constantFrom("x", "é", "€", "😀", "\udcff"), FastCheck.integer({ min: 0, max: 3 })],
    ([character, more]) => {
      const width = Text.byteLength(character)
      const name = character.repeat(Math.floor((VirtualPath.maxNameLength - more) / width)) + "x".repeat(more)
      const fits = Text.byteLength(name) <= VirtualPath.maxNameLength
      assert.strictEqual(reasonOf(VirtualPath.resolve(VirtualPath.root, name)), fits ? undefined : "NameTooLong")
      assert.strictEqual(
        reasonOf(VirtualPath.resolve(VirtualPath.root, `${name}${"x".repeat(width)}xxx`)),
        "NameTooLong"
      )
      const deep = `/${"x".repeat(255)}`.repeat(16)
      assert.strictEqual(reasonOf(VirtualPath.resolve(VirtualPath.root, deep)), undefined)
      assert.strictEqual(reasonOf(VirtualPath.resolve(path.make(deep), character)), "PathTooLong")
    }
  )
})
