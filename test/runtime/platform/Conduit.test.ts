import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as Conduit from "../../../src/runtime/platform/Conduit.ts"
import { epollCalls } from "../../../src/runtime/platform/Epoll.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import { confined, temporary } from "../storage/fixtures.ts"

const { EAGAIN, EBADF } = Os.constants.errno

const bytes = Buffer.from(Uint8Array.from({ length: 400_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

/** Two connected sockets, of which the far one can be ended early. */
const pair = Effect.acquireRelease(
  Effect.sync(() => {
    const [near, far] = epollCalls?.pair() ?? assert.fail("there is no FFI")
    return { near, far, open: new Set([near, far]) }
  }),
  ({ open }) =>
    Effect.sync(() => {
      for (const one of open) Fs.closeSync(one)
    })
)

const opened = (file: string) =>
  Effect.acquireRelease(
    Effect.sync(() => Fs.openSync(file, "w+")),
    (descriptor) => Effect.sync(() => Fs.closeSync(descriptor))
  )

const conduit: Effect.Effect<Conduit.Conduit, never, Scope.Scope> = Effect.map(
  Conduit.make,
  (made) => made ?? assert.fail("there is no conduit")
)

describe.skipIf(ffi === undefined)("Conduit", () => {
  it.scoped("moves what a socket has received to its place, and says when there is nothing, and the end", () =>
    Effect.gen(function* () {
      const name = `${yield* temporary}/file`
      const file = yield* opened(name)
      const { far, near, open } = yield* pair
      const move = yield* conduit
      assert.deepStrictEqual(move(near, file, 0), { taken: -EAGAIN, left: undefined })
      Fs.writeSync(far, bytes, 0, 100_000)
      let position = 5
      for (let moved = move(near, file, position); moved !== undefined && moved.taken > 0; ) {
        position += moved.taken
        moved = move(near, file, position)
      }
      assert.strictEqual(position, 100_005)
      assert.isTrue(bytes.subarray(0, 100_000).equals(Fs.readFileSync(name).subarray(5)))
      open.delete(far)
      Fs.closeSync(far)
      assert.deepStrictEqual(move(near, file, position), { taken: 0, left: undefined })
      assert.deepStrictEqual(move(-1, file, 0), { taken: -EBADF, left: undefined })
      const folder = Fs.openSync(".", "r")
      assert.isUndefined(move(folder, file, 0), "nothing is moved so out of what is no socket")
      Fs.closeSync(folder)
    })
  )

  it.scoped("gives back what a file does not take, and keeps nothing of it for the next", ({ skip }) =>
    Effect.gen(function* () {
      const folder = yield* confined("64k")
      if (folder === undefined) return skip()
      const full = yield* opened(`${folder}/file`)
      const next = yield* opened(`${yield* temporary}/file`)
      const { far, near } = yield* pair
      const move = yield* conduit
      Fs.writeSync(far, bytes, 0, 100_000)
      let stored = 0
      const left: Array<Uint8Array> = []
      for (let moved = move(near, full, 0); moved !== undefined && moved.taken > 0; moved = move(near, full, stored)) {
        stored += moved.taken - (moved.left?.length ?? 0)
        if (moved.left !== undefined) left.push(moved.left)
      }
      assert.strictEqual(stored, 64 * 1024)
      assert.isTrue(bytes.subarray(stored, 100_000).equals(Buffer.concat(left)))
      Fs.writeSync(far, "next")
      assert.deepStrictEqual(move(near, next, 0), { taken: 4, left: undefined })
      const found = Buffer.alloc(9)
      assert.strictEqual(found.toString("latin1", 0, Fs.readSync(next, found, 0, 9, 0)), "next")
    })
  )

  it.effect("closes its pipe with its scope", () =>
    Effect.gen(function* () {
      const before = Descriptors.unsafeCount()
      yield* Effect.scoped(Effect.tap(conduit, () => assert.strictEqual(Descriptors.unsafeCount(), before + 2)))
      assert.strictEqual(Descriptors.unsafeCount(), before)
    })
  )
})
