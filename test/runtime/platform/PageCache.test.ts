import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as CachedPages from "../../../src/runtime/platform/CachedPages.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as PageCache from "../../../src/runtime/platform/PageCache.ts"

const MIB = 1024 * 1024
const willNotNeed = 4

/** Asks the kernel to forget a part of a file, which it does where there is a disk to read it from again. */
const forget = ffi?.libc.func("int posix_fadvise(int, long, long, int)") as
  | ((file: number, offset: number, length: number, advice: number) => number)
  | undefined

/** Most likely on a disk. */
const written = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-"))
    const file = Fs.openSync(`${folder}/file`, "w+")
    Fs.rmSync(folder, { recursive: true })
    Fs.writeSync(file, new Uint8Array(MIB))
    Fs.fsyncSync(file)
    return file
  }),
  (file) => Effect.sync(() => Fs.closeSync(file))
)

describe.skipIf(ffi === undefined)("PageCache", () => {
  it.scoped("has what was just written, as a whole and in part", () =>
    Effect.gen(function* () {
      const file = yield* written
      assert.isTrue(PageCache.has(file, 0, MIB))
      assert.isTrue(PageCache.has(file, 4095, 2))
      assert.isFalse(PageCache.has(-1, 0, 1))
    })
  )

  it.scoped("reads a portion that it has whole, and nothing of one that it has not", ({ skip }) =>
    Effect.gen(function* () {
      const file = yield* written
      const [first, last] = [Buffer.from("the first bytes"), Buffer.from("the last bytes")]
      Fs.writeSync(file, first, 0, first.length, 0)
      Fs.writeSync(file, last, 0, last.length, MIB - last.length)
      Fs.fsyncSync(file)
      const read = (position: number, length: number) => {
        const bytes = PageCache.unsafeRead(file, position, length)
        return bytes && Buffer.from(bytes).toString("latin1")
      }
      assert.strictEqual(read(0, first.length), "the first bytes")
      assert.strictEqual(read(4, 5), "first")
      assert.strictEqual(read(MIB - last.length, last.length), "the last bytes")
      assert.strictEqual(read(0, PageCache.portion)?.length, PageCache.portion)
      assert.isUndefined(read(0, PageCache.most + 1), "no room for so many")
      assert.isUndefined(read(MIB - 5, 6), "the file is shorter")
      assert.isUndefined(PageCache.unsafeRead(-1, 0, 1))
      forget?.(file, 0, 0, willNotNeed)
      if (PageCache.has(file, 0, 1)) return skip()
      assert.isUndefined(read(0, 5), "that would take the disk")
    })
  )

  it.scoped("has nothing read by being asked, where the kernel says what is there", ({ skip }) =>
    Effect.gen(function* () {
      const file = yield* written
      assert.notStrictEqual(CachedPages.areThere(file, 0, MIB), false)
      assert.isUndefined(CachedPages.areThere(-1, 0, 1))
      forget?.(file, 0, 0, willNotNeed)
      if (CachedPages.areThere(file, 0, 1) !== false) return skip()
      assert.isFalse(PageCache.has(file, 0, MIB))
      assert.isUndefined(PageCache.unsafeRead(file, 0, 10))
      assert.isFalse(CachedPages.areThere(file, 0, 1))
      Fs.readSync(file, new Uint8Array(1), 0, 1, MIB / 2)
      assert.isTrue(CachedPages.areThere(file, MIB / 2 + 1, 1))
      assert.isFalse(CachedPages.areThere(file, MIB / 2 - 1, 2), "a byte on either side")
      assert.isFalse(CachedPages.areThere(file, MIB, 1), "beyond the end")
    })
  )

  it.scoped("knows what is there beyond 4 GiB", ({ skip }) =>
    Effect.gen(function* () {
      const file = yield* written
      const far = 2 ** 32 + 8 * MIB
      Fs.writeSync(file, "far away", far)
      if (CachedPages.areThere(file, 0, MIB) === undefined) return skip()
      assert.isTrue(CachedPages.areThere(file, far, 8))
      assert.isFalse(CachedPages.areThere(file, 2 * MIB, 8))
    })
  )

  it.scoped("reads what lies in memory where the file system cannot tell", ({ skip }) =>
    Effect.gen(function* () {
      if (!Fs.existsSync("/dev/shm")) return skip()
      const file = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const folder = Fs.mkdtempSync("/dev/shm/weft-")
          const opened = Fs.openSync(`${folder}/file`, "w+")
          Fs.rmSync(folder, { recursive: true })
          return opened
        }),
        (opened) => Effect.sync(() => Fs.closeSync(opened))
      )
      Fs.writeSync(file, "in memory")
      assert.strictEqual(Buffer.from(PageCache.unsafeRead(file, 3, 6) ?? []).toString(), "memory")
      assert.isUndefined(PageCache.unsafeRead(file, 3, 7))
    })
  )

  it.scoped("has no part of which the beginning or the end would have to be read", ({ skip }) =>
    Effect.gen(function* () {
      const file = yield* written
      forget?.(file, 0, 0, willNotNeed)
      // A file system in memory forgets nothing.
      if (PageCache.has(file, 0, 1)) return skip()
      assert.isFalse(PageCache.has(file, 0, MIB))
      Fs.readSync(file, new Uint8Array(MIB), 0, MIB, 0)
      assert.isTrue(PageCache.has(file, 0, MIB))
      forget?.(file, MIB / 2, 0, willNotNeed)
      assert.isTrue(PageCache.has(file, 0, MIB / 4))
      assert.isFalse(PageCache.has(file, 0, MIB))
      assert.isFalse(PageCache.has(file, MIB / 2, MIB / 2))
    })
  )
})
