import * as Fs from "node:fs"
import { assert, it } from "@effect/vitest"
import { Chunk, Effect, Stream } from "effect"
import type * as Status from "../../../src/runtime/platform/Status.ts"
import * as DirectoryListing from "../../../src/runtime/storage/DirectoryListing.ts"
import * as DirectoryNames from "../../../src/runtime/storage/DirectoryNames.ts"
import * as HostError from "../../../src/runtime/storage/HostError.ts"
import * as Reach from "../../../src/runtime/storage/Reach.ts"
import type { Directory as OpenDirectory } from "../../../src/runtime/storage/Root.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import { at, locals, temporary } from "./fixtures.ts"

type Directory = Omit<OpenDirectory, "descriptor">

const owners = Effect.succeed({ user: String, group: String })

const listing = (directory: Directory, unsafeNow = () => 0) =>
  DirectoryListing.stream(Effect.succeed(directory), {
    root: "/root",
    owners,
    toError: HostError.toStorageError("/"),
    unsafeNow
  })

const status: Status.Status = {
  mode: 0o100644,
  size: 1,
  modified: 0,
  links: 1,
  uid: 0,
  gid: 0,
  unique: "1-1"
}

const scripted = (batches: ReadonlyArray<ReadonlyArray<string>>, look: Directory["look"]): Directory => {
  const rest = [...batches]
  return { reach: "/nowhere", names: Effect.sync(() => rest.shift()), look }
}

const many = 100_000

it.scoped(
  "100,000 entries stream in small batches and let others work in between",
  () =>
    Effect.gen(function* () {
      const root = yield* temporary
      Fs.writeFileSync(`${root}/0`, "")
      for (let index = 1; index < many; index++) Fs.linkSync(`${root}/0`, `${root}/${index}`)

      for (const { name, over } of locals.slice(0, 2)) {
        let turns = 0
        let handle = setImmediate(function count() {
          turns += 1
          handle = setImmediate(count)
        })
        const seen = new Set<string>()
        const sizes: Array<number> = []
        const perTurn = new Map<number, number>()
        yield* Effect.flatMap(Storage, (storage) =>
          Stream.runForEachChunk(storage.list(at("/")), (chunk) =>
            Effect.sync(() => {
              perTurn.set(turns, (perTurn.get(turns) ?? 0) + 1)
              sizes.push(chunk.length)
              for (const { name } of chunk) seen.add(name)
            })
          )
        ).pipe(Effect.provide(over(root)), Effect.ensuring(Effect.sync(() => clearImmediate(handle))))
        assert.strictEqual(seen.size, many, name)
        assert.isAtMost(Math.max(...sizes), 512, name)
        // One that came from the pool, in the poll phase of the event loop, and one in its check phase.
        assert.isAtMost(Math.max(...perTurn.values()), 2, name)
      }
    }),
  120_000
)

it.effect("names are in order up to the limit, and as the disk has them beyond it", () =>
  Effect.gen(function* () {
    const names = (count: number) =>
      Array.from({ length: count }, (_, index) => String((index * 7919) % count).padStart(6, "0"))
    const batches = (all: ReadonlyArray<string>) =>
      Chunk.toReadonlyArray(Chunk.map(Chunk.chunksOf(Chunk.fromIterable(all), 700), Chunk.toReadonlyArray))
    const listed = (all: ReadonlyArray<string>) =>
      Effect.map(Stream.runCollect(listing(scripted(batches(all), () => status))), (entries) =>
        Chunk.toReadonlyArray(entries).map(({ name }) => name)
      )
    const few = names(DirectoryNames.sortLimit)
    assert.deepStrictEqual(yield* listed(few), [...few].sort())
    const lots = names(DirectoryNames.sortLimit + 2000)
    assert.deepStrictEqual(yield* listed(lots), lots)
  })
)

