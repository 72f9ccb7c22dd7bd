import * as Crypto from "node:crypto"
import * as Zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, FastCheck, Scope, Stream } from "effect"
import * as Digest from "../../../src/domain/Digest.ts"
import * as HiddenName from "../../../src/domain/HiddenName.ts"
import { Storage, type StorageError, type StoreOptions } from "../../../src/runtime/storage/Storage.ts"
import { at, descriptors, descriptorsBackTo, drivers, whole } from "./fixtures.ts"

const bytesOf = (text: string): Uint8Array => Buffer.from(text)

const content = (path: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* (yield* Storage).open(at(path))
      return yield* Stream.runFold(file.bytes(0), "", (all, chunk) => all + Buffer.from(chunk).toString("latin1"))
    })
  )

const reason = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

const usual: StoreOptions = { ...whole, sync: false }

const names = (path: string) =>
  Effect.gen(function* () {
    const entries = yield* Stream.runCollect((yield* Storage).list(at(path)))
    return Chunk.toReadonlyArray(entries).map(({ name }) => name)
  })

/** Stores chunks; `cut` ends it before it is whole. */
const store = (
  path: string,
  chunks: ReadonlyArray<string>,
  options: Partial<StoreOptions> & { readonly cut?: boolean } = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const upload = yield* (yield* Storage).store(at(path), { ...usual, ...options })
      for (const chunk of chunks) {
        const buffer = bytesOf(chunk)
        yield* upload.write(buffer)
        buffer.fill(0)
      }
      return options.cut === true ? undefined : yield* upload.commit
    })
  )

const files = {
  file: { content: "old content", mode: 0o604 },
  "pub/a": "a",
  "pub/to-a": { link: "a" },
  "pub/up": { link: "../file" },
  "pub/dangling": { link: "nowhere" },
  "pub/out": { link: "../.." },
  "pub/loop": { link: "loop" },
  "pub/here": { link: "." },
  hollow: { directory: true }
} as const

const expectDigest = (algorithm: Digest.Algorithm, text: string): string =>
  algorithm === "CRC32"
    ? Zlib.crc32(text).toString(16).padStart(8, "0")
    : Crypto.createHash(algorithm.replace("-", "").toLowerCase()).update(text).digest("hex")

