import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Either, FastCheck, Fiber, Layer } from "effect"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"
import * as Disk from "../../../src/runtime/storage/Disk.ts"
import * as HostPath from "../../../src/runtime/storage/HostPath.ts"
import * as KernelRoot from "../../../src/runtime/storage/KernelRoot.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as Locks from "../../../src/runtime/storage/Locks.ts"
import * as Partials from "../../../src/runtime/storage/Partials.ts"
import * as PromptChanges from "../../../src/runtime/storage/PromptChanges.ts"
import { type NameChange, Storage } from "../../../src/runtime/storage/Storage.ts"
import { at, descriptors, fill, onDisk, temporary, whole } from "./fixtures.ts"

const isInMemory = Fs.existsSync("/dev/shm")

const partialOf = (name: string) => Partials.partialName(Partials.hash(name))

/** Something of every kind. */
const furnish = (folder: string) =>
  Effect.gen(function* () {
    const root = `${folder}/root`
    Fs.mkdirSync(root)
    Fs.mkdirSync(`${folder}/outside`)
    yield* fill(folder, { "outside/secret": "secret" })
    yield* fill(root, {
      file: { content: "content", mode: 0o640 },
      up: "whole",
      [partialOf("up")]: "half",
      [partialOf("cut")]: "half",
      big: "",
      "odd\udcff": "odd",
      "folder/file": "more",
      "folder/empty": { directory: true },
      left: { directory: true },
      [`left/${partialOf("any")}`]: "half",
      inside: { link: "folder" },
      far: { link: "../outside" },
      back: { link: `${root}/file` },
      gone: { link: "nowhere" },
      ".weft-kept": "the server's own"
    })
    Fs.truncateSync(`${root}/big`, Disk.quicklyFreed + 1)
    Fs.linkSync(`${root}/file`, `${root}/twin`)
    execFileSync("mkfifo", [`${root}/fifo`])
    return root
  })

const paths = [
  ...["", "file", "twin", "up", "cut", "big", "odd\udcff", "folder", "folder/file", "folder/empty", "left", "inside"],
  ...[
    "inside/file",
    "inside/new",
    "back",
    "far",
    "far/secret",
    "far/new",
    "gone",
    "gone/new",
    "fifo",
    "new",
    "missing/new"
  ],
  ...["file/new", ".weft-kept", ".Weft-new", "n\0l", "..", "x".repeat(300)]
].map((name) => at(`/${name}`))

const path = FastCheck.constantFrom(...paths)

const change: FastCheck.Arbitrary<NameChange> = FastCheck.oneof(
  FastCheck.record({
    _tag: FastCheck.constantFrom("Delete" as const, "MakeDirectory" as const, "RemoveDirectory" as const),
    path
  }),
  FastCheck.record({ _tag: FastCheck.constant("Rename" as const), path, to: path, replace: FastCheck.boolean() })
)

const patiently = (storage: Storage["Type"], change: NameChange) => {
  const done = () => {
    switch (change._tag) {
      case "Delete":
        return storage.remove(change.path)
      case "MakeDirectory":
        return storage.makeDirectory(change.path)
      case "RemoveDirectory":
        return storage.removeDirectory(change.path)
      case "Rename":
        return storage.rename(change.path, change.to, { replace: change.replace })
    }
  }
  return Effect.either(
    Effect.mapBoth(done(), { onFailure: ({ reason }) => reason, onSuccess: (bytes) => bytes ?? undefined })
  )
}

const tree = (folder: string): ReadonlyArray<unknown> =>
  Fs.readdirSync(HostPath.toNode(folder), { encoding: "latin1" })
    .toSorted()
    .map((name) => {
      const host = HostPath.toNode(`${folder}/${name}`)
      const { mode, nlink, size } = Fs.lstatSync(host)
      const isDirectory = Fs.lstatSync(host).isDirectory()
      return [name, mode, isDirectory ? tree(`${folder}/${name}`) : [size, nlink]]
    })

