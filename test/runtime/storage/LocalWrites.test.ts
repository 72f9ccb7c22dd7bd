import { execFileSync, spawnSync } from "node:child_process"
import NodeFs, * as Fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as MemoryStorage from "../../../src/runtime/storage/MemoryStorage.ts"
import * as Partials from "../../../src/runtime/storage/Partials.ts"
import { Storage, type StoreOptions } from "../../../src/runtime/storage/Storage.ts"
import { at, descriptors, descriptorsBackTo, fill, locals, onDisk, temporary, whole } from "./fixtures.ts"

const store = (path: string, text: string, options: Partial<StoreOptions> & { readonly cut?: boolean } = {}) =>
  Effect.scoped(
    Effect.gen(function* () {
      const upload = yield* (yield* Storage).store(at(path), { ...whole, ...options })
      yield* upload.write(Buffer.from(text))
      return options.cut === true ? undefined : yield* upload.commit
    })
  )

const reason = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

const mode = (path: string) => Fs.statSync(path).mode & 0o7777

const aged = (path: string, days: number) => {
  const then = Date.now() / 1000 - days * 24 * 60 * 60
  Fs.utimesSync(path, then, then)
}

/** The name of an upload whose process has ended. */
const deadName = (target: string | undefined): string => {
  const { pid } = spawnSync(process.execPath, ["--version"])
  return Partials.uploadName(target).replace(`-${process.pid}-`, `-${pid}-`)
}