it.effect("a directory larger than the limit is asked for more names only when the reader wants more", () =>
  Effect.gen(function* () {
    let asked = 0
    const directory: Directory = {
      reach: "/nowhere",
      names: Effect.sync(() => {
        asked += 1
        return Array.from({ length: 1000 }, (_, index) => `${asked}-${index}`)
      }),
      look: () => status
    }
    const needed = DirectoryNames.sortLimit / 1000 + 1
    yield* Stream.runDrain(Stream.take(listing(directory), DirectoryNames.sortLimit))
    assert.strictEqual(asked, needed)
  })
)

it.effect("the names alone are the same, in the same order, and nothing is looked at for them", () =>
  Effect.gen(function* () {
    const look = () => assert.fail("looked")
    const ofBatches = (batches: ReadonlyArray<ReadonlyArray<string>>) =>
      Effect.map(
        Stream.runCollect(
          DirectoryNames.stream(Effect.succeed(scripted(batches, look)), { toError: HostError.toStorageError("/") })
        ),
        Chunk.toReadonlyArray
      )
    assert.deepStrictEqual(yield* ofBatches([["b", ".weft-upload-1"], [], ["\xc3\xbc", "c"], ["a"]]), [
      "a",
      "b",
      "c",
      "ü"
    ])
    const lots = Array.from({ length: 12 }, (_, batch) =>
      Array.from({ length: 1000 }, (_, index) => `${(batch * 7) % 12}-${index}`)
    )
    assert.deepStrictEqual(yield* ofBatches([...lots, [".WEFT-x"]]), lots.flat())
    assert.deepStrictEqual(yield* ofBatches(lots.slice(2)), lots.slice(2).flat().sort())
  })
)

it.effect("names that vanish, and batches of none, are left out", () =>
  Effect.gen(function* () {
    const look = (name: string) => (name.startsWith("gone") ? undefined : status)
    const directory = scripted([["b", "gone-1"], [], ["gone-2"], ["a"]], look)
    const entries = Chunk.toReadonlyArray(yield* Stream.runCollect(listing(directory)))
    assert.deepStrictEqual(
      entries.map(({ name }) => name),
      ["a", "b"]
    )
  })
)

it.effect("a thread that had no processor for a while does not take the disk for a slow one", () =>
  Effect.gen(function* () {
    let looks = 0
    let waits = 0
    const look = () => {
      looks += 1
      return status
    }
    const names = Array.from({ length: 20 }, (_, index) => String(index))
    const listed = (directory: Directory) =>
      Effect.map(Stream.runCount(listing(directory, () => looks * 20)), () => looks)
    const scriptedOnce = () => scripted([names], look)
    assert.strictEqual(yield* listed({ ...scriptedOnce(), unsafeWaits: () => 7 }), 20)
    looks = 0
    assert.strictEqual(yield* listed({ ...scriptedOnce(), unsafeWaits: () => waits++ }), 1)
  })
)

it.scoped("a slow disk is asked once in this turn and then on the pool, to the same result", () =>
  Effect.gen(function* () {
    const folder = yield* temporary
    for (const name of ["a", "b", "c", "d"]) Fs.writeFileSync(`${folder}/${name}`, name)
    Fs.symlinkSync("a", `${folder}/e`)
    let looks = 0
    const look = (name: string) => {
      looks += 1
      return Reach.lookIn(folder)(name)
    }
    const directory: Directory = { ...scripted([["c", "a", "e", "gone", "d", "b"]], look), reach: folder }
    const entries = Chunk.toReadonlyArray(yield* Stream.runCollect(listing(directory, () => looks * 20)))
    assert.strictEqual(looks, 1)
    assert.deepStrictEqual(
      entries.map(({ kind, name, target }) => [name, kind, target]),
      [
        ["a", "file", undefined],
        ["b", "file", undefined],
        ["c", "file", undefined],
        ["d", "file", undefined],
        ["e", "link", "a"]
      ]
    )
    const stats = Fs.lstatSync(`${folder}/b`, { bigint: true })
    assert.strictEqual(entries[1]?.unique, `${stats.dev.toString(36)}-${stats.ino.toString(36)}`)
  })
)
