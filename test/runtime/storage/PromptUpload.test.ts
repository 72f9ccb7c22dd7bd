import { execFileSync } from "node:child_process"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, FastCheck, Fiber, Layer } from "effect"
import * as Conduit from "../../../src/runtime/platform/Conduit.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { epollCalls } from "../../../src/runtime/platform/Epoll.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"
import * as Disk from "../../../src/runtime/storage/Disk.ts"
import * as HostPath from "../../../src/runtime/storage/HostPath.ts"
import * as KernelRoot from "../../../src/runtime/storage/KernelRoot.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as Locks from "../../../src/runtime/storage/Locks.ts"
import * as Partials from "../../../src/runtime/storage/Partials.ts"
import * as PromptUpload from "../../../src/runtime/storage/PromptUpload.ts"
import { Storage, type StoreOptions, type Upload } from "../../../src/runtime/storage/Storage.ts"
import { at, confined, descriptors, fill, onDisk, temporary, whole } from "./fixtures.ts"

const usual: StoreOptions = { ...whole, sync: false }

const content = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const partial = Partials.partialName(Partials.hash("file"))

const isInMemory = Fs.existsSync("/dev/shm")

const storageOf = (folder: string) =>
  Effect.map(Layer.build(LocalStorage.layer({ root: folder })), Context.get(Storage))

/** Begins in this turn what has to be begun in one. */
const prompt = (storage: Storage["Type"], path: string, options: Partial<StoreOptions> = {}) =>
  storage.unsafeStore?.(at(path), { ...usual, ...options }) ?? assert.fail(`${path} takes time`)

/** A storage over a folder in memory, and whether no descriptor of it stays open and no hidden name in it. */
const visited = <A, E>(
  visit: (folder: string, storage: Storage["Type"]) => Effect.Effect<A, E>,
  options: { readonly leaves?: ReadonlyArray<string> } = {}
) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    yield* Effect.gen(function* () {
      const storage = yield* Storage
      const before = descriptors()
      yield* visit(folder, storage)
      assert.strictEqual(descriptors(), before)
      const hidden = Fs.readdirSync(folder).filter((name) => name.startsWith(".weft-"))
      assert.deepStrictEqual(hidden, options.leaves ?? [])
    }).pipe(Effect.provide(LocalStorage.layer({ root: folder })))
  }).pipe(Effect.scoped)

const pair = Effect.acquireRelease(
  Effect.sync(() => epollCalls?.pair() ?? assert.fail("there is no FFI")),
  (ends) =>
    Effect.sync(() => {
      for (const end of ends) Fs.closeSync(end)
    })
)

interface Piece {
  readonly length: number
  readonly isReceived: boolean
}

/** Puts a piece into an upload, from memory or from a socket where that is taken. */
const put = (upload: Upload, bytes: Uint8Array, isReceived: boolean) =>
  Effect.gen(function* () {
    let left = bytes
    if (isReceived && bytes.length > 0) {
      const [near, far] = yield* pair
      Fs.writeSync(far, bytes)
      for (let moved = upload.unsafeReceive?.(near); moved !== undefined && moved.taken > 0; ) {
        assert.isUndefined(moved.left)
        left = left.subarray(moved.taken)
        moved = upload.unsafeReceive?.(near)
      }
    }
    assert.strictEqual(upload.unsafeWrite?.(left), left.length)
  }).pipe(Effect.scoped)

const cuts = (pieces: ReadonlyArray<Piece>) => {
  let from = 0
  return pieces.map(({ isReceived, length }) => {
    const bytes = content.subarray(from, from + length)
    from += length
    return { bytes, isReceived }
  })
}

const generated = FastCheck.record({
  pieces: FastCheck.array(FastCheck.record({ length: FastCheck.nat(70_000), isReceived: FastCheck.boolean() }), {
    maxLength: 5
  }),
  digest: FastCheck.constantFrom<StoreOptions["digest"]>("none", "CRC32", "SHA-256"),
  partial: FastCheck.constantFrom<StoreOptions["partial"]>("discard", "keep"),
  sync: FastCheck.boolean(),
  old: FastCheck.option(FastCheck.record({ size: FastCheck.nat(200_000), mode: FastCheck.constantFrom(0o600, 0o4755) }))
})

