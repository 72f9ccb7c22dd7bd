import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as NodeCall from "../../../src/runtime/platform/NodeCall.ts"
import * as SyncedWrite from "../../../src/runtime/platform/SyncedWrite.ts"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"
import * as KernelRoot from "../../../src/runtime/storage/KernelRoot.ts"
import * as Locks from "../../../src/runtime/storage/Locks.ts"
import * as PooledUpload from "../../../src/runtime/storage/PooledUpload.ts"
import type { StoreOptions, PooledUpload as Upload } from "../../../src/runtime/storage/Storage.ts"
import { at, descriptors, descriptorsBackTo, onDisk, whole } from "./fixtures.ts"

const content = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const ofSystem: PooledUpload.Calls = { ...Fs, writeSynced: SyncedWrite.unsafeWriteOnPool }

/** Node's and nothing else. */
const plain: PooledUpload.Calls = { ...Fs, writeSynced: undefined }

const failing = (errno: number) =>
  ((...given: ReadonlyArray<unknown>) => {
    const done = given.at(-1) as (error: Error) => void
    setImmediate(() => done(NodeCall.systemError(errno, "fake")))
  }) as never

const answering =
  (result: number): SyncedWrite.SyncedWrite =>
  (_file, _pieces, _position, done) => {
    setImmediate(done, result)
    return true
  }

/** A folder on a disk, and whether no descriptor of it stays open and no hidden name in it. */
const visited = <A, E>(
  visit: (
    folder: string,
    store: (
      path: string,
      options?: Partial<StoreOptions>
    ) => { readonly upload: Upload; readonly begun: Effect.Effect<boolean> } | undefined
  ) => Effect.Effect<A, E>,
  calls: PooledUpload.Calls = ofSystem
) =>
  Effect.gen(function* () {
    const folder = yield* onDisk
    yield* Effect.scoped(
      Effect.gen(function* () {
        const root = yield* Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync(folder, "r"))))
        const context = {
          root: KernelRoot.make(root, folder) ?? assert.fail("the kernel confines nothing"),
          pool: ChunkPool.make(),
          locks: Locks.make(),
          umask: 0o022,
          conduit: undefined
        }
        const begin = PooledUpload.make(context, calls) ?? assert.fail("nothing is stored on the pool")
        const before = descriptors()
        yield* visit(folder, (path, options) => {
          let tell = (_: boolean) => {}
          const begun = new Promise<boolean>((resolve) => {
            tell = resolve
          })
          const upload = begin(at(path), { ...whole, ...options }, (isBegun) => tell(isBegun))
          return upload && { upload, begun: Effect.promise(() => begun) }
        })
        yield* descriptorsBackTo(before)
        assert.deepStrictEqual(
          Fs.readdirSync(folder).filter((name) => name.startsWith(".weft-")),
          []
        )
      })
    )
  }).pipe(Effect.scoped)

const sealed = (upload: Upload, pieces: ReadonlyArray<Uint8Array>) =>
  Effect.async<boolean>((resume) => upload.unsafeSeal(pieces, (isSealed) => resume(Effect.succeed(isSealed))))

const named = (upload: Upload) =>
  Effect.async<Parameters<Parameters<Upload["unsafeName"]>[0]>[0]>((resume) =>
    upload.unsafeName((stored) => resume(Effect.succeed(stored)))
  )

const cut = (lengths: ReadonlyArray<number>) => {
  let from = 0
  return lengths.map((length) => {
    from += length
    return content.subarray(from - length, from)
  })
}

const generated = FastCheck.record({
  lengths: FastCheck.array(FastCheck.nat(20_000), { maxLength: 4 }),
  digest: FastCheck.constantFrom<StoreOptions["digest"]>("none", "CRC32"),
  sync: FastCheck.boolean(),
  offset: FastCheck.constantFrom<0 | "end">(0, "end"),
  isPlain: FastCheck.boolean(),
  // The disk is waited for at each call.
  most: FastCheck.integer({ min: 5000, max: 100_000 })
})