describe.each(drivers)("Storage, written to ($name)", ({ layer }) => {
  const onFiles = <A, E>(body: Effect.Effect<A, E, Storage>) => Effect.provide(body, layer(files))

  it.effect("a file is there once it is whole, and not before", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* Effect.scoped(
        Effect.gen(function* () {
          const upload = yield* storage.store(at("/new"), usual)
          assert.deepInclude(upload, { offset: 0, replaces: undefined })
          yield* upload.write(bytesOf("one "))
          assert.strictEqual(yield* reason(storage.stat(at("/new"))), "NotFound")
          assert.deepStrictEqual(yield* names("/"), ["file", "hollow", "pub"])
          yield* upload.write(bytesOf("two"))
          assert.deepStrictEqual(yield* upload.commit, { size: 7, digest: undefined, replaced: undefined })
          assert.strictEqual(yield* content("/new"), "one two")
          assert.isTrue(Exit.isFailure(yield* Effect.exit(upload.commit)))
        })
      )
      assert.deepInclude(yield* storage.stat(at("/new")), { kind: "file", size: 7, mode: 0o644 })
      assert.deepStrictEqual(yield* names("/"), ["file", "hollow", "new", "pub"])
      yield* store("/empty", [])
      assert.strictEqual((yield* storage.stat(at("/empty"))).size, 0)
    }).pipe(onFiles)
  )

  it.effect("a replaced file keeps its mode, and is replaced in one step", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      const before = yield* storage.stat(at("/file"))
      assert.deepInclude(yield* store("/file", ["new"], { sync: true }), { size: 3, replaced: 11 })
      const after = yield* storage.stat(at("/file"))
      assert.deepInclude(after, { size: 3, mode: 0o604 })
      assert.notStrictEqual(after.unique, before.unique)
    }).pipe(onFiles)
  )

  it.effect.prop(
    "cut anywhere, it leaves what was there",
    [FastCheck.array(FastCheck.string({ maxLength: 5 }), { maxLength: 5 }), FastCheck.boolean(), FastCheck.boolean()],
    ([chunks, fresh, append]) =>
      Effect.gen(function* () {
        const path = fresh ? "/new" : "/file"
        const open = yield* Effect.sync(descriptors)
        yield* store(path, chunks, { cut: true, offset: append ? "end" : 0 })
        assert.strictEqual(yield* content("/file"), "old content")
        assert.deepStrictEqual(yield* names("/"), ["file", "hollow", "pub"])
        assert.strictEqual(yield* (yield* Storage).partial(at(path)), undefined)
        yield* (yield* Storage).removeDirectory(at("/hollow"))
        yield* descriptorsBackTo(open)
      }).pipe(onFiles),
    { fastCheck: { numRuns: 20 } }
  )

  it.effect.prop(
    "offsets, partials and appends do what the model does",
    [
      FastCheck.array(
        FastCheck.record({
          offset: FastCheck.oneof(
            FastCheck.integer({ min: 0, max: 12 }),
            FastCheck.constantFrom("end" as const, "resume" as const)
          ),
          text: FastCheck.stringOf(FastCheck.constantFrom(..."abcdefg"), { maxLength: 6 }),
          cut: FastCheck.boolean(),
          partial: FastCheck.constantFrom("keep" as const, "discard" as const),
          digest: FastCheck.constantFrom(...Digest.Algorithm.literals, "none" as const),
          remove: FastCheck.nat(5)
        }),
        { maxLength: 12 }
      )
    ],
    ([steps]) =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const model: { file: string | undefined; partial: string | undefined } = { file: undefined, partial: undefined }
        for (const { cut, digest, offset, partial, remove, text } of steps) {
          if (remove === 0 && model.file !== undefined) {
            assert.strictEqual(yield* storage.remove(at("/hollow/f")), model.file.length)
            model.file = undefined
            model.partial = undefined
          }
          const { file, partial: kept } = model
          let front: string | undefined
          let claims = false
          if (offset === 0) front = ""
          else if (offset === "end") front = file ?? ""
          else if (offset === "resume") {
            front = file ?? kept ?? ""
            claims = file === undefined && kept !== undefined
          } else if (offset === kept?.length) [front, claims] = [kept, true]
          else if (file !== undefined && offset <= file.length) front = file.slice(0, offset)
          else if (kept !== undefined && offset <= kept.length) [front, claims] = [kept.slice(0, offset), true]

          const storing = store("/hollow/f", [text.slice(0, 2), text.slice(2)], { offset, cut, partial, digest })
          if (front === undefined) {
            assert.strictEqual(yield* reason(storing), "BadRestart")
          } else {
            const whole = front + text
            const stored = yield* storing
            if (claims) model.partial = undefined
            if (cut) {
              if (partial === "keep" && (claims || front === "") && whole !== "") model.partial = whole
            } else {
              assert.deepInclude(stored, { size: whole.length, replaced: file?.length })
              if (digest !== "none")
                assert.deepStrictEqual(stored?.digest, { algorithm: digest, value: expectDigest(digest, whole) })
              model.file = whole
              if (partial === "keep") model.partial = undefined
            }
          }
          assert.strictEqual(yield* storage.partial(at("/hollow/f")), model.partial?.length)
          if (model.file === undefined) assert.strictEqual(yield* reason(storage.stat(at("/hollow/f"))), "NotFound")
          else assert.strictEqual(yield* content("/hollow/f"), model.file)
        }
        if (model.file !== undefined) yield* storage.remove(at("/hollow/f"))
        assert.deepStrictEqual(yield* names("/hollow"), [])
        yield* storage.removeDirectory(at("/hollow"))
      }).pipe(onFiles),
    { fastCheck: { numRuns: 60 } }
  )

  it.effect.prop(
    "what is stored at once and what may wait are one file",
    [
      FastCheck.array(FastCheck.tuple(FastCheck.boolean(), FastCheck.stringOf(FastCheck.constantFrom(..."abc")))),
      FastCheck.constantFrom(0, 3)
    ],
    ([pieces, offset]) =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const whole = "old content".slice(0, offset) + pieces.map(([, text]) => text).join("")
        const stored = yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* storage.store(at("/file"), { ...usual, offset, digest: "SHA-256" })
            for (const [atOnce, text] of pieces) {
              const buffer = bytesOf(text)
              const count = atOnce ? (upload.unsafeWrite?.(buffer) ?? 0) : 0
              if (count < buffer.length) yield* upload.write(buffer.subarray(count))
              buffer.fill(0)
            }
            const committed = yield* upload.commit
            assert.strictEqual(upload.unsafeWrite?.(bytesOf("late")) ?? 0, 0)
            return committed
          })
        )
        assert.deepStrictEqual([stored.size, yield* content("/file")], [whole.length, whole])
        assert.strictEqual(stored.digest?.value, expectDigest("SHA-256", whole))
      }).pipe(onFiles),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect("nothing is stored at once after its scope has closed", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      const upload = yield* Effect.scoped(storage.store(at("/new"), { ...usual, partial: "keep" }))
      assert.strictEqual(upload.unsafeWrite?.(bytesOf("late")) ?? 0, 0)
      assert.isUndefined(yield* storage.partial(at("/new")))
    }).pipe(onFiles)
  )

  it.effect("a large file is gone on with, its digest that of the whole", () =>
    Effect.gen(function* () {
      const text = "0123456789abcdef".repeat(100_000)
      yield* store("/large", [text.slice(0, 600_000), text.slice(600_000, 1_500_000)])
      for (const digest of Digest.Algorithm.literals) {
        const stored = yield* store("/large", [text.slice(1_200_000)], { offset: 1_200_000, digest })
        assert.deepInclude(stored, { size: text.length })
        assert.strictEqual(stored?.digest?.value, expectDigest(digest, text))
      }
      assert.strictEqual(yield* content("/large"), text)
    }).pipe(onFiles)
  )

  it.effect("what may not be made or replaced is not", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* reason(store("/file", ["x"], { replace: false })), "Exists")
      assert.strictEqual(yield* reason(store("/new", ["x"], { create: false })), "PermissionDenied")
      assert.strictEqual(yield* reason(store("/pub", ["x"])), "IsADirectory")
      assert.strictEqual(yield* reason(store("/", ["x"])), "IsADirectory")
      assert.strictEqual(yield* reason(store("/file", ["x"], { offset: 12 })), "BadRestart")
      assert.strictEqual(yield* content("/file"), "old content")
      yield* store("/file", ["x"], { create: false })
      yield* store("/new", ["x"], { replace: false })
    }).pipe(onFiles)
  )

  it.effect("of two who store one name without replacing, one does", () =>
    Effect.gen(function* () {
      const all = Array.from({ length: 8 }, (_, index) =>
        Effect.either(store("/new", [`${index}`.repeat(10), `${index}`], { replace: false }))
      )
      const results = yield* Effect.all(all, { concurrency: "unbounded" })
      const winners = results.flatMap((result, index) => (result._tag === "Right" ? [index] : []))
      assert.strictEqual(winners.length, 1)
      for (const result of results) if (result._tag === "Left") assert.strictEqual(result.left.reason, "Exists")
      assert.strictEqual(yield* content("/new"), `${winners[0]}`.repeat(11))
    }).pipe(onFiles)
  )

  it.effect("of two who replace, the last whole one stays, and each learns what it replaced", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* Effect.scoped(
        Effect.gen(function* () {
          const first = yield* storage.store(at("/file"), usual)
          const second = yield* storage.store(at("/file"), usual)
          yield* second.write(bytesOf("22"))
          yield* first.write(bytesOf("1"))
          yield* second.write(bytesOf("22"))
          assert.strictEqual((yield* second.commit).replaced, 11)
          yield* first.write(bytesOf("11"))
          assert.strictEqual((yield* first.commit).replaced, 4)
        })
      )
      assert.strictEqual(yield* content("/file"), "111")
      const sizes = Array.from({ length: 16 }, (_, index) => "x".repeat(index + 1))
      const stored = yield* Effect.forEach(sizes, (text) => store("/file", [text]), { concurrency: "unbounded" })
      const sum = stored.reduce((sum, one) => sum + (one?.size ?? 0) - (one?.replaced ?? 0), 3)
      assert.strictEqual(sum, (yield* storage.stat(at("/file"))).size)
    }).pipe(onFiles)
  )

  it.effect("a partial goes to one of those who want to go on with it", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* store("/new", ["12345"], { partial: "keep", cut: true })
      assert.strictEqual(yield* storage.partial(at("/new")), 5)
      const more = Effect.either(store("/new", ["6"], { offset: 5, partial: "keep" }))
      const results = yield* Effect.all(Effect.replicate(more, 4), { concurrency: "unbounded" })
      assert.isAtLeast(results.filter(({ _tag }) => _tag === "Right").length, 1)
      assert.strictEqual((yield* content("/new")).slice(0, 6), "123456")
      assert.strictEqual(yield* storage.partial(at("/new")), undefined)
    }).pipe(onFiles)
  )

  it.effect("what is discarded leaves no partial", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* Effect.scoped(
        Effect.gen(function* () {
          const upload = yield* storage.store(at("/new"), { ...usual, partial: "keep" })
          yield* upload.write(bytesOf("much"))
          yield* upload.discard
        })
      )
      assert.strictEqual(yield* storage.partial(at("/new")), undefined)
    }).pipe(onFiles)
  )

  it.effect("it tells whether it is kept when it is cut", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      const fate = (path: string, text: string, options: Partial<StoreOptions>, drop = false) =>
        Effect.gen(function* () {
          const scope = yield* Scope.make()
          const upload = yield* Scope.extend(storage.store(at(path), { ...usual, partial: "keep", ...options }), scope)
          yield* upload.write(bytesOf(text))
          if (drop) yield* upload.discard
          const before = upload.unsafeIsKept()
          yield* Scope.close(scope, Exit.void)
          assert.strictEqual(upload.unsafeIsKept(), before)
          assert.strictEqual((yield* storage.partial(at(path))) !== undefined, before)
          if (before) yield* storage.remove(at(path))
          return before
        })
      assert.isTrue(yield* fate("/new", "x", {}))
      assert.isFalse(yield* fate("/new", "", {}))
      assert.isFalse(yield* fate("/new", "x", { partial: "discard" }))
      assert.isFalse(yield* fate("/new", "x", {}, true))
      assert.isFalse(yield* fate("/file", "x", { offset: "end" }))
      assert.isTrue(yield* fate("/new", "x", { offset: "end" }))
      assert.isFalse(
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* storage.store(at("/new"), { ...usual, partial: "keep" })
            yield* upload.write(bytesOf("x"))
            yield* upload.commit
            return upload.unsafeIsKept()
          })
        )
      )
    }).pipe(onFiles)
  )

  it.effect("what is behind a file's bytes is not stored in place of another file", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      for (const [path, offset] of [
        ["/file", "end"],
        ["/file", "resume"],
        ["/file", 3],
        ["/new", "end"],
        ["/empty", "end"]
      ] as const) {
        yield* store("/empty", [])
        const [one, two] = [yield* Scope.make(), yield* Scope.make()]
        const first = yield* Scope.extend(storage.store(at(path), { ...usual, offset }), one)
        const second = yield* Scope.extend(storage.store(at(path), { ...usual, offset }), two)
        yield* first.write(bytesOf("first"))
        yield* second.write(bytesOf("second"))
        yield* first.commit
        const whole = yield* content(path)
        assert.isTrue(whole.endsWith("first"))
        assert.strictEqual(yield* reason(second.commit), "Busy")
        yield* Scope.close(one, Exit.void)
        yield* Scope.close(two, Exit.void)
        assert.strictEqual(yield* content(path), whole)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* storage.store(at(path), { ...usual, offset: "end" })
            yield* store(path, ["newer"])
            assert.strictEqual(yield* reason(upload.commit), "Busy")
          })
        )
        assert.strictEqual(yield* content(path), "newer")
      }
      // What keeps nothing of it may still take its place.
      yield* Effect.scoped(
        Effect.gen(function* () {
          const upload = yield* storage.store(at("/file"), usual)
          yield* store("/file", ["newer still"])
          yield* upload.commit
        })
      )
      assert.strictEqual(yield* content("/file"), "")
    }).pipe(onFiles)
  )

  it.effect("a file is removed with its partial, and only the one that is meant", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      const cut = (path: string) => store(path, ["1234"], { partial: "keep", cut: true })
      yield* cut("/file")
      assert.strictEqual(yield* storage.remove(at("/file")), 11)
      assert.strictEqual(yield* storage.partial(at("/file")), undefined)
      yield* cut("/new")
      assert.strictEqual(yield* storage.remove(at("/new")), undefined)
      assert.strictEqual(yield* storage.partial(at("/new")), undefined)
      assert.strictEqual(yield* reason(storage.remove(at("/new"))), "NotFound")

      const { unique } = yield* storage.stat(at("/pub/a"))
      yield* store("/pub/a", ["newer"])
      assert.strictEqual(yield* reason(storage.remove(at("/pub/a"), { unique })), "Busy")
      assert.strictEqual(yield* reason(storage.remove(at("/pub/to-a"), { unique })), "Busy")
      assert.strictEqual(yield* content("/pub/a"), "newer")
      const now = yield* storage.stat(at("/pub/a"))
      assert.strictEqual(yield* storage.remove(at("/pub/to-a"), now), 0)
      assert.strictEqual(yield* storage.remove(at("/pub/a"), now), 5)
      yield* cut("/pub/a")
      assert.strictEqual(yield* reason(storage.remove(at("/pub/a"), now)), "NotFound")
      assert.strictEqual(yield* storage.partial(at("/pub/a")), 4)
    }).pipe(onFiles)
  )

  it.effect("nobody can make a file run as somebody else", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* storage.setAttributes(at("/file"), { mode: 0o6755 })
      assert.strictEqual((yield* storage.stat(at("/file"))).mode, 0o755)
      yield* storage.setAttributes(at("/hollow"), { mode: 0o7777 })
      assert.strictEqual((yield* storage.stat(at("/hollow"))).mode, 0o1777)
    }).pipe(onFiles)
  )

  it.effect("a store goes to what a link points at, inside the root", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* store("/pub/to-a", ["b"], { offset: "end" })
      yield* store("/pub/here/up", ["up"])
      assert.strictEqual(yield* content("/pub/a"), "ab")
      assert.strictEqual(yield* content("/file"), "up")
      assert.strictEqual(yield* reason(store("/pub/out", ["x"])), "OutsideRoot")
      assert.strictEqual(yield* reason(store("/pub/out/x", ["x"])), "OutsideRoot")
      assert.strictEqual(yield* reason(store("/pub/loop", ["x"])), "OutsideRoot")
      assert.strictEqual(yield* reason(store("/pub/dangling", ["x"])), "NotFound")
      assert.strictEqual(yield* reason(store("/pub/here", ["x"])), "IsADirectory")
      assert.includeMembers([...(yield* names("/pub"))], ["to-a", "up"])
      yield* storage.remove(at("/pub/to-a"))
      assert.strictEqual(yield* content("/pub/a"), "ab")
      yield* storage.rename(at("/pub/up"), at("/pub/moved"), { replace: false })
      assert.strictEqual(yield* content("/pub/moved"), "up")
      assert.strictEqual(yield* storage.remove(at("/pub/dangling")), 0)
      assert.strictEqual(yield* storage.remove(at("/pub/out")), 0)
    }).pipe(onFiles)
  )

  it.effect.each<readonly [string, StorageError["reason"]]>([
    ["/missing/x", "NotFound"],
    ["/file/x", "NotADirectory"],
    ["/..", "OutsideRoot"],
    ["/pub/../../x", "OutsideRoot"],
    ["/pub/out/x", "OutsideRoot"],
    ["/nul\0", "InvalidName"],
    [`/${HiddenName.prefix}x`, "InvalidName"],
    [`/${HiddenName.prefix.toUpperCase()}x`, "InvalidName"],
    [`/${HiddenName.prefix}x/y`, "InvalidName"],
    [`/${"n".repeat(256)}`, "NameTooLong"]
  ])("%j cannot be made: %s", ([path, expected]) =>
    Effect.gen(function* () {
      const storage = yield* Storage
      assert.strictEqual(yield* reason(store(path, ["x"])), expected)
      assert.strictEqual(yield* reason(storage.makeDirectory(at(path))), expected)
      assert.strictEqual(yield* reason(storage.rename(at("/file"), at(path), { replace: true })), expected)
      const there = expected === "InvalidName" && !path.includes("\0") ? "NotFound" : expected
      assert.strictEqual(yield* reason(storage.remove(at(path))), there)
      assert.strictEqual(yield* reason(storage.removeDirectory(at(path))), there)
      assert.strictEqual(yield* reason(storage.setAttributes(at(path), { mode: 0o777 })), there)
      assert.deepStrictEqual(yield* names("/"), ["file", "hollow", "pub"])
    }).pipe(onFiles)
  )

  it.effect("names of 255 bytes and in any encoding are stored", () =>
    Effect.gen(function* () {
      for (const name of ["n".repeat(255), "caf\udce9", "ünï ☃", 'a "quoted" name', "-rf"]) {
        yield* store(`/hollow/${name}`, [], { partial: "keep", cut: true })
        yield* store(`/hollow/${name}`, ["1"], { partial: "keep", cut: true })
        assert.strictEqual(yield* (yield* Storage).partial(at(`/hollow/${name}`)), 1)
        yield* store(`/hollow/${name}`, ["2"], { partial: "keep", offset: 1 })
        assert.deepStrictEqual(yield* names("/hollow"), [name])
        yield* (yield* Storage).rename(at(`/hollow/${name}`), at("/hollow/plain"), { replace: false })
        assert.strictEqual(yield* content("/hollow/plain"), "12")
        yield* (yield* Storage).remove(at("/hollow/plain"))
      }
    }).pipe(onFiles)
  )

  it.effect("files and directories are removed, each in its way", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      assert.strictEqual(yield* storage.remove(at("/file")), 11)
      assert.strictEqual(yield* reason(storage.remove(at("/file"))), "NotFound")
      assert.strictEqual(yield* reason(storage.remove(at("/pub"))), "IsADirectory")
      assert.strictEqual(yield* reason(storage.remove(at("/"))), "IsADirectory")
      assert.strictEqual(yield* reason(storage.removeDirectory(at("/pub"))), "NotEmpty")
      assert.strictEqual(yield* reason(storage.removeDirectory(at("/pub/a"))), "NotADirectory")
      assert.strictEqual(yield* reason(storage.removeDirectory(at("/pub/here"))), "NotADirectory")
      assert.strictEqual(yield* reason(storage.removeDirectory(at("/"))), "PermissionDenied")
      yield* store("/hollow/x", ["partial"], { partial: "keep", cut: true })
      yield* Effect.scoped(
        Effect.zipRight(
          storage.store(at("/hollow/y"), usual),
          Effect.map(reason(storage.removeDirectory(at("/hollow"))), (why) => assert.strictEqual(why, "NotEmpty"))
        )
      )
      yield* storage.removeDirectory(at("/hollow"))
      assert.strictEqual(yield* reason(storage.removeDirectory(at("/hollow"))), "NotFound")
      yield* storage.makeDirectory(at("/hollow"))
      assert.deepInclude(yield* storage.stat(at("/hollow")), { kind: "directory", mode: 0o755 })
      assert.strictEqual(yield* reason(storage.makeDirectory(at("/hollow"))), "Exists")
      assert.strictEqual(yield* reason(storage.makeDirectory(at("/"))), "Exists")
    }).pipe(onFiles)
  )

  it.effect("rename moves files and directories, and replaces only what it may", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      const rename = (from: string, to: string, replace: boolean) => storage.rename(at(from), at(to), { replace })
      assert.strictEqual(yield* rename("/pub", "/hollow/pub", false), undefined)
      assert.strictEqual(yield* content("/hollow/pub/a"), "a")
      assert.strictEqual(yield* reason(rename("/file", "/hollow/pub/a", false)), "Exists")
      assert.strictEqual(yield* content("/hollow/pub/a"), "a")
      assert.strictEqual(yield* rename("/file", "/hollow/pub/a", true), 1)
      assert.strictEqual(yield* content("/hollow/pub/a"), "old content")
      assert.strictEqual(yield* rename("/hollow/pub/a", "/hollow/pub/a", true), undefined)
      assert.strictEqual(yield* reason(rename("/hollow", "/hollow/pub/x", true)), "InvalidName")
      yield* storage.makeDirectory(at("/empty"))
      assert.strictEqual(yield* reason(rename("/hollow", "/empty", true)), "Exists")
      assert.strictEqual(yield* reason(rename("/hollow/pub/a", "/empty", true)), "Exists")
      assert.strictEqual(yield* reason(rename("/empty", "/hollow/pub/a", true)), "Exists")
      assert.strictEqual(yield* reason(rename("/missing", "/x", true)), "NotFound")
      assert.strictEqual(yield* reason(rename("/", "/x", true)), "PermissionDenied")
      assert.strictEqual(yield* reason(rename("/empty", "/", true)), "Exists")
    }).pipe(onFiles)
  )

  it.effect("attributes are set one by one", () =>
    Effect.gen(function* () {
      const storage = yield* Storage
      yield* storage.setAttributes(at("/pub/up"), { mode: 0o600, modified: 1_234_567_890_123 })
      const link = (yield* Stream.runCollect(storage.list(at("/pub")))).pipe(Chunk.toReadonlyArray)
      assert.strictEqual(link.find(({ name }) => name === "up")?.kind, "link")
      assert.deepInclude(yield* storage.stat(at("/file")), { mode: 0o600, modified: 1_234_567_890_123 })
      yield* storage.setAttributes(at("/file"), { accessed: 5_000 })
      assert.deepInclude(yield* storage.stat(at("/file")), { mode: 0o600, modified: 1_234_567_890_123 })
      for (const modified of [86_399_999, 0, -1000, -2_208_988_800_000]) {
        yield* storage.setAttributes(at("/file"), { modified })
        assert.deepInclude(yield* storage.stat(at("/file")), { modified })
      }
      yield* storage.setAttributes(at("/hollow"), { mode: 0o700 })
      assert.deepInclude(yield* storage.stat(at("/hollow")), { kind: "directory", mode: 0o700 })
      assert.strictEqual(yield* reason(storage.setAttributes(at("/pub/dangling"), { mode: 0o700 })), "NotFound")
      assert.strictEqual(yield* reason(storage.setAttributes(at("/pub/out"), { mode: 0o700 })), "OutsideRoot")
    }).pipe(onFiles)
  )

  it.effect("an interrupted store leaves nothing, wherever it is caught", () =>
    Effect.gen(function* () {
      const open = yield* Effect.sync(descriptors)
      for (let turns = 0; turns < 60; turns++) {
        const scope = yield* Scope.make()
        const fiber = yield* store("/file", ["new ", "content"], { offset: turns % 2 === 0 ? 0 : 3 }).pipe(
          Scope.extend(scope),
          Effect.fork
        )
        for (let turn = 0; turn < turns; turn++)
          yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
        yield* fiber.interruptAsFork(fiber.id())
        yield* fiber.await
        yield* Scope.close(scope, Exit.void)
        assert.include(["old content", "new content", "oldnew content"], yield* content("/file"))
        yield* store("/file", ["old content"])
      }
      yield* (yield* Storage).removeDirectory(at("/hollow"))
      assert.deepStrictEqual(yield* names("/"), ["file", "pub"])
      yield* descriptorsBackTo(open)
    }).pipe(onFiles)
  )
})
