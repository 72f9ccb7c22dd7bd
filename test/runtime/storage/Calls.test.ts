import Fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage, type StoreOptions } from "../../../src/runtime/storage/Storage.ts"
import { at, onDisk as folder, whole } from "./fixtures.ts"

type Call = (...args: Array<never>) => void
type Name = "fsync" | "lstat" | "open" | "rename" | "write"

/** Puts another function in place of one of Node's, for as long as the scope; it is given the real one. */
const instead = (name: Name, make: (real: Call) => Call) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const real = Fs[name]
      Object.assign(Fs, { [name]: make(real as unknown as Call) })
      syncBuiltinESMExports()
      return real
    }),
    (real) =>
      Effect.sync(() => {
        Object.assign(Fs, { [name]: real })
        syncBuiltinESMExports()
      })
  )

type Callback = (error: unknown, value?: unknown) => void

const callbackOf = (args: ReadonlyArray<unknown>) => args.at(-1) as Callback

const failWith =
  (code: string) =>
  () =>
  (...args: Array<never>) =>
    setImmediate(() => callbackOf(args)(Object.assign(new Error(code), { code })))

const usual: StoreOptions = { ...whole, partial: "keep" }

const store = (path: string, options: Partial<StoreOptions> = {}) =>
  Effect.flatMap(Storage, (storage) => storage.store(at(path), { ...usual, ...options }))

