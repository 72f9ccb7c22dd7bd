import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, Layer, Stream } from "effect"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import { at, descriptors, descriptorsBackTo, fill, locals, temporary, whole } from "./fixtures.ts"

const text = (path: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const file = yield* (yield* Storage).open(at(path))
      return yield* Stream.runFold(file.bytes(0), "", (all, chunk) => all + Buffer.from(chunk).toString())
    })
  )

const refusal = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

const names = (path: string) =>
  Effect.gen(function* () {
    const entries = yield* Stream.runCollect((yield* Storage).list(at(path)))
    return Chunk.toReadonlyArray(entries)
  })

describe.each(locals)("LocalStorage ($name)", ({ over }) => {
  const withRoot = <A, E, R>(
    body: (place: { readonly root: string; readonly outside: string }) => Effect.Effect<A, E, R | Storage>
  ) =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const place = { root: `${folder}/root`, outside: `${folder}/outside` }
      Fs.mkdirSync(place.root)
      Fs.mkdirSync(place.outside)
      Fs.writeFileSync(`${place.outside}/secret`, "secret")
      return yield* Effect.provide(body(place), over(place.root))
    })

  it.scoped("in one turn nothing is opened but a regular file that is inside and anybody's", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        yield* fill(root, {
          file: "content",
          ".weft-kept": "the server's own",
          "folder/file": "b",
          far: { link: "../outside/secret" }
        })
        execFileSync("mkfifo", [`${root}/fifo`])
        const { unsafeOpen } = yield* Storage
        if (unsafeOpen === undefined) return
        const before = descriptors()
        for (const name of ["/folder", "/fifo", "/far", "/missing", "/.weft-kept", "/.WEFT-kept", "/fi\0le", "/"]) {
          assert.isUndefined(unsafeOpen(at(name)), name)
        }
        assert.strictEqual(descriptors(), before)
        const opened = unsafeOpen(at("/file")) ?? assert.fail("it is in the cache")
        assert.strictEqual(opened.size, 7)
        assert.strictEqual(Fs.readFileSync(opened.file.fd, "utf8"), "content")
        opened.file.unsafeClose()
        assert.strictEqual(descriptors(), before)
      })
    )
  )

  it.scoped("in one turn it tells what stat tells, also why it refuses", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        yield* fill(root, {
          file: { content: "content", mode: 0o640, modified: 1_700_000_000_123 },
          "folder/file": "b",
          inside: { link: "folder" },
          far: { link: "../outside/secret" },
          back: { link: `${root}/file` },
          gone: { link: "missing" },
          ".weft-kept": "the server's own"
        })
        execFileSync("mkfifo", [`${root}/fifo`])
        const { stat, unsafeStat } = yield* Storage
        if (unsafeStat === undefined) return
        const before = descriptors()
        yield* stat(at("/"))
        for (const name of ["/", "/file", "/folder", "/folder/file", "/fifo"]) {
          assert.deepStrictEqual(unsafeStat(at(name)), Either.right(yield* stat(at(name))), name)
        }
        const isInMemory = root.startsWith("/dev/shm")
        const refused = ["/gone", "/missing", "/missing/file", "/file/below", `/${"x".repeat(300)}`, "/odd\udcff"]
        for (const name of [...refused, "/inside", "/inside/file"]) {
          const told = yield* Effect.either(Effect.mapError(stat(at(name)), ({ reason }) => reason))
          // A disk may have to be asked, or to note that a link was read.
          assert.deepStrictEqual(unsafeStat(at(name)) ?? (isInMemory ? undefined : told), told, name)
        }
        for (const name of ["/.weft-kept", "/.WEFT-kept"]) {
          assert.deepStrictEqual(unsafeStat(at(name)), Either.left("NotFound"), name)
        }
        assert.deepStrictEqual(unsafeStat(at("/fi\0le")), Either.left("InvalidName"))
        for (const name of ["/far", "/back", "/.."]) assert.isUndefined(unsafeStat(at(name)), name)
        assert.strictEqual(descriptors(), before)
      })
    )
  )

  it.scoped("in one turn a name has surely no partial where it is a file that none was left beside", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        yield* fill(root, { file: "content", cut: "content", link: { link: "file" } })
        const { partial, store, unsafeHasNoPartial } = yield* Storage
        if (unsafeHasNoPartial === undefined || !root.startsWith("/dev/shm")) return
        const before = descriptors()
        yield* Effect.scoped(
          Effect.flatMap(store(at("/cut"), { ...whole, partial: "keep" }), (upload) =>
            upload.write(Buffer.from("half"))
          )
        )
        assert.strictEqual(yield* partial(at("/cut")), 4)
        const told = ["/file", "/cut", "/link", "/missing", "/missing/file", "/", "/.weft-kept"].map((name) =>
          unsafeHasNoPartial(at(name))
        )
        assert.deepStrictEqual(told, [true, false, false, true, false, false, false])
        assert.strictEqual(descriptors(), before)
      })
    )
  )

  it.scoped("links that lead out give nothing away", () =>
    withRoot(({ outside, root }) =>
      Effect.gen(function* () {
        yield* fill(root, {
          file: { link: "../outside/secret" },
          folder: { link: "../outside" },
          absolute: { link: `${outside}/secret` },
          chain: { link: "folder/secret" },
          proc: { link: "/proc/self/cwd" },
          gone: { link: "../outside/missing" }
        })
        const storage = yield* Storage
        for (const name of ["/file", "/folder", "/absolute", "/chain", "/proc", "/folder/secret", "/folder/missing"]) {
          assert.strictEqual(yield* refusal(storage.stat(at(name))), "OutsideRoot", name)
          assert.strictEqual(yield* refusal(text(name)), "OutsideRoot", name)
          assert.strictEqual(yield* refusal(names(name)), "OutsideRoot", name)
        }
        assert.strictEqual(yield* refusal(storage.stat(at("/gone"))), "NotFound")
        const listed = yield* names("/")
        assert.deepStrictEqual(
          listed.map(({ kind, name, target }) => [name, kind, target]),
          [
            ["absolute", "link", undefined],
            ["chain", "link", "folder/secret"],
            ["file", "link", "../outside/secret"],
            ["folder", "link", "../outside"],
            ["gone", "link", "../outside/missing"],
            ["proc", "link", undefined]
          ]
        )
      })
    )
  )

  it.scoped("absolute links that come back in are followed and shown as the client's path", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        yield* fill(root, {
          "a/ü/file": "inside",
          link: { link: `${root}/a/ü/file` },
          folder: { link: `${root}/a` },
          all: { link: root },
          broken: { link: `${root}/nothing` }
        })
        assert.strictEqual(yield* text("/link"), "inside")
        assert.strictEqual(yield* text("/folder/ü/file"), "inside")
        assert.strictEqual(yield* text("/all/all/folder/ü/file"), "inside")
        assert.strictEqual(yield* refusal(text("/broken")), "NotFound")
        const targets = (yield* names("/")).map(({ target }) => target)
        assert.deepStrictEqual(targets, [undefined, "/", "/nothing", "/a", "/a/ü/file"])
      })
    )
  )

  it.scoped("what is no regular file is refused at once, however many ask", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        execFileSync("mkfifo", [`${root}/fifo`])
        Fs.writeFileSync(`${root}/file`, "content")
        yield* Effect.acquireRelease(
          Effect.async<Net.Server>((resume) => {
            const server = Net.createServer().listen(`${root}/socket`, () => resume(Effect.succeed(server)))
          }),
          (server) => Effect.sync(() => server.close())
        )
        const storage = yield* Storage
        const opens = Effect.replicate(refusal(text("/fifo")), 16)
        assert.deepStrictEqual(yield* Effect.all(opens, { concurrency: "unbounded" }), Array(16).fill("NotAFile"))
        assert.strictEqual(yield* refusal(text("/socket")), "NotAFile")
        assert.strictEqual((yield* storage.stat(at("/fifo"))).kind, "other")
        assert.strictEqual((yield* storage.stat(at("/socket"))).kind, "other")
        assert.strictEqual(yield* text("/file"), "content")
      })
    )
  )

  it.scoped("a file that grows or shrinks is read to its real end", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        const size = 1_000_000
        Fs.writeFileSync(`${root}/grows`, Buffer.alloc(size, 1))
        Fs.writeFileSync(`${root}/shrinks`, Buffer.alloc(size, 1))
        const storage = yield* Storage
        const grows = yield* storage.open(at("/grows"))
        const shrinks = yield* storage.open(at("/shrinks"))
        Fs.appendFileSync(`${root}/grows`, Buffer.alloc(size, 2))
        Fs.truncateSync(`${root}/shrinks`, 10)
        const length = Stream.runFold<number, Uint8Array>(0, (sum, chunk) => sum + chunk.length)
        assert.strictEqual(yield* length(grows.bytes(0)), 2 * size)
        assert.strictEqual(yield* length(shrinks.bytes(0)), 10)
      })
    )
  )

  it.scoped("an open file is still the same file after its name has gone", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${root}/file`, "old")
        const file = yield* (yield* Storage).open(at("/file"))
        Fs.unlinkSync(`${root}/file`)
        Fs.writeFileSync(`${root}/file`, "new")
        const bytes = yield* Stream.runFold(file.bytes(0), "", (all, chunk) => all + Buffer.from(chunk).toString())
        assert.strictEqual(bytes, "old")
        assert.strictEqual(Fs.fstatSync(file.file?.fd ?? -1).size, 3)
      })
    )
  )

  it.scoped("without permission there is PermissionDenied", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        Fs.chmodSync(`${root}/..`, 0o755)
        yield* fill(root, { file: { content: "x", mode: 0 }, "closed/file": "x" })
        Fs.chmodSync(`${root}/closed`, 0)
        const isRoot = process.getuid?.() === 0
        yield* Effect.acquireRelease(
          Effect.sync(() => isRoot && process.seteuid?.(65534)),
          () => Effect.sync(() => isRoot && process.seteuid?.(0))
        )
        const storage = yield* Storage
        assert.strictEqual(yield* refusal(text("/file")), "PermissionDenied")
        assert.strictEqual((yield* storage.stat(at("/file"))).mode, 0)
        assert.strictEqual(yield* refusal(storage.stat(at("/closed/file"))), "PermissionDenied")
        assert.strictEqual(yield* refusal(names("/closed")), "PermissionDenied")
      }).pipe(Effect.scoped)
    )
  )

  it.scoped("a directory that may be entered but not read hides no partial of what is in it", () =>
    withRoot(({ root }) =>
      Effect.gen(function* () {
        Fs.chmodSync(`${root}/..`, 0o755)
        yield* fill(root, { "closed/file": "x" })
        Fs.chmodSync(`${root}/closed`, 0o111)
        const isRoot = process.getuid?.() === 0
        yield* Effect.acquireRelease(
          Effect.sync(() => isRoot && process.seteuid?.(65534)),
          () => Effect.sync(() => (isRoot ? process.seteuid?.(0) : Fs.chmodSync(`${root}/closed`, 0o700)))
        )
        const storage = yield* Storage
        assert.strictEqual((yield* storage.stat(at("/closed/file"))).size, 1)
        assert.isUndefined(yield* storage.partial(at("/closed/file")))
      }).pipe(Effect.scoped)
    )
  )

  it.scoped("a thousand questions at once are all answered", () =>
    withRoot(() =>
      Effect.gen(function* () {
        const storage = yield* Storage
        const ask = (_: unknown, index: number) => refusal(storage.stat(at(`/missing-${index}`)))
        const answers = yield* Effect.all(Array.from({ length: 1000 }, ask), { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(answers)], ["NotFound"])
      })
    )
  )

  it.scoped("all descriptors are closed again, the root's with the layer", () =>
    Effect.gen(function* () {
      const before = descriptors()
      yield* Effect.scoped(
        withRoot(({ root }) =>
          Effect.gen(function* () {
            yield* fill(root, { file: Buffer.alloc(600_000), "folder/a": "" })
            const storage = yield* Storage
            const inside = descriptors()
            for (let turn = 0; turn < 100; turn++) {
              const reading = Effect.scoped(
                Effect.flatMap(storage.open(at("/file")), ({ bytes }) => Stream.runDrain(bytes(0)))
              )
              const fibers = yield* Effect.all([
                Effect.fork(reading),
                Effect.fork(Stream.runDrain(storage.list(at("/folder")))),
                Effect.fork(storage.stat(at("/missing")))
              ])
              for (let step = 0; step < turn % 7; step++) yield* Effect.yieldNow()
              if (turn % 3 === 0) yield* Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))
              for (const fiber of fibers) yield* fiber.interruptAsFork(fiber.id())
              for (const fiber of fibers) yield* fiber.await
            }
            yield* Effect.all([refusal(text("/folder")), refusal(names("/file")), refusal(text("/missing"))])
            yield* descriptorsBackTo(inside)
          })
        )
      )
      yield* descriptorsBackTo(before)
    })
  )
})

describe("LocalStorage.layer", () => {
  it.scoped("fails where there is no folder", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.writeFileSync(`${folder}/file`, "")
      const start = (root: string) => refusal(Layer.build(LocalStorage.layer({ root })))
      assert.strictEqual(yield* start(`${folder}/missing`), "NotFound")
      assert.strictEqual(yield* start(`${folder}/file`), "NotADirectory")
    })
  )

  it.scoped("the kernel's way survives that the root is renamed", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      yield* fill(folder, { "root/file": "content" })
      const storage = yield* Layer.build(LocalStorage.layer({ root: `${folder}/root` }))
      Fs.renameSync(`${folder}/root`, `${folder}/moved`)
      Fs.symlinkSync(`${folder}/moved/file`, `${folder}/moved/link`)
      assert.strictEqual(yield* Effect.provide(text("/file"), storage), "content")
      assert.strictEqual(yield* Effect.provide(text("/link"), storage), "content")
    })
  )
})