describe.skipIf(ffi === undefined || !isInMemory)("an upload that is stored in the turn its last byte comes", () => {
  it.live.prop(
    "leaves what one leaves that takes its time",
    [generated],
    ([{ old, pieces, ...options }]) =>
      visited((folder, storage) =>
        Effect.gen(function* () {
          const seen = yield* Effect.forEach(["prompt", "patient"], (name) =>
            Effect.gen(function* () {
              const file = `${folder}/${name}`
              if (old !== null) {
                Fs.writeFileSync(file, new Uint8Array(old.size))
                Fs.chmodSync(file, old.mode)
              }
              const stored = yield* Effect.scoped(
                Effect.gen(function* () {
                  if (name === "patient") {
                    const upload = yield* storage.store(at(name), { ...usual, ...options })
                    for (const { bytes } of cuts(pieces)) yield* upload.write(bytes)
                    return { begun: [upload.offset, upload.replaces], ...(yield* upload.commit) }
                  }
                  const upload = prompt(storage, name, options)
                  for (const { bytes, isReceived } of cuts(pieces)) yield* put(upload, bytes, isReceived)
                  const stored = upload.unsafeCommit() ?? assert.fail("that takes time")
                  return { begun: [upload.offset, upload.replaces], ...stored }
                })
              )
              const { gid, mode, uid } = Fs.statSync(file)
              return { stored, gid, mode, uid, bytes: Fs.readFileSync(file).toString("latin1") }
            })
          )
          assert.deepStrictEqual(seen[0], seen[1])
          const size = pieces.reduce((sum, { length }) => sum + length, 0)
          assert.isTrue(seen[0]?.bytes === content.subarray(0, size).toString("latin1"))
          if (options.digest === "SHA-256") {
            const sha256 = Crypto.createHash("sha256").update(content.subarray(0, size)).digest("hex")
            assert.strictEqual(seen[0]?.stored.digest?.value, sha256)
          }
        })
      ),
    { fastCheck: { numRuns: 60 } }
  )

  it.live("is hidden and private until then", () =>
    visited((folder, storage) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${folder}/file`, "old")
        const upload = prompt(storage, "/file")
        upload.unsafeWrite?.(Buffer.from("new content"))
        const [name = ""] = Fs.readdirSync(folder).filter((name) => name !== "file")
        assert.deepInclude(Partials.parse(name), { pid: process.pid })
        assert.strictEqual(Fs.statSync(`${folder}/${name}`).mode & 0o7777, 0o600)
        assert.strictEqual(Fs.readFileSync(`${folder}/file`, "utf8"), "old")
        assert.deepInclude(upload.unsafeCommit(), { size: 11, replaced: 3 })
        assert.strictEqual(Fs.readFileSync(`${folder}/file`, "utf8"), "new content")
        // It has let go already.
        yield* upload.release
        assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
      })
    )
  )

  for (const policy of ["discard", "keep"] as const) {
    it.live(`grows under a hidden name that tells ${policy === "keep" ? "" : "not "}what it is of`, () =>
      visited((folder, storage) =>
        Effect.gen(function* () {
          const upload = prompt(storage, "/file", { partial: policy })
          upload.unsafeWrite?.(content.subarray(0, 1000))
          const [hidden = ""] = Fs.readdirSync(folder)
          const target = policy === "keep" ? Partials.hash("file") : undefined
          assert.deepInclude(Partials.parse(HostPath.fromText(hidden)), { _tag: "Upload", target })
          const { mode, size } = Fs.statSync(`${folder}/${hidden}`)
          assert.deepStrictEqual([mode & 0o777, size], [0o600, 1000])
          yield* upload.discard
          yield* upload.release
        })
      )
    )
  }

  it.live("fails, and leaves nothing, where its directory is gone", () =>
    visited((folder, storage) =>
      Effect.gen(function* () {
        Fs.mkdirSync(`${folder}/dir`)
        const upload = prompt(storage, "/dir/file")
        upload.unsafeWrite?.(content.subarray(0, 1000))
        Fs.rmSync(`${folder}/dir`, { recursive: true })
        assert.isUndefined(upload.unsafeCommit())
        assert.strictEqual((yield* Effect.flip(upload.commit)).reason, "NotFound")
        yield* upload.release
      })
    )
  )

  it.live("goes to a directory that a link inside leads to", () =>
    visited((folder, storage) =>
      Effect.gen(function* () {
        yield* fill(folder, { dir: { directory: true }, way: { link: "dir" } })
        // When a link is first read that is noted, which may take a disk.
        Fs.statSync(`${folder}/way/.`)
        const upload = prompt(storage, "/way/file")
        upload.unsafeWrite?.(Buffer.from("x"))
        assert.isDefined(upload.unsafeCommit())
        assert.strictEqual(Fs.readFileSync(`${folder}/dir/file`, "utf8"), "x")
      })
    )
  )

  for (const [path, options] of [
    ["/file", { offset: 1 }],
    ["/file", { offset: "end" }],
    ["/file", { offset: "resume" }],
    ["/new", { offset: "resume" }],
    ["/new", { create: false }],
    ["/file", { replace: false }],
    ["/inside", {}],
    ["/outside", {}],
    ["/dangling", {}],
    ["/dir", {}],
    ["/fifo", {}],
    ["/", {}],
    ["", {}],
    ["/.", {}],
    ["/..", {}],
    ["/dir/.", {}],
    ["/dir/..", {}],
    ["/../new", {}],
    ["/away/new", {}],
    ["/missing/new", {}],
    ["/file/new", {}],
    ["/fifo/new", {}],
    ["/.weft-new", {}],
    ["/.WEFT-new", {}],
    ["/.weft-dir/new", {}],
    [`/${partial}`, {}],
    ["/n\0w", {}],
    [`/${"n".repeat(256)}`, {}]
  ] as ReadonlyArray<readonly [string, Partial<StoreOptions>]>) {
    it.live(`is not begun for ${JSON.stringify(path.slice(0, 40))} with ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const folder = yield* temporary
        const root = `${folder}/root`
        yield* fill(folder, { "root/file": "old", "root/dir/in": "x", "root/.weft-dir/x": "x", "out/file": "secret" })
        yield* fill(root, {
          inside: { link: "file" },
          outside: { link: "../out/file" },
          dangling: { link: "nothing" },
          away: { link: "../out" }
        })
        execFileSync("mkfifo", [`${root}/fifo`])
        // What links lead to can be found without a disk, now that they have been read.
        for (const link of ["inside", "outside", "away"]) Fs.statSync(`${root}/${link}`)
        const storage = yield* storageOf(root)
        yield* prompt(storage, "/dir/new").release
        const before = Fs.readdirSync(folder, { recursive: true })
        const open = descriptors()
        assert.isUndefined(storage.unsafeStore?.(at(path), { ...usual, ...options }))
        assert.strictEqual(descriptors(), open)
        assert.deepStrictEqual(Fs.readdirSync(folder, { recursive: true }), before)
      }).pipe(Effect.scoped)
    )
  }

  it.scoped("is not begun where a disk may have to be waited for", () =>
    Effect.gen(function* () {
      const folder = yield* onDisk
      yield* Effect.gen(function* () {
        const storage = yield* Storage
        const before = descriptors()
        assert.isUndefined(storage.unsafeStore?.(at("/file"), usual))
        assert.strictEqual(descriptors(), before)
        assert.deepStrictEqual(Fs.readdirSync(folder), [])
      }).pipe(Effect.provide(LocalStorage.layer({ root: folder })))
    })
  )
})