const reason = <A, R>(effect: Effect.Effect<A, { readonly reason: string }, R>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

const onDisk = <A, E>(body: (root: string) => Effect.Effect<A, E, Storage | Scope.Scope>) =>
  Effect.flatMap(folder, (root) => Effect.provide(body(root), LocalStorage.layer({ root, confinement: "portable" })))

const turn = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

describe("an upload to the local disk", () => {
  it.scopedLive.each([[true], [false]] as const)(
    "syncs what it wrote before the rename, and the directory after (%s)",
    ([sync]) =>
      onDisk((root) =>
        Effect.gen(function* () {
          const calls: Array<string> = []
          // Which of the two a descriptor stands for is told while it is open.
          const note =
            (what: string) =>
            (real: Call) =>
            (...args: Array<never>) => {
              const [fd] = args as ReadonlyArray<unknown>
              const kind = typeof fd === "number" && Fs.fstatSync(fd).isDirectory() ? " of the directory" : ""
              const done = callbackOf(args)
              const last = (...results: Parameters<Callback>) => {
                calls.push(`${what}${kind}`)
                done(...results)
              }
              real(...(args.slice(0, -1) as Array<never>), last as never)
            }
          // A name that is free is taken in another way, which Node has no function for.
          Fs.writeFileSync(`${root}/old`, "before")
          yield* instead("fsync", note("fsync"))
          yield* instead("rename", note("rename"))
          yield* instead("write", note("write"))
          yield* Effect.scoped(
            Effect.gen(function* () {
              const upload = yield* store("/old", { sync })
              yield* upload.write(Buffer.from("x"))
              yield* upload.commit
            })
          )
          assert.deepStrictEqual(
            calls,
            sync ? ["write", "fsync", "rename", "fsync of the directory"] : ["write", "rename"]
          )
          assert.strictEqual(Fs.readFileSync(`${root}/old`, "utf8"), "x")
        })
      )
  )

  it.scopedLive("that the disk failed in mid-file leaves nothing", () =>
    onDisk((root) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* store("/new")
            yield* upload.write(Buffer.from("old"))
            assert.isTrue(upload.unsafeIsKept())
            yield* instead("write", failWith("EIO"))
            assert.strictEqual(yield* reason(upload.write(Buffer.from("more"))), "Io")
            assert.isFalse(upload.unsafeIsKept())
            assert.strictEqual(upload.unsafeWrite?.(Buffer.from("and more")) ?? 0, 0)
          })
        )
        assert.deepStrictEqual(Fs.readdirSync(root), [])
      })
    )
  )

  it.scopedLive("that is cut for lack of space keeps what is there", () =>
    onDisk(() =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* store("/new")
            yield* upload.write(Buffer.from("old"))
            yield* instead("write", failWith("ENOSPC"))
            assert.strictEqual(yield* reason(upload.write(Buffer.from("more"))), "NoSpace")
            assert.isTrue(upload.unsafeIsKept())
          })
        )
        assert.strictEqual(yield* (yield* Storage).partial(at("/new")), 3)
      })
    )
  )

  it.scopedLive("whose bytes the disk would not take at the end leaves nothing", () =>
    onDisk((root) =>
      Effect.gen(function* () {
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* store("/new")
            yield* upload.write(Buffer.from("old"))
            yield* instead("fsync", failWith("EIO"))
            assert.strictEqual(yield* reason(upload.seal), "Io")
            assert.isFalse(upload.unsafeIsKept())
            assert.strictEqual(yield* reason(upload.commit), "Io")
          })
        )
        assert.deepStrictEqual(Fs.readdirSync(root), [])
      })
    )
  )

  it.scopedLive("that cannot become a partial is not said to be kept", () =>
    onDisk((root) =>
      Effect.gen(function* () {
        yield* instead("rename", failWith("EIO"))
        const scope = yield* Scope.make()
        const upload = yield* Scope.extend(store("/new"), scope)
        yield* upload.write(Buffer.from("old"))
        yield* Scope.close(scope, Exit.void)
        assert.isFalse(upload.unsafeIsKept())
        assert.deepStrictEqual(Fs.readdirSync(root), [])
      })
    )
  )

  it.scopedLive("is not interrupted while the kernel reads the memory", () =>
    onDisk(() =>
      Effect.gen(function* () {
        const upload = yield* store("/new")
        const held: Array<() => void> = []
        yield* instead(
          "write",
          (real) =>
            (...args) =>
              void held.push(() => real(...args))
        )
        const fiber = yield* Effect.fork(upload.write(Buffer.from("x")))
        while (held.length === 0) yield* turn
        yield* fiber.interruptAsFork(fiber.id())
        for (let turns = 0; turns < 10; turns++) yield* turn
        assert.isNull(fiber.unsafePoll())
        held[0]?.()
        yield* Fiber.await(fiber)
      })
    )
  )

  it.scopedLive("takes no bytes of a file that got the name in between", () =>
    onDisk((root) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${root}/file`, "old content")
        Fs.writeFileSync(`${root}/other`, "new content")
        yield* instead("open", (real) => (...args) => {
          if (String(args[0]).endsWith("/file") && Fs.existsSync(`${root}/other`))
            Fs.renameSync(`${root}/other`, `${root}/file`)
          real(...args)
        })
        assert.strictEqual(yield* reason(Effect.scoped(store("/file", { offset: 3 }))), "Busy")
      })
    )
  )

  it.scopedLive("looks again before it takes a name", () =>
    onDisk((root) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${root}/file`, "old")
        const afterwards = (path: string, options: Partial<StoreOptions>, change: () => void) =>
          Effect.scoped(
            Effect.gen(function* () {
              const upload = yield* store(path, options)
              change()
              return yield* reason(upload.commit)
            })
          )
        const gone = yield* afterwards("/file", { create: false }, () => Fs.rmSync(`${root}/file`))
        assert.strictEqual(gone, "PermissionDenied")
        const link = yield* afterwards("/file", {}, () => Fs.symlinkSync("x", `${root}/file`))
        assert.strictEqual(link, "Busy")
        assert.isTrue(Fs.lstatSync(`${root}/file`).isSymbolicLink())
        const taken = yield* afterwards("/new", { replace: false }, () => Fs.writeFileSync(`${root}/new`, "theirs"))
        assert.strictEqual(taken, "Exists")
        assert.strictEqual(Fs.readFileSync(`${root}/new`, "utf8"), "theirs")
      })
    )
  )

  it.scopedLive("takes no name that is taken after it has looked", () =>
    onDisk((root) =>
      Effect.scoped(
        Effect.gen(function* () {
          const upload = yield* store("/new", { replace: false })
          yield* upload.seal
          yield* instead("lstat", (real) => (...args) => {
            const done = callbackOf(args)
            const after = (...results: Parameters<Callback>) => {
              if (String(args[0]).endsWith("/new")) Fs.writeFileSync(`${root}/new`, "theirs")
              done(...results)
            }
            real(...(args.slice(0, -1) as Array<never>), after as never)
          })
          assert.strictEqual(yield* reason(upload.commit), "Exists")
          assert.strictEqual(Fs.readFileSync(`${root}/new`, "utf8"), "theirs")
        })
      )
    )
  )
})
