import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { epollCalls } from "../../../src/runtime/platform/Epoll.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage, type StoreOptions, type Upload } from "../../../src/runtime/storage/Storage.ts"
import { at, confined, onDisk, temporary, whole } from "./fixtures.ts"

const usual: StoreOptions = { ...whole, partial: "keep", sync: false }

const content = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

/** A socket that has received the content. */
const received = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => epollCalls?.pair() ?? assert.fail("there is no FFI")),
    (ends) =>
      Effect.sync(() => {
        for (const end of ends) Fs.closeSync(end)
      })
  ),
  ([near, far]) => {
    Fs.writeSync(far, content)
    return near
  }
)

/** Stores in one go what a socket has received, and answers that for which there is no room. */
const take = (upload: Upload, socket: number): Uint8Array | undefined => {
  for (;;) {
    const moved = upload.unsafeReceive?.(socket)
    if (moved === undefined || moved.taken <= 0) return undefined
    if (moved.left !== undefined) return moved.left
  }
}

const stored = (folder: string, options: Partial<StoreOptions> = {}) =>
  Effect.gen(function* () {
    const storage = yield* Storage
    const upload = yield* storage.store(at("/file"), { ...usual, ...options })
    const socket = yield* received
    const isMoved = upload.unsafeReceive?.(socket)?.taken !== undefined
    take(upload, socket)
    yield* upload.commit
    return { isMoved, found: Fs.readFileSync(`${folder}/file`) }
  }).pipe(Effect.scoped, Effect.provide(LocalStorage.layer({ root: folder })))

describe.skipIf(ffi === undefined)("what a socket has received", () => {
  it.scoped("is stored without passing by, unless a digest wants to see it", ({ skip }) =>
    Effect.gen(function* () {
      const folder = yield* temporary
      if (!folder.startsWith("/dev/shm")) return skip()
      const { found, isMoved } = yield* stored(folder)
      assert.isTrue(isMoved)
      assert.isTrue(content.equals(found))
      assert.isFalse((yield* stored(folder, { digest: "SHA-256" })).isMoved)
    })
  )

  it.scoped("is left to be read where a disk may have to be waited for", () =>
    Effect.gen(function* () {
      const folder = yield* onDisk
      assert.isFalse((yield* stored(folder)).isMoved)
    })
  )

  it.scoped("fills a disk to its last byte, and that is what is kept", ({ skip }) =>
    Effect.gen(function* () {
      const folder = yield* confined("64k")
      if (folder === undefined) return skip()
      yield* Effect.gen(function* () {
        const storage = yield* Storage
        yield* Effect.scoped(
          Effect.gen(function* () {
            const upload = yield* storage.store(at("/file"), usual)
            assert.isDefined(take(upload, yield* received))
          })
        )
        assert.strictEqual(yield* storage.partial(at("/file")), 64 * 1024)
        yield* storage.remove(at("/file"))
        Fs.writeFileSync(`${folder}/ballast`, new Uint8Array(32 * 1024))
        const upload = yield* storage.store(at("/file"), usual)
        const left = take(upload, yield* received) ?? assert.fail("it has all found room")
        spawnSync("mount", ["-o", "remount,size=200k", folder])
        yield* upload.write(left)
        take(upload, yield* received)
        yield* upload.commit
        const read = 100_000 - left.length
        const found = Fs.readFileSync(`${folder}/file`)
        assert.isTrue(content.subarray(0, read).equals(found.subarray(0, read)))
        assert.isTrue(Buffer.from(left).equals(found.subarray(read, 100_000)), "it goes on where it stopped")
      }).pipe(Effect.scoped, Effect.provide(LocalStorage.layer({ root: folder })))
    })
  )
})