interface Case {
  readonly name: string
  readonly options?: Partial<StoreOptions>
  readonly before?: (folder: string) => void
  /** Once its bytes are here. */
  readonly meanwhile?: (folder: string) => void
  readonly replaced?: number
  readonly reason?: string
  readonly asRoot?: boolean
  readonly after?: (folder: string) => void
}

const isRoot = process.geteuid?.() === 0

const give = (uid: number, gid: number) => (folder: string) => {
  Fs.writeFileSync(`${folder}/file`, "other")
  Fs.chownSync(`${folder}/file`, uid, gid)
}

const isOf = (uid: number, gid: number) => (folder: string) => {
  const status = Fs.statSync(`${folder}/file`)
  assert.deepStrictEqual([status.uid, status.gid], [uid, gid])
}

const write = (text: string) => (folder: string) => Fs.writeFileSync(`${folder}/file`, text)

const sized = (size: number) => (folder: string) => {
  Fs.writeFileSync(`${folder}/file`, "")
  Fs.truncateSync(`${folder}/file`, size)
}

const leavePartial = (folder: string) => Fs.writeFileSync(`${folder}/${partial}`, "left")

const patient: ReadonlyArray<Case> = [
  {
    name: "a partial of the name has to go with it",
    options: { partial: "keep" },
    before: leavePartial
  },
  { name: "a partial of the name has come", options: { partial: "keep" }, meanwhile: leavePartial },
  { name: "it frees much", before: sized(Disk.quicklyFreed + 1), replaced: Disk.quicklyFreed + 1 },
  {
    name: "what it frees has grown",
    before: write("old"),
    meanwhile: sized(Disk.quicklyFreed + 1),
    replaced: Disk.quicklyFreed + 1
  },
  {
    name: "what it replaces is of another user",
    before: give(12345, 0),
    replaced: 5,
    asRoot: true,
    after: isOf(12345, 0)
  },
  {
    name: "what it replaces is of another group",
    before: give(0, 54321),
    replaced: 5,
    asRoot: true,
    after: isOf(0, 54321)
  },
  {
    name: "what it was to replace is of another user",
    before: give(12345, 0),
    meanwhile: (folder) => {
      Fs.rmSync(`${folder}/file`)
      write("mine")(folder)
    },
    replaced: 4,
    asRoot: true,
    after: isOf(12345, 0)
  },
  { name: "what it replaces has come to be of another user", meanwhile: give(12345, 0), replaced: 5, asRoot: true },
  {
    name: "the name is taken, and may not be replaced",
    options: { replace: false },
    meanwhile: write("other"),
    reason: "Exists"
  },
  {
    name: "the name is gone, and may not be made",
    options: { create: false },
    before: write("old"),
    meanwhile: (folder) => Fs.rmSync(`${folder}/file`),
    reason: "PermissionDenied"
  },
  { name: "the name was taken meanwhile, and may be replaced", meanwhile: write("other"), replaced: 5 },
  {
    name: "the name was taken meanwhile, and is nothing any more that it was to go behind",
    options: { offset: "end" },
    meanwhile: write("other"),
    after: (folder) => assert.strictEqual(Fs.readFileSync(`${folder}/file`, "utf8"), "other"),
    reason: "Busy"
  },
  {
    name: "the same with a hidden name",
    options: { offset: "end", partial: "keep" },
    meanwhile: write("other"),
    after: (folder) => assert.strictEqual(Fs.readFileSync(`${folder}/file`, "utf8"), "other"),
    reason: "Busy"
  },
  {
    name: "the name has become a link",
    meanwhile: (folder) => Fs.symlinkSync("elsewhere", `${folder}/file`),
    reason: "Busy"
  },
  {
    name: "the name has become a directory",
    meanwhile: (folder) => Fs.mkdirSync(`${folder}/file`),
    reason: "IsADirectory"
  },
  {
    name: "the name has become a FIFO",
    meanwhile: (folder) => void execFileSync("mkfifo", [`${folder}/file`]),
    reason: "NotAFile"
  }
]