const storageOf = (folder: string) =>
  Effect.map(Layer.build(LocalStorage.layer({ root: folder })), Context.get(Storage))

describe.skipIf(ffi === undefined || !isInMemory)("a change in the turn that asks for it", () => {
  it.live.prop(
    "leaves and answers what one does that takes its time",
    [FastCheck.array(change, { maxLength: 8 })],
    ([changes]) =>
      Effect.gen(function* () {
        const [quick, slow] = [yield* furnish(yield* temporary), yield* furnish(yield* temporary)]
        const [storage, other] = [yield* storageOf(quick), yield* storageOf(slow)]
        const before = descriptors()
        for (const change of changes) {
          const answer = storage.unsafeChange?.(change) ?? (yield* patiently(storage, change))
          assert.deepStrictEqual(answer, yield* patiently(other, change), JSON.stringify(change))
          assert.deepStrictEqual(tree(quick), tree(slow), JSON.stringify(change))
          for (const path of paths) {
            const told = yield* Effect.either(Effect.mapError(storage.stat(path), ({ reason }) => reason))
            assert.deepStrictEqual(storage.unsafeStat?.(path) ?? told, told, path)
          }
        }
        assert.strictEqual(descriptors(), before)
      }).pipe(Effect.scoped)
  )

  it.scopedLive("is what is ordinary, and only that", () =>
    Effect.gen(function* () {
      const { unsafeChange } = yield* storageOf(yield* furnish(yield* temporary))
      const ask = (_tag: "Delete" | "MakeDirectory" | "RemoveDirectory", name: string) =>
        unsafeChange?.({ _tag, path: at(name) })
      const move = (from: string, to: string, replace = true) =>
        unsafeChange?.({ _tag: "Rename", path: at(from), to: at(to), replace })
      assert.deepStrictEqual(ask("MakeDirectory", "/new"), Either.right(undefined))
      assert.deepStrictEqual(ask("MakeDirectory", "/new"), Either.left("Exists"))
      assert.deepStrictEqual(ask("RemoveDirectory", "/new"), Either.right(undefined))
      assert.deepStrictEqual(ask("RemoveDirectory", "/new"), Either.left("NotFound"))
      assert.isUndefined(ask("RemoveDirectory", "/folder"))
      assert.isUndefined(ask("RemoveDirectory", "/left"))
      assert.deepStrictEqual(ask("Delete", "/folder"), Either.left("IsADirectory"))
      assert.deepStrictEqual(ask("Delete", "/missing"), Either.left("NotFound"))
      assert.deepStrictEqual(ask("Delete", "/.weft-kept"), Either.left("NotFound"))
      assert.isUndefined(ask("Delete", "/up"))
      assert.isUndefined(ask("Delete", "/cut"))
      assert.isUndefined(ask("Delete", "/big"))
      assert.isUndefined(move("/file", "/big"))
      assert.isUndefined(move("/file", "/twin"))
      assert.deepStrictEqual(move("/missing", "/file"), Either.left("NotFound"))
      assert.deepStrictEqual(move("/file", "/.weft-new"), Either.left("InvalidName"))
      assert.deepStrictEqual(move("/file", "/folder/file", false), Either.left("Exists"))
      assert.deepStrictEqual(move("/file", "/folder"), Either.left("Exists"))
      assert.deepStrictEqual(move("/folder", "/up"), Either.left("Exists"))
      assert.deepStrictEqual(move("/file", "/folder/file"), Either.right(4))
      assert.deepStrictEqual(move("/folder/file", "/odd\udcfe"), Either.right(undefined))
      assert.deepStrictEqual(move("/folder", "/other", false), Either.right(undefined))
      assert.deepStrictEqual(ask("Delete", "/odd\udcfe"), Either.right(7))
      assert.deepStrictEqual(ask("Delete", "/far"), Either.right(0))
    })
  )

  it.scopedLive("gives directories their mode, whatever the process takes from it", () =>
    Effect.gen(function* () {
      const root = yield* temporary
      const { unsafeChange } = yield* storageOf(root)
      Fs.mkdirSync(`${root}/set`)
      Fs.chmodSync(`${root}/set`, 0o2775)
      const masks = [0o022, 0o077, 0]
      const modes = masks.map((mask) => {
        const old = process.umask(mask)
        try {
          assert.deepStrictEqual(
            unsafeChange?.({ _tag: "MakeDirectory", path: at(`/set/${mask}`) }),
            Either.right(undefined)
          )
        } finally {
          process.umask(old)
        }
        return Fs.statSync(`${root}/set/${mask}`).mode & 0o7777
      })
      assert.deepStrictEqual(modes, [0o2755, 0o2755, 0o2755])
    })
  )

  it.scopedLive("goes no further in a directory that may be entered but not read", () =>
    Effect.gen(function* () {
      const folders = [yield* temporary, yield* temporary] as const
      for (const folder of folders) {
        yield* fill(folder, { "closed/file": "content", "closed/folder": { directory: true }, file: "more" })
        Fs.chmodSync(folder, 0o777)
        Fs.chmodSync(`${folder}/closed`, 0o333)
        yield* Effect.addFinalizer(() => Effect.sync(() => Fs.chmodSync(`${folder}/closed`, 0o700)))
      }
      const [storage, other] = [yield* storageOf(folders[0]), yield* storageOf(folders[1])]
      const isRoot = process.getuid?.() === 0
      yield* Effect.acquireRelease(
        Effect.sync(() => isRoot && process.seteuid?.(65534)),
        () => Effect.sync(() => isRoot && process.seteuid?.(0))
      )
      const names = ["file", "folder", "new"].map((name) => at(`/closed/${name}`))
      const changes: ReadonlyArray<NameChange> = [
        ...names.flatMap((path) => [
          { _tag: "Delete" as const, path },
          { _tag: "MakeDirectory" as const, path },
          { _tag: "RemoveDirectory" as const, path },
          { _tag: "Rename" as const, path, to: at("/moved"), replace: true }
        ]),
        ...names.map((to) => ({ _tag: "Rename" as const, path: at("/file"), to, replace: true }))
      ]
      for (const change of changes) {
        const answer = storage.unsafeChange?.(change) ?? (yield* patiently(storage, change))
        assert.deepStrictEqual(answer, yield* patiently(other, change), JSON.stringify(change))
      }
      assert.isUndefined(storage.unsafeStore?.(at("/closed/stored"), whole))
    })
  )

  it.scopedLive("waits for whoever is changing what has the name", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      yield* fill(folder, { file: "content", other: "more" })
      const descriptor = yield* Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync(folder, "r"))))
      const root = KernelRoot.make(descriptor, folder) ?? assert.fail("there is no openat2")
      const locks = Locks.make()
      const unsafeChange = PromptChanges.make({ root, locks, pool: ChunkPool.make(), umask: 0o022, conduit: undefined })
      const release = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(locks.locked("file")(Deferred.await(release)))
      yield* Effect.yieldNow()
      assert.isFalse(locks.unsafeIsFree("file"))
      assert.isUndefined(unsafeChange?.({ _tag: "Delete", path: at("/file") }))
      assert.isUndefined(unsafeChange?.({ _tag: "Rename", path: at("/other"), to: at("/file"), replace: true }))
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(unsafeChange?.({ _tag: "Delete", path: at("/file") }), Either.right(7))
    })
  )

  it.scopedLive("is not one where there is a disk to wait for", () =>
    Effect.gen(function* () {
      const folder = yield* onDisk
      const storage = yield* storageOf(folder)
      assert.isUndefined(storage.unsafeChange?.({ _tag: "MakeDirectory", path: at("/new") }))
      assert.deepStrictEqual(Fs.readdirSync(folder), [])
    })
  )
})