describe.skipIf(ffi === undefined)("an upload that the pool stores", () => {
  it.live.prop(
    "is whole under its name, however little each call writes",
    [generated],
    ([{ isPlain, lengths, most, ...options }]) => {
      const short = (pieces: ReadonlyArray<Uint8Array>) => [(pieces[0] ?? content).subarray(0, most)]
      const calls: PooledUpload.Calls = {
        ...Fs,
        writev: ((fd: number, pieces: ReadonlyArray<Uint8Array>, position: number, done: never) =>
          Fs.writev(fd, short(pieces), position, done)) as never,
        writeSynced: isPlain
          ? undefined
          : (file, pieces, position, done) =>
              SyncedWrite.unsafeWriteOnPool?.(file, short(pieces), position, done) ?? false
      }
      return visited(
        (folder, store) =>
          Effect.gen(function* () {
            const { begun, upload } = store("/file", options) ?? assert.fail()
            assert.isFalse(upload.unsafeIsBegun())
            assert.isTrue(yield* begun)
            assert.isTrue(upload.unsafeIsBegun())
            const pieces = cut(lengths)
            const bytes = Buffer.concat(pieces)
            assert.isTrue(yield* sealed(upload, pieces))
            assert.deepStrictEqual(
              Fs.readdirSync(folder).filter((name) => !name.startsWith(".weft-")),
              []
            )
            const stored = yield* named(upload)
            assert.deepInclude(stored, { size: bytes.length, replaced: undefined })
            assert.strictEqual(stored?.digest !== undefined, options.digest !== "none")
            assert.isTrue(Fs.readFileSync(`${folder}/file`).equals(bytes))
            assert.strictEqual(Fs.statSync(`${folder}/file`).mode & 0o7777, 0o644)
            yield* upload.release
            assert.isTrue(Fs.existsSync(`${folder}/file`))
          }),
        calls
      )
    }
  )

  it.live("has the mode of a new file whatever the process takes from it", () =>
    visited((folder, store) =>
      Effect.gen(function* () {
        const before = process.umask(0o077)
        const { begun, upload } = store("/file") ?? assert.fail()
        yield* begun
        process.umask(before)
        assert.isTrue(yield* sealed(upload, [content]))
        yield* named(upload)
        assert.strictEqual(Fs.statSync(`${folder}/file`).mode & 0o7777, 0o644)
      })
    )
  )

  it.live("is synced, its bytes before it has its name and the directory behind that", () => {
    const synced: Array<string> = []
    const spied = (name: string, fd: number) => void synced.push(`${name} ${Fs.readlinkSync(`/proc/self/fd/${fd}`)}`)
    return visited(
      (folder, store) =>
        Effect.gen(function* () {
          for (const pieces of [[content], []]) {
            const { begun, upload } = store(`/file${pieces.length}`) ?? assert.fail()
            yield* begun
            yield* sealed(upload, pieces)
            yield* named(upload)
          }
          const hidden = synced.filter((line) => line.includes("/.weft-") && line !== `fsync ${folder}`)
          assert.deepStrictEqual(
            synced.map((line) => (line === `fsync ${folder}` ? "directory" : line.split(" ")[0])),
            ["write", "directory", "fsync", "directory"]
          )
          assert.strictEqual(hidden.length, 2)
        }),
      {
        ...Fs,
        fsync: ((fd: number, done: never) => {
          spied("fsync", fd)
          Fs.fsync(fd, done)
        }) as never,
        writeSynced: (file, ...given) => {
          spied("write", file.fd)
          return SyncedWrite.unsafeWriteOnPool?.(file, ...given) ?? false
        }
      }
    )
  })

  it.live("is not begun under a name that is taken, and left to others where it is no new whole file", () =>
    visited((folder, store) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${folder}/taken`, "old")
        Fs.symlinkSync("nowhere", `${folder}/link`)
        Fs.mkdirSync(`${folder}/directory`)
        for (const name of ["taken", "link", "directory", "x".repeat(256)]) {
          const { begun, upload } = store(`/${name}`) ?? { begun: Effect.succeed(false), upload: undefined }
          assert.isFalse(yield* begun, name)
          assert.notStrictEqual(upload?.unsafeIsBegun(), true)
          if (upload !== undefined) yield* upload.release
        }
        assert.isUndefined(store("/file", { create: false }))
        assert.isUndefined(store("/file", { partial: "keep" }))
        assert.isUndefined(store("/file", { offset: 1 }))
        assert.isUndefined(store("/file", { offset: "resume" }))
        assert.isUndefined(store("/gone/file"))
        assert.strictEqual(Fs.readFileSync(`${folder}/taken`, "latin1"), "old")
      })
    )
  )

  for (const [name, calls, reason] of [
    ["there is no space", { ...plain, writev: failing(28) }, "NoSpace"],
    ["the disk fails a write", { ...plain, writev: failing(5) }, "Other"],
    ["the disk fails a sync", { ...plain, fsync: failing(5) }, "Other"],
    ["a write that syncs fails", { ...plain, writeSynced: answering(-28) }, "NoSpace"],
    ["a write stores nothing", { ...plain, writeSynced: answering(0) }, "Other"]
  ] as ReadonlyArray<readonly [string, PooledUpload.Calls, string]>) {
    it.live(`leaves nothing where ${name}, and says why`, () =>
      visited(
        (folder, store) =>
          Effect.gen(function* () {
            const { begun, upload } = store("/file") ?? assert.fail()
            assert.isTrue(yield* begun)
            assert.isFalse(yield* sealed(upload, [content]))
            const failures = [yield* Effect.flip(upload.seal), yield* Effect.flip(upload.commit)]
            for (const failure of failures)
              assert.strictEqual(failure.reason === "NoSpace", reason === "NoSpace", failure.reason)
            assert.isFalse(upload.unsafeIsKept())
            yield* upload.release
            assert.deepStrictEqual(Fs.readdirSync(folder), [])
          }),
        calls
      )
    )
  }

  it.live("is there, and said not to be confirmed, where the directory cannot be synced", () =>
    visited(
      (folder, store) =>
        Effect.gen(function* () {
          const { begun, upload } = store("/file") ?? assert.fail()
          yield* begun
          yield* sealed(upload, [content])
          assert.deepInclude(yield* named(upload), { unconfirmed: true })
          assert.isTrue(Fs.existsSync(`${folder}/file`))
          yield* upload.release
          assert.isTrue(Fs.existsSync(`${folder}/file`))
        }),
      { ...ofSystem, fsync: failing(5) }
    )
  )

  for (const replace of [true, false]) {
    it.live(`finds its name taken meanwhile, and ${replace ? "takes it" : "is refused"} in a fiber`, () =>
      visited((folder, store) =>
        Effect.gen(function* () {
          const { begun, upload } = store("/file", { replace }) ?? assert.fail()
          yield* begun
          yield* sealed(upload, [content])
          Fs.writeFileSync(`${folder}/file`, "other")
          assert.isUndefined(yield* named(upload))
          assert.strictEqual(Fs.readFileSync(`${folder}/file`, "latin1"), "other")
          const stored = yield* Effect.either(upload.commit)
          if (replace) assert.deepInclude(stored, { _tag: "Right" })
          else assert.deepInclude(stored, { _tag: "Left" })
          yield* upload.release
          assert.strictEqual(Fs.readFileSync(`${folder}/file`).length, replace ? content.length : 5)
        })
      )
    )
  }

  it.live("is written on by a fiber, and committed by it", () =>
    visited((folder, store) =>
      Effect.gen(function* () {
        const { upload } = store("/file") ?? assert.fail()
        yield* upload.write(content)
        yield* upload.write(content)
        assert.deepInclude(yield* upload.commit, { size: 2 * content.length, replaced: undefined })
        yield* upload.release
        assert.strictEqual(Fs.statSync(`${folder}/file`).size, 2 * content.length)
        assert.strictEqual(Fs.statSync(`${folder}/file`).mode & 0o7777, 0o644)
      })
    )
  )

  it.live("that is let go of is away, whatever the pool is doing with it", () =>
    visited((folder, store) =>
      Effect.gen(function* () {
        const opening = store("/file") ?? assert.fail()
        yield* opening.upload.release
        const sealing = store("/file") ?? assert.fail()
        yield* sealing.begun
        sealing.upload.unsafeSeal([content], () => {})
        yield* sealing.upload.release
        assert.deepStrictEqual(Fs.readdirSync(folder), [])
        const naming = store("/file") ?? assert.fail()
        yield* naming.begun
        yield* sealed(naming.upload, [content])
        let isTold = false
        naming.upload.unsafeName((stored) => {
          isTold = stored !== undefined
        })
        yield* naming.upload.release
        assert.isTrue(isTold)
        assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
      })
    )
  )
})