const prompts: ReadonlyArray<Case> = [
  { name: "it frees no more than is quick", before: sized(Disk.quicklyFreed), replaced: Disk.quicklyFreed },
  { name: "it is to go behind nothing", options: { offset: "end" } },
  { name: "the name was freed meanwhile", before: write("old"), meanwhile: (folder) => Fs.rmSync(`${folder}/file`) },
  { name: "a name may be made but not replaced", options: { replace: false } },
  { name: "a name may be replaced but not made", options: { create: false }, before: write("old"), replaced: 3 },
  {
    name: "nothing is to be kept, whatever is left of the name",
    before: leavePartial,
    after: (folder) => Fs.rmSync(`${folder}/${partial}`)
  }
]

const written = (given: Case, folder: string, storage: Storage["Type"]) =>
  Effect.sync(() => {
    given.before?.(folder)
    const upload = prompt(storage, "/file", given.options)
    upload.unsafeWrite?.(content.subarray(0, 1000))
    given.meanwhile?.(folder)
    return upload
  })

const isWhole = (folder: string) => content.subarray(0, 1000).equals(Fs.readFileSync(`${folder}/file`))

describe.skipIf(ffi === undefined || !isInMemory)("the name of such an upload", () => {
  for (const given of prompts) {
    it.live(`is given in this turn where ${given.name}`, () =>
      visited((folder, storage) =>
        Effect.gen(function* () {
          const upload = yield* written(given, folder, storage)
          assert.deepInclude(upload.unsafeCommit(), { size: 1000, replaced: given.replaced })
          assert.isTrue(isWhole(folder))
          given.after?.(folder)
        })
      )
    )
  }

  for (const given of patient) {
    it.live.skipIf(given.asRoot === true && !isRoot)(`takes time where ${given.name}`, () =>
      visited((folder, storage) =>
        Effect.gen(function* () {
          const upload = yield* written(given, folder, storage)
          assert.isUndefined(upload.unsafeCommit())
          const { reason } = given
          if (reason === undefined) {
            assert.deepInclude(yield* upload.commit, { size: 1000, replaced: given.replaced })
            assert.isTrue(isWhole(folder))
          } else assert.strictEqual((yield* Effect.flip(upload.commit)).reason, reason)
          // What is left of one whose name was refused is another matter.
          yield* upload.discard
          yield* upload.release
          given.after?.(folder)
        })
      )
    )
  }

  it.live("takes time while somebody else is changing what has it", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const descriptor = yield* Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync(folder, "r"))))
      const root = KernelRoot.make(descriptor, HostPath.fromText(folder)) ?? assert.fail("the kernel confines nobody")
      const locks = Locks.make()
      const context = { root, pool: ChunkPool.make(), locks, umask: 0o022, conduit: yield* Conduit.make }
      const before = descriptors()
      const upload = PromptUpload.unsafeBegin(context, at("/file"), usual) ?? assert.fail("that takes time")
      upload.unsafeWrite?.(content.subarray(0, 1000))
      const done = yield* Deferred.make<void>()
      const holder = yield* Effect.fork(locks.locked("file")(Deferred.await(done)))
      while (locks.unsafeIsFree("file")) yield* Effect.yieldNow()
      assert.isUndefined(upload.unsafeCommit())
      const commit = yield* Effect.fork(upload.commit)
      while (upload.unsafeIsKept()) yield* Effect.yieldNow()
      assert.isFalse(Fs.existsSync(`${folder}/file`))
      yield* Deferred.succeed(done, undefined)
      yield* Fiber.join(holder)
      assert.deepInclude(yield* Fiber.join(commit), { size: 1000, replaced: undefined })
      yield* upload.release
      assert.isTrue(isWhole(folder))
      const next = PromptUpload.unsafeBegin(context, at("/file"), usual) ?? assert.fail("that takes time")
      assert.isDefined(next.unsafeCommit(), "the lock is free again")
      assert.strictEqual(descriptors(), before)
    }).pipe(Effect.scoped)
  )
})

