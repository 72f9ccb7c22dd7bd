import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as FileSystem from "../../../src/runtime/platform/FileSystem.ts"
import * as PromptWrite from "../../../src/runtime/platform/PromptWrite.ts"
import { confined, temporary } from "../storage/fixtures.ts"

const opened = (file: string, flags = "w+") =>
  Effect.acquireRelease(
    Effect.sync(() => Fs.openSync(file, flags)),
    (descriptor) => Effect.sync(() => Fs.closeSync(descriptor))
  )

const promptly = (): PromptWrite.PromptWrite => PromptWrite.make() ?? assert.fail("there is no FFI")

const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff)

describe.skipIf(ffi === undefined)("PromptWrite", () => {
  it.scoped("writes all there is where there is no disk, where it is told to", ({ skip }) =>
    Effect.gen(function* () {
      const name = `${yield* temporary}/file`
      const file = yield* opened(name)
      if (!FileSystem.isInMemory(file)) return skip()
      const write = promptly()
      assert.strictEqual(write(file, bytes.subarray(200_000), 200_000), 100_000)
      assert.strictEqual(write(file, bytes.subarray(0, 200_000), 0), 200_000)
      assert.isTrue(Buffer.from(bytes).equals(Fs.readFileSync(name)))
    })
  )

  it.scoped("says 0 of what cannot be written at all", () =>
    Effect.gen(function* () {
      const name = `${yield* temporary}/file`
      Fs.writeFileSync(name, "old")
      assert.strictEqual(promptly()(yield* opened(name, "r"), bytes, 0), 0)
      assert.strictEqual(promptly()(-1, bytes, 0), 0)
      assert.strictEqual(Fs.readFileSync(name, "utf8"), "old")
    })
  )

  it.scoped("writes on a disk what it says it has written, be it nothing", () =>
    Effect.gen(function* () {
      const folder = Fs.mkdtempSync(Path.join(Os.homedir(), ".weft-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(folder, { recursive: true })))
      const file = yield* opened(`${folder}/file`)
      const write = promptly()
      let stored = 0
      for (let at = 0; at < bytes.length; at += 100_000) stored += write(file, bytes.subarray(at, at + 100_000), stored)
      assert.strictEqual(Fs.fstatSync(file).size, stored)
      assert.isTrue(stored === 0 || Buffer.from(bytes.subarray(0, stored)).equals(Fs.readFileSync(`${folder}/file`)))
    })
  )

  it.scoped("writes nothing to a disk where it may have to wait for it", ({ skip }) =>
    Effect.gen(function* () {
      const folder = Fs.mkdtempSync(Path.join(Os.homedir(), ".weft-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(folder, { recursive: true })))
      const file = yield* opened(`${folder}/file`)
      const pwritev2 = ffi?.libc.func("pwritev2", "long", ["int", "void *", "int", "long", "int"])
      const vector = BigUint64Array.of(BigInt(ffi?.koffi.address(bytes) ?? 0), 1n)
      const canTell = pwritev2?.(file, vector, 1, 0, 0x8) !== -1
      if (canTell || FileSystem.isInMemory(file)) return skip()
      assert.strictEqual(promptly()(file, bytes, 0), 0)
      assert.strictEqual(Fs.fstatSync(file).size, 0)
    })
  )

  it.scoped("writes what still fits on a full disk, and says how much", ({ skip }) =>
    Effect.gen(function* () {
      const folder = yield* confined("256k")
      if (folder === undefined) return skip()
      const file = yield* opened(`${folder}/file`)
      const write = promptly()
      const stored = write(file, bytes, 0)
      assert.strictEqual(stored, 256 * 1024)
      assert.strictEqual(write(file, bytes.subarray(stored), stored), 0)
      assert.isTrue(Buffer.from(bytes.subarray(0, stored)).equals(Fs.readFileSync(`${folder}/file`)))
    })
  )
})