describe.each(locals)("LocalStorage, written to ($name)", ({ over }) => {
  const withRoot = <A, E>(
    body: (root: string, outside: string) => Effect.Effect<A, E, Storage | Scope.Scope>,
    folders = temporary
  ) =>
    Effect.gen(function* () {
      const folder = yield* folders
      const [root, outside] = [`${folder}/root`, `${folder}/outside`]
      for (const made of [root, outside]) Fs.mkdirSync(made)
      return yield* Effect.provide(body(root, outside), over(root))
    })

  it.scoped("of many threads that store one new name at once exactly one finds it free", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.mkdirSync(`${folder}/root`)
      // Each has locks of its own, as threads do.
      const threads = Array.from({ length: 6 }, () => over(`${folder}/root`))
      for (let round = 0; round < 10; round++) {
        const stored = yield* Effect.forEach(
          threads,
          (thread, index) => Effect.provide(store(`/new-${round}`, "x".repeat(index)), thread),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(stored.filter((one) => one?.replaced === undefined).length, 1)
      }
    })
  )

  it.scoped("a name the disk does not confirm is there, and said to be unconfirmed", () =>
    withRoot(
      (root) =>
        Effect.gen(function* () {
          yield* Effect.acquireRelease(
            Effect.sync(() => {
              const { fsync } = NodeFs
              const broken = (fd: number, done: Fs.NoParamCallback) => {
                if (!Fs.fstatSync(fd).isDirectory()) return fsync(fd, done)
                setImmediate(() => done(Object.assign(new Error("EIO"), { code: "EIO" })))
              }
              NodeFs.fsync = broken as typeof fsync
              syncBuiltinESMExports()
              return fsync
            }),
            (fsync) =>
              Effect.sync(() => {
                NodeFs.fsync = fsync
                syncBuiltinESMExports()
              })
          )
          assert.deepInclude(yield* store("/file", "whole"), { size: 5, replaced: undefined, unconfirmed: true })
          assert.strictEqual(Fs.readFileSync(`${root}/file`, "utf8"), "whole")
          assert.notProperty(yield* store("/file", "whole", { sync: false }), "unconfirmed")
        }),
      onDisk
    )
  )

  it.scoped("the hidden file is private, beside the target, and gone in the end", () =>
    withRoot((root) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* (yield* Storage).store(at("/file"), whole)
            const names = Fs.readdirSync(root)
            assert.deepInclude(Partials.parse(names[0] ?? ""), {
              _tag: "Upload",
              pid: process.pid,
              target: Partials.hash("file")
            })
            assert.strictEqual(mode(`${root}/${names[0]}`), 0o600)
            yield* upload.write(Buffer.from("content"))
            yield* upload.commit
          })
        )
        assert.deepStrictEqual(Fs.readdirSync(root), ["file"])
        assert.strictEqual(Fs.readFileSync(`${root}/file`, "utf8"), "content")
        yield* store("/file", "more", { offset: "end", cut: true })
        yield* store("/other", "more", { cut: true })
        assert.deepStrictEqual(Fs.readdirSync(root), ["file"])
        yield* store("/other", "more", { cut: true, partial: "keep" })
        assert.sameMembers(Fs.readdirSync(root), ["file", Partials.partialName(Partials.hash("other"))])
        assert.strictEqual(mode(`${root}/${Partials.partialName(Partials.hash("other"))}`), 0o600)
      })
    )
  )

  it.scoped("a partial that is no plain file of the server's is none", () =>
    withRoot((root, outside) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${outside}/secret`, "secret")
        const partial = `${root}/${Partials.partialName(Partials.hash("file"))}`
        for (const plant of [
          () => Fs.symlinkSync("../outside/secret", partial),
          () => Fs.linkSync(`${outside}/secret`, partial),
          () => execFileSync("mkfifo", [partial]),
          () => Fs.mkdirSync(partial)
        ]) {
          plant()
          assert.strictEqual(yield* (yield* Storage).partial(at("/file")), undefined)
          assert.strictEqual(yield* reason(store("/file", "!", { offset: 6 })), "BadRestart")
          Fs.rmSync(partial, { recursive: true })
        }
        assert.strictEqual(Fs.readFileSync(`${outside}/secret`, "utf8"), "secret")
        assert.strictEqual(Fs.statSync(`${outside}/secret`).nlink, 1)
      })
    )
  )

  it.scoped("nothing is stored, renamed or removed through a link that leads out", () =>
    withRoot((root, outside) =>
      Effect.gen(function* () {
        yield* fill(root, { file: "x", out: { link: "../outside" }, secret: { link: "../outside/secret" } })
        Fs.writeFileSync(`${outside}/secret`, "secret")
        const storage = yield* Storage
        for (const change of [
          store("/out/new", "x"),
          store("/secret", "x"),
          storage.remove(at("/out/secret")),
          storage.rename(at("/out/secret"), at("/stolen"), { replace: true }),
          storage.rename(at("/file"), at("/out/file"), { replace: true }),
          storage.makeDirectory(at("/out/made")),
          storage.setAttributes(at("/secret"), { mode: 0o777 }),
          storage.available(at("/out"))
        ]) {
          assert.strictEqual(yield* reason<unknown, Storage>(change), "OutsideRoot")
        }
        assert.strictEqual(yield* storage.rename(at("/file"), at("/secret"), { replace: true }), undefined)
        assert.strictEqual(Fs.readFileSync(`${root}/secret`, "utf8"), "x")
        assert.deepStrictEqual(Fs.readdirSync(outside), ["secret"])
        assert.strictEqual(Fs.readFileSync(`${outside}/secret`, "utf8"), "secret")
      })
    )
  )

  it.scoped("room is told", () =>
    withRoot(() =>
      Effect.gen(function* () {
        const storage = yield* Storage
        assert.isAbove((yield* storage.available(at("/"))) ?? 0, 0)
        assert.isAbove((yield* storage.available(at("/new"))) ?? 0, 0)
      })
    )
  )

  it.scoped("a full disk loses nothing and leaves nothing", (context) =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", folder]).status === 0
      if (!mounted) return context.skip()
      yield* Effect.addFinalizer(() => Effect.sync(() => spawnSync("umount", ["-l", folder])))
      yield* Effect.gen(function* () {
        yield* store("/file", "old")
        const big = "x".repeat(500_000)
        assert.strictEqual(yield* reason(store("/file", big)), "NoSpace")
        assert.strictEqual(yield* reason(store("/new", big)), "NoSpace")
        assert.strictEqual(yield* reason(store("/file", big, { offset: "end" })), "NoSpace")
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* (yield* Storage).store(at("/new"), { ...whole, partial: "discard" })
            const bytes = Buffer.from(big)
            const stored = upload.unsafeWrite?.(bytes) ?? 0
            assert.isBelow(stored, 262_144)
            assert.strictEqual(yield* reason(upload.write(bytes.subarray(stored))), "NoSpace")
            assert.strictEqual(upload.unsafeWrite?.(bytes.subarray(0, 1)) ?? 0, 0)
          })
        )
        assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
        assert.strictEqual(Fs.readFileSync(`${folder}/file`, "utf8"), "old")
        yield* store("/file", "new")
        yield* store("/file", "x".repeat(100_000))
        assert.strictEqual(Fs.statSync(`${folder}/file`).size, 100_000)
        spawnSync("mount", ["-o", "remount,ro", folder])
        assert.strictEqual(yield* reason(store("/file", "x")), "ReadOnlyStorage")
        assert.strictEqual(yield* reason((yield* Storage).remove(at("/file"))), "ReadOnlyStorage")
        assert.strictEqual(yield* reason((yield* Storage).makeDirectory(at("/made"))), "ReadOnlyStorage")
      }).pipe(Effect.provide(over(folder)))
    })
  )

  it.scoped("of two names of one file the new one stays, and one name stays one", () =>
    withRoot((root) =>
      Effect.gen(function* () {
        yield* fill(root, { "a/one": "content", b: { link: "a" } })
        const { rename } = yield* Storage
        assert.strictEqual(yield* rename(at("/a/one"), at("/b/one"), { replace: true }), undefined)
        Fs.linkSync(`${root}/a/one`, `${root}/a/two`)
        assert.strictEqual(yield* rename(at("/a/one"), at("/b/one"), { replace: true }), undefined)
        assert.sameMembers(Fs.readdirSync(`${root}/a`), ["one", "two"])
        assert.strictEqual(yield* reason(rename(at("/a/one"), at("/b/two"), { replace: false })), "Exists")
        assert.strictEqual(yield* rename(at("/a/one"), at("/b/two"), { replace: true }), 7)
        assert.deepStrictEqual(Fs.readdirSync(`${root}/a`), ["two"])
        Fs.linkSync(`${root}/a/two`, `${root}/two`)
        assert.strictEqual(yield* rename(at("/a/two"), at("/two"), { replace: true }), 7)
        assert.deepStrictEqual(Fs.readdirSync(`${root}/a`), [])
        assert.strictEqual(Fs.readFileSync(`${root}/two`, "utf8"), "content")
      })
    )
  )

  it.scoped("a directory keeps the group bit it was given on the host", () =>
    withRoot((root) =>
      Effect.gen(function* () {
        Fs.mkdirSync(`${root}/made`)
        Fs.chmodSync(`${root}/made`, 0o2775)
        yield* (yield* Storage).setAttributes(at("/made"), { mode: 0o4750 })
        assert.strictEqual(mode(`${root}/made`), 0o2750)
      })
    )
  )

  it.scoped("another disk below the root is another disk", (context) =>
    withRoot((root) =>
      Effect.gen(function* () {
        Fs.mkdirSync(`${root}/disk`)
        if (spawnSync("mount", ["-t", "tmpfs", "tmpfs", `${root}/disk`]).status !== 0) return context.skip()
        yield* Effect.addFinalizer(() => Effect.sync(() => spawnSync("umount", ["-l", `${root}/disk`])))
        yield* store("/file", "x")
        const storage = yield* Storage
        for (const replace of [true, false]) {
          const moving = storage.rename(at("/file"), at("/disk/file"), { replace })
          assert.strictEqual(yield* reason(moving), "OtherFileSystem")
        }
        assert.strictEqual(Fs.readFileSync(`${root}/file`, "utf8"), "x")
      })
    )
  )
})

it.scoped("the modes of what is new come from the storage's umask alone", () =>
  Effect.gen(function* () {
    const root = yield* temporary
    const before = process.umask(0o077)
    yield* Effect.addFinalizer(() => Effect.sync(() => void process.umask(before)))
    yield* Effect.gen(function* () {
      yield* store("/file", "x")
      yield* (yield* Storage).makeDirectory(at("/made"))
      assert.strictEqual(mode(`${root}/file`), 0o664)
      assert.strictEqual(mode(`${root}/made`), 0o775)
      Fs.chmodSync(`${root}/made`, 0o2775)
      yield* (yield* Storage).makeDirectory(at("/made/below"))
      assert.strictEqual(mode(`${root}/made/below`), 0o2775)
      Fs.chmodSync(`${root}/file`, 0o4711)
      yield* store("/file", "y")
      assert.strictEqual(mode(`${root}/file`), 0o711)
    }).pipe(Effect.provide(LocalStorage.layer({ root, umask: 0o002 })))
  })
)

it.scoped("a home is a tree of its own, shared while it is used, and opened anew when it was made anew", () =>
  Effect.gen(function* () {
    const folder = yield* temporary
    for (const made of ["root", "home"]) Fs.mkdirSync(`${folder}/${made}`)
    yield* fill(folder, { "home/file": "x", "home/out": { link: "../root" }, "to-home": { link: "home" } })
    yield* Effect.gen(function* () {
      const storage = yield* Storage
      const open = descriptors()
      const scope = yield* Scope.make()
      const home = yield* Scope.extend(storage.home(`${folder}/home`), scope)
      const one = descriptors()
      assert.isAbove(one, open)
      assert.strictEqual(yield* Scope.extend(storage.home(`${folder}/to-home`), scope), home)
      assert.strictEqual(yield* Scope.extend(home.home(`${folder}/home/.`), scope), home)
      assert.strictEqual(descriptors(), one)
      assert.strictEqual((yield* home.stat(at("/file"))).size, 1)
      assert.strictEqual(yield* reason(home.stat(at("/out"))), "OutsideRoot")
      Fs.renameSync(`${folder}/home`, `${folder}/gone`)
      assert.strictEqual(yield* reason(Effect.scoped(storage.home(`${folder}/home`))), "NotFound")
      Fs.mkdirSync(`${folder}/home`)
      const anew = yield* Scope.extend(storage.home(`${folder}/home`), scope)
      assert.notStrictEqual(anew, home)
      assert.strictEqual(yield* reason(anew.stat(at("/file"))), "NotFound")
      assert.strictEqual((yield* home.stat(at("/file"))).size, 1)
      yield* Scope.close(scope, Exit.void)
      yield* descriptorsBackTo(open)
      assert.strictEqual(yield* reason(Effect.scoped(storage.home("home"))), "InvalidName")
      assert.strictEqual(yield* reason(Effect.scoped(storage.home(`${folder}/gone/file`))), "NotADirectory")
    }).pipe(Effect.provide(LocalStorage.layer({ root: `${folder}/root` })))
  })
)

it.effect("a home in memory is a directory of the tree", () =>
  Effect.gen(function* () {
    const storage = yield* Storage
    const home = yield* storage.home("/users/ann")
    assert.strictEqual((yield* home.stat(at("/file"))).size, 1)
    assert.strictEqual(yield* reason(home.stat(at("/up"))), "OutsideRoot")
    assert.strictEqual(yield* reason(storage.home("/missing")), "NotFound")
    assert.strictEqual(yield* reason(storage.home("/users/ann/file")), "NotADirectory")
    yield* store("/new", "abc").pipe(Effect.provideService(Storage, home))
    assert.strictEqual((yield* storage.stat(at("/users/ann/new"))).size, 3)
    assert.strictEqual(yield* storage.available(at("/")), 10 - 4)
    assert.strictEqual(yield* reason(store("/more", "1234567")), "NoSpace")
    assert.strictEqual(yield* reason(storage.stat(at("/more"))), "NotFound")
    yield* store("/more", "123456")
  }).pipe(
    Effect.scoped,
    Effect.provide(MemoryStorage.layer({ "users/ann/file": "x", "users/ann/up": { link: "../.." } }, { capacity: 10 }))
  )
)

describe("the sweep", () => {
  const target = Partials.hash("file")
  const foreign = Partials.uploadName(target).replace(/^(\.weft-upload-)[0-9a-f]{8}/, "$100000000")

  const plant = (folder: string) => {
    Fs.mkdirSync(`${folder}/root/a/b`, { recursive: true })
    Fs.mkdirSync(`${folder}/outside`)
    Fs.symlinkSync("../outside", `${folder}/root/link`)
    const put = (path: string, content = "x") => Fs.writeFileSync(`${folder}/${path}`, content)
    const dead = deadName(target)
    put(`outside/${dead}`)
    put(`root/a/b/${dead}`)
    put(`root/a/${deadName(undefined)}`)
    put(`root/a/${deadName(target)}`, "")
    put(`root/${foreign}`)
    put(`root/a/${foreign}`)
    aged(`${folder}/root/a/${foreign}`, 2)
    const partial = Partials.partialName(target)
    put(`root/${partial}`)
    put(`root/a/${partial}`)
    aged(`${folder}/root/a/${partial}`, 8)
    put("root/.weft-notes")
    put("root/file")
    const linked = deadName(target)
    put(`root/${linked}`)
    Fs.linkSync(`${folder}/root/${linked}`, `${folder}/root/whole`)
    return { dead, partial }
  }

  it.scopedLive.each([["discard"], ["keep"]] as const)("knows the living from the dead (%s)", ([partial]) =>
    Effect.gen(function* () {
      const root = yield* temporary
      const put = (name: string, days = 0) => {
        Fs.writeFileSync(`${root}/${name}`, "x")
        if (days > 0) aged(`${root}/${name}`, days)
        return name
      }
      const own = () => Partials.uploadName(Partials.hash(String(Math.random())))
      // host, boot and namespace, the process and when it began
      const shape = /^(\.weft-upload)-(\w{8})-(\w{8})-(\w{8})-(\d+)-(\d+)-/
      const alive = [
        put(own()),
        put(own(), 3),
        put(own().replace(shape, "$1-$2-$3-00000000-1-1-")),
        put(own().replace(shape, "$1-00000000-00000000-$4-1-1-"))
      ]
      const kept = [
        put(own().replace(shape, "$1-$2-$3-$4-$5-1-")),
        put(own().replace(shape, `$1-$2-$3-$4-${process.ppid}-1-`)),
        put(own().replace(shape, "$1-$2-$3-00000000-$5-$6-"), 2)
      ]
      put(own().replace(shape, "$1-$2-00000000-$4-$5-$6-"))
      put(own().replace(shape, "$1-$2-00000000-00000000-$5-$6-"))
      put(own().replace(shape, "$1-00000000-00000000-$4-$5-$6-"), 2)
      assert.strictEqual(yield* LocalStorage.sweep({ root, partial }), kept.length + 3)
      const partials = kept.map((name) => {
        const meaning = Partials.parse(name)
        return Partials.partialName((meaning?._tag === "Upload" && meaning.target) || "")
      })
      assert.sameMembers(Fs.readdirSync(root), partial === "keep" ? [...alive, ...partials] : alive)
    })
  )

  it.scopedLive("deletes what the dead left, and nothing else", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const { dead } = plant(folder)
      const open = descriptors()
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* (yield* Storage).store(at("/alive"), whole)
          assert.strictEqual(yield* LocalStorage.sweep({ root: `${folder}/root`, partial: "discard" }), 7)
          const names = Fs.readdirSync(`${folder}/root`)
          assert.strictEqual(names.filter((name) => Partials.parse(name)?._tag === "Upload").length, 2)
        })
      ).pipe(Effect.provide(LocalStorage.layer({ root: `${folder}/root` })))
      yield* descriptorsBackTo(open)
      assert.sameMembers(Fs.readdirSync(`${folder}/root`), ["a", "link", "file", "whole", ".weft-notes", foreign])
      assert.deepStrictEqual(Fs.readdirSync(`${folder}/root/a`), ["b"])
      assert.deepStrictEqual(Fs.readdirSync(`${folder}/root/a/b`), [])
      assert.deepStrictEqual(Fs.readdirSync(`${folder}/outside`), [dead])
      assert.strictEqual(yield* LocalStorage.sweep({ root: `${folder}/root`, partial: "discard" }), 0)
      assert.strictEqual(yield* LocalStorage.sweep({ root: `${folder}/missing`, partial: "discard" }), 0)
    })
  )

  it.scopedLive("keeps what can be gone on with", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const { partial } = plant(folder)
      yield* LocalStorage.sweep({ root: `${folder}/root`, partial: "keep" })
      assert.sameMembers(Fs.readdirSync(`${folder}/root`), [
        "a",
        "link",
        "file",
        "whole",
        ".weft-notes",
        foreign,
        partial
      ])
      assert.deepStrictEqual(Fs.readdirSync(`${folder}/root/a`), [partial, "b"].sort())
      assert.deepStrictEqual(Fs.readdirSync(`${folder}/root/a/b`), [partial])
    })
  )

  it.scopedLive("a directory with nothing but what the dead left can be removed", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.mkdirSync(`${folder}/made`)
      Fs.writeFileSync(`${folder}/made/${deadName(target)}`, "x")
      yield* Effect.gen(function* () {
        const storage = yield* Storage
        Fs.writeFileSync(`${folder}/made/${foreign}`, "x")
        assert.strictEqual(yield* reason(storage.removeDirectory(at("/made"))), "NotEmpty")
        aged(`${folder}/made/${foreign}`, 2)
        yield* storage.removeDirectory(at("/made"))
        assert.isFalse(Fs.existsSync(`${folder}/made`))
      }).pipe(Effect.provide(LocalStorage.layer({ root: folder })))
    })
  )
})