describe.skipIf(ffi === undefined || !isInMemory)("such an upload that is let go of", () => {
  it.live("leaves nothing that nobody keeps", () =>
    visited((folder, storage) =>
      Effect.gen(function* () {
        const upload = prompt(storage, "/file")
        upload.unsafeWrite?.(content)
        assert.isFalse(upload.unsafeIsKept())
        yield* upload.release
        assert.isFalse(upload.unsafeIsKept())
        assert.deepStrictEqual(Fs.readdirSync(folder), [])
      })
    )
  )

  it.live("leaves nothing where nothing has come, or where it was found to be worth nothing", () =>
    visited((folder, storage) =>
      Effect.gen(function* () {
        const empty = prompt(storage, "/file", { partial: "keep" })
        yield* empty.release
        const worthless = prompt(storage, "/file", { partial: "keep" })
        worthless.unsafeWrite?.(content)
        yield* worthless.discard
        yield* worthless.release
        assert.deepStrictEqual([empty.unsafeIsKept(), worthless.unsafeIsKept()], [false, false])
        assert.deepStrictEqual(Fs.readdirSync(folder), [])
      })
    )
  )

  it.live("leaves a partial that a later one goes on with", () =>
    visited((folder, storage) =>
      Effect.gen(function* () {
        leavePartial(folder)
        const upload = prompt(storage, "/file", { partial: "keep" })
        upload.unsafeWrite?.(content.subarray(0, 1000))
        yield* upload.write(content.subarray(1000, 2000))
        assert.strictEqual(upload.unsafeWrite?.(content.subarray(2000, 3000)), 1000)
        yield* upload.release
        assert.isTrue(upload.unsafeIsKept())
        assert.deepStrictEqual(Fs.readdirSync(folder), [partial])
        assert.strictEqual(yield* storage.partial(at("/file")), 3000)
        yield* Effect.scoped(
          Effect.gen(function* () {
            const rest = yield* storage.store(at("/file"), { ...usual, partial: "keep", offset: 2500 })
            yield* rest.write(content.subarray(2500, 4000))
            yield* rest.commit
          })
        )
        assert.isTrue(content.subarray(0, 4000).equals(Fs.readFileSync(`${folder}/file`)))
      })
    )
  )

  it.live("closes what it has where it is let go of twice", () =>
    visited((_, storage) =>
      Effect.gen(function* () {
        const upload = prompt(storage, "/file")
        yield* upload.release
        yield* upload.release
        assert.strictEqual(upload.unsafeWrite?.(content), 0)
      })
    )
  )
})

describe.skipIf(ffi === undefined)("such an upload that does not fit", () => {
  for (const policy of ["keep", "discard"] as const) {
    it.live(`tells so, and ${policy}s what did`, ({ skip }) =>
      Effect.gen(function* () {
        const folder = yield* confined("64k")
        if (folder === undefined) return skip()
        yield* Effect.gen(function* () {
          const storage = yield* Storage
          const before = descriptors()
          const upload = prompt(storage, "/file", { partial: policy })
          const stored = upload.unsafeWrite?.(content) ?? 0
          assert.strictEqual(stored, 64 * 1024)
          const { reason } = yield* Effect.flip(upload.write(content.subarray(stored)))
          assert.strictEqual(reason, "NoSpace")
          assert.strictEqual(upload.unsafeWrite?.(content), 0)
          assert.isUndefined(upload.unsafeCommit())
          yield* upload.release
          assert.strictEqual(descriptors(), before)
          assert.deepStrictEqual(Fs.readdirSync(folder), policy === "keep" ? [partial] : [])
          assert.strictEqual(yield* storage.partial(at("/file")), policy === "keep" ? stored : undefined)
        }).pipe(Effect.provide(LocalStorage.layer({ root: folder })))
      }).pipe(Effect.scoped)
    )
  }
})
