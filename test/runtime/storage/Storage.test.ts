import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, FastCheck, Stream } from "effect"
import { Storage, type StorageError } from "../../../src/runtime/storage/Storage.ts"
import { at, drivers } from "./fixtures.ts"

const large = Uint8Array.from({ length: 700_001 }, (_, index) => (index * 31 + (index >> 8)) & 0xff)
const latin1Name = "caf\udce9.txt"

const files = {
  "readme.txt": { content: "hello", modified: 1_000_000_000_123, mode: 0o640 },
  empty: "",
  "large.bin": large,
  "pub/b": "b",
  "pub/a": "a",
  "pub/B": "B",
  "pub/ünï ☃": "snow",
  [`pub/${latin1Name}`]: "bytes",
  "pub/to-a": { link: "a" },
  "pub/up": { link: "../readme.txt" },
  "pub/here": { link: "." },
  "pub/dangling": { link: "nowhere" },
  "pub/out": { link: "../.." },
  "pub/loop": { link: "loop" },
  hollow: { directory: true }
} as const

const content = (path: string, offset = 0) =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* (yield* Storage).open(at(path))
      const chunks = yield* Stream.runFold(file.bytes(offset), Buffer.alloc(0), (all, chunk) =>
        Buffer.concat([all, chunk])
      )
      return chunks
    })
  )

