import NodeFs, * as Fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { assert, describe, it, vi } from "@effect/vitest"
import { Chunk, Context, Effect, FastCheck, Layer, Stream } from "effect"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as DirectoryNames from "../../../src/runtime/storage/DirectoryNames.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as RecentNames from "../../../src/runtime/storage/RecentNames.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import { at, locals, temporary } from "./fixtures.ts"

const small = FastCheck.nat(3).map(String)

const act = FastCheck.record({
  directory: small,
  state: small,
  names: FastCheck.option(FastCheck.array(FastCheck.string(), { maxLength: 6 }), { nil: undefined })
})

describe("RecentNames", () => {
  it.prop(
    "has nothing but what the very state was set to, and never more than it may",
    [FastCheck.array(act)],
    ([acts]) => {
      const most = 10
      const recent = RecentNames.make(most)
      /** What was set of each directory, the one used last behind all others. */
      const model = new Map<string, { readonly state: string; readonly names: ReadonlyArray<string> }>()
      const held = () => [...model.values()].reduce((sum, { names }) => sum + 1 + names.length, 0)
      for (const { directory, names, state } of acts) {
        const known = model.get(directory)
        model.delete(directory)
        if (names === undefined) {
          const expected = known?.state === state ? known.names : undefined
          assert.strictEqual(recent.unsafeGet({ directory, state }), expected)
          if (expected !== undefined) model.set(directory, { state, names: expected })
        } else {
          recent.unsafeSet({ directory, state }, names)
          model.set(directory, { state, names })
          for (const oldest of model.keys()) if (held() > most) model.delete(oldest)
        }
      }
    }
  )

  it("keeps no directory of more names than it may have", () => {
    const recent = RecentNames.make(2)
    const [one, other] = [
      { directory: "1", state: "1" },
      { directory: "2", state: "1" }
    ]
    recent.unsafeSet(one, ["a"])
    recent.unsafeSet(other, ["a", "b", "c"])
    assert.deepStrictEqual(recent.unsafeGet(one), ["a"])
    assert.isUndefined(recent.unsafeGet(other))
  })
})

const settled = 10_000

describe.skipIf(ffi === undefined)("the version of a directory", () => {
  it.scoped("is another after each change to its names, and none before that has settled", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const descriptor = yield* Effect.acquireRelease(
        Effect.sync(() => Fs.openSync(folder, "r")),
        (descriptor) => Effect.sync(() => Fs.closeSync(descriptor))
      )
      const later = () => RecentNames.unsafeVersion(descriptor, Date.now() + settled)
      const seen = [later()]
      const changed = (change: () => void) => {
        const before = Fs.fstatSync(descriptor, { bigint: true }).ctimeNs
        // The clock of a file system goes in steps of some milliseconds.
        do change()
        while (Fs.fstatSync(descriptor, { bigint: true }).ctimeNs === before)
        seen.push(later())
      }
      changed(() => Fs.writeFileSync(`${folder}/${Math.random()}`, ""))
      Fs.writeFileSync(`${folder}/one`, "")
      changed(() => {
        Fs.renameSync(`${folder}/one`, `${folder}/other`)
        Fs.renameSync(`${folder}/other`, `${folder}/one`)
      })
      changed(() => {
        Fs.writeFileSync(`${folder}/gone`, "")
        Fs.rmSync(`${folder}/gone`)
      })
      assert.notInclude(seen, undefined)
      assert.strictEqual(new Set(seen.map((version) => version?.state)).size, seen.length)
      assert.strictEqual(new Set(seen.map((version) => version?.directory)).size, 1)
      assert.deepStrictEqual(later(), seen.at(-1))
      assert.isUndefined(RecentNames.unsafeVersion(descriptor, Date.now()))
      assert.isUndefined(RecentNames.unsafeVersion(descriptor, Date.now() - settled), "the clock was set back")
      Fs.utimesSync(folder, 1, 1)
      assert.isUndefined(RecentNames.unsafeVersion(descriptor, Date.now()), "a change that was dated back")
    })
  )

  it("is not told where changes are not dated", () => {
    const descriptor = Fs.openSync("/proc/self", "r")
    assert.isUndefined(RecentNames.unsafeVersion(descriptor, Date.now() + settled))
    Fs.closeSync(descriptor)
  })
})