const reason = <A, R>(effect: Effect.Effect<A, { readonly reason: string; readonly path: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

describe.each(drivers)("Storage ($name)", ({ layer }) => {
  it.layer(layer(files))((it) => {
    it.effect("stat tells what stands under a name", () =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const file = yield* storage.stat(at("/readme.txt"))
        assert.deepInclude(file, {
          name: "readme.txt",
          kind: "file",
          size: 5,
          mode: 0o640,
          modified: 1_000_000_000_123
        })
        assert.deepInclude(yield* storage.stat(at("/pub")), { name: "pub", kind: "directory" })
        assert.deepInclude(yield* storage.stat(at("/")), { name: "/", kind: "directory" })
        assert.strictEqual((yield* storage.stat(at(`/pub/${latin1Name}`))).name, latin1Name)
      })
    )

    it.effect("stat follows links inside the root", () =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const target = yield* storage.stat(at("/pub/a"))
        const link = yield* storage.stat(at("/pub/to-a"))
        assert.deepStrictEqual({ ...link, name: "a" }, target)
        assert.strictEqual((yield* storage.stat(at("/pub/up"))).size, 5)
        assert.strictEqual((yield* storage.stat(at("/pub/here/here/a"))).unique, target.unique)
      })
    )

    it.effect.each<readonly [string, StorageError["reason"]]>([
      ["/missing", "NotFound"],
      ["/missing/below", "NotFound"],
      ["/readme.txt/below", "NotADirectory"],
      ["/pub/dangling", "NotFound"],
      ["/pub/out", "OutsideRoot"],
      ["/pub/out/..", "OutsideRoot"],
      ["/pub/out/missing", "OutsideRoot"],
      ["/pub/out/missing/below", "OutsideRoot"],
      ["/pub/loop", "OutsideRoot"],
      ["/..", "OutsideRoot"],
      ["/pub/../..", "OutsideRoot"],
      ["/nul\0", "InvalidName"],
      [`/${"n".repeat(255)}`, "NotFound"],
      [`/${"n".repeat(256)}`, "NameTooLong"],
      [`/${"ü".repeat(128)}`, "NameTooLong"]
    ])("%j is refused with %s, whatever is asked of it", ([path, expected]) =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const error = yield* Effect.flip(storage.stat(at(path)))
        assert.deepInclude(error, { _tag: "StorageError", reason: expected, path })
        assert.strictEqual(yield* reason(Effect.scoped(storage.open(at(path)))), expected)
        assert.strictEqual(yield* reason(Stream.runDrain(storage.list(at(path)))), expected)
        if (storage.names === undefined) return
        assert.strictEqual(yield* reason(Stream.runDrain(storage.names(at(path)))), expected)
      })
    )

    it.effect("a directory is no file and a file no directory", () =>
      Effect.gen(function* () {
        const storage = yield* Storage
        assert.strictEqual(yield* reason(Effect.scoped(storage.open(at("/pub")))), "IsADirectory")
        assert.strictEqual(yield* reason(Effect.scoped(storage.open(at("/pub/here")))), "IsADirectory")
        assert.strictEqual(yield* reason(Stream.runDrain(storage.list(at("/readme.txt")))), "NotADirectory")
        if (storage.names === undefined) return
        assert.strictEqual(yield* reason(Stream.runDrain(storage.names(at("/readme.txt")))), "NotADirectory")
      })
    )

    it.effect("list shows a directory in byte order, links as links", () =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const entries = Chunk.toReadonlyArray(yield* Stream.runCollect(storage.list(at("/pub"))))
        assert.deepStrictEqual(
          entries.map(({ kind, name, target }) => [name, kind, target]),
          [
            ["B", "file", undefined],
            ["a", "file", undefined],
            ["b", "file", undefined],
            [latin1Name, "file", undefined],
            ["dangling", "link", "nowhere"],
            ["here", "link", "."],
            ["loop", "link", "loop"],
            ["out", "link", "../.."],
            ["to-a", "link", "a"],
            ["up", "link", "../readme.txt"],
            ["ünï ☃", "file", undefined]
          ]
        )
        const found = entries.find(({ name }) => name === "a")
        assert.deepStrictEqual(found, yield* storage.stat(at("/pub/a")))
      })
    )

    it.effect("the names alone, where there are such, are those of the list", () =>
      Effect.gen(function* () {
        const { list, names } = yield* Storage
        if (names === undefined) return
        for (const path of ["/", "/pub", "/hollow"]) {
          const listed = yield* Stream.runCollect(Stream.map(list(at(path)), ({ name }) => name))
          const alone = yield* Stream.runCollect(names(at(path)))
          assert.deepStrictEqual(Chunk.toReadonlyArray(alone), Chunk.toReadonlyArray(listed), path)
        }
      })
    )

    it.effect("an empty directory lists nothing, the root lists", () =>
      Effect.gen(function* () {
        const storage = yield* Storage
        assert.strictEqual(yield* Stream.runCount(storage.list(at("/hollow"))), 0)
        const names = Stream.map(storage.list(at("/")), ({ name }) => name)
        const root = Chunk.toReadonlyArray(yield* Stream.runCollect(names))
        assert.deepStrictEqual(root, ["empty", "hollow", "large.bin", "pub", "readme.txt"])
      })
    )

    it.effect("open tells what it opened", () =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const file = yield* Effect.scoped(Effect.map(storage.open(at("/pub/up")), ({ entry }) => entry))
        assert.deepInclude(file, { name: "up", kind: "file", size: 5 })
      })
    )

    it.effect("contents arrive, by any kind of name", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* content("/pub/up")).toString(), "hello")
        assert.strictEqual((yield* content("/pub/ünï ☃")).toString(), "snow")
        assert.strictEqual((yield* content(`/pub/${latin1Name}`)).toString(), "bytes")
        assert.strictEqual((yield* content("/empty")).length, 0)
      })
    )

    it.effect.prop(
      "bytes gives the rest of the file from any offset",
      [FastCheck.integer({ min: 0, max: large.length + 10 })],
      ([offset]) =>
        Effect.map(content("/large.bin", offset), (bytes) => assert.isTrue(bytes.equals(large.subarray(offset)))),
      { fastCheck: { numRuns: 20, examples: [[0], [large.length - 1], [large.length], [large.length + 1]] } }
    )

    it.effect("two streams of one open file do not disturb each other", () =>
      Effect.gen(function* () {
        const file = yield* (yield* Storage).open(at("/large.bin"))
        const copy = (chunk: Uint8Array) => Chunk.of(Uint8Array.from(chunk))
        const whole = (offset: number) =>
          Stream.runFold(Stream.mapConcatChunk(file.bytes(offset), copy), Buffer.alloc(0), (all, chunk) =>
            Buffer.concat([all, chunk])
          )
        const [one, other] = yield* Effect.all([whole(0), whole(1000)], { concurrency: 2 })
        assert.isTrue(one.equals(large))
        assert.isTrue(other.equals(large.subarray(1000)))
      }).pipe(Effect.scoped)
    )
  })
})