it.effect("a directory that has not changed is read once", () =>
  Effect.gen(function* () {
    let reads = 0
    let state = "1"
    const recent = RecentNames.make(100)
    const listed = Effect.suspend(() => {
      const batches = [["b", ".weft-x"], [`a${state}`]]
      const names = Effect.sync(() => {
        reads += 1
        return batches.shift()
      })
      const unsafeVersion = () => (state === "0" ? undefined : { directory: "1", state })
      return Stream.runCollect(
        DirectoryNames.stream(Effect.succeed({ names, unsafeVersion }), { recent, toError: (cause) => cause })
      )
    }).pipe(Effect.map(Chunk.toReadonlyArray))
    assert.deepStrictEqual(yield* listed, ["a1", "b"])
    assert.deepStrictEqual(yield* listed, ["a1", "b"])
    assert.strictEqual(reads, 3)
    for (const next of ["2", "0", "0"]) {
      state = next
      reads = 0
      assert.deepStrictEqual(yield* listed, [`a${next}`, "b"])
      assert.strictEqual(reads, 3)
    }
  })
)

it.effect("of a directory with too many names to be in order none is kept", () =>
  Effect.gen(function* () {
    const lots = Array.from({ length: DirectoryNames.sortLimit + 1 }, (_, index) => String(index))
    let set = 0
    const recent: RecentNames.RecentNames = { unsafeGet: () => undefined, unsafeSet: () => void set++ }
    const count = (batches: Array<ReadonlyArray<string>>) => {
      const named = { names: Effect.sync(() => batches.shift()), unsafeVersion: () => ({ directory: "1", state: "1" }) }
      return Stream.runCount(
        DirectoryNames.stream(Effect.succeed(named), { recent, toError: (cause: unknown) => cause })
      )
    }
    assert.strictEqual(yield* count([lots, ["more"]]), lots.length + 1)
    assert.strictEqual(set, 0)
    assert.strictEqual(yield* count([["few"]]), 1)
    assert.strictEqual(set, 1)
  })
)

it.scoped.skipIf(ffi === undefined)("a storage that holds its directories open remembers them", () =>
  Effect.gen(function* () {
    const original = NodeFs.fstatSync
    let asked = 0
    const counting = (descriptor: number, options?: Fs.BigIntOptions) => {
      if (options?.bigint === true) asked += 1
      return original(descriptor, options as never)
    }
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        NodeFs.fstatSync = original
        syncBuiltinESMExports()
      })
    )
    const layer = yield* Layer.build(LocalStorage.layer({ root: yield* temporary }))
    const storage = Context.get(layer, Storage)
    NodeFs.fstatSync = counting as typeof original
    syncBuiltinESMExports()
    yield* Stream.runDrain(storage.list(at("/")))
    assert.strictEqual(asked, 2, "once to open it, once to know its version")
  })
)

it.scoped.each(locals)("a listing shows each change at once ($name)", ({ over }) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    // What is there has settled by now.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + settled })
    yield* Effect.addFinalizer(() => Effect.sync(() => vi.useRealTimers()))
    yield* Effect.gen(function* () {
      const storage = yield* Storage
      const names = Effect.map(Stream.runCollect(storage.list(at("/"))), (entries) =>
        Chunk.toReadonlyArray(entries).map(({ name, size }) => `${name} ${size}`)
      )
      assert.deepStrictEqual(yield* names, [])
      Fs.writeFileSync(`${folder}/one`, "1")
      // The clock of a file system goes in steps of some milliseconds.
      while ((yield* names).length === 0) Fs.writeFileSync(`${folder}/other`, "")
      Fs.rmSync(`${folder}/other`, { force: true })
      while ((yield* names).length > 1) {
        Fs.writeFileSync(`${folder}/other`, "")
        Fs.rmSync(`${folder}/other`)
      }
      assert.deepStrictEqual(yield* names, ["one 1"])
      Fs.appendFileSync(`${folder}/one`, "2")
      assert.deepStrictEqual(yield* names, ["one 2"], "what is not kept of it is looked at")
    }).pipe(Effect.provide(over(folder)))
  })
)
