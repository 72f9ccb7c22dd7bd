import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Scope } from "effect"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import * as Disk from "../../../src/runtime/storage/Disk.ts"
import type { Place } from "../../../src/runtime/storage/Root.ts"
import { onDisk, temporary } from "./fixtures.ts"

const place = (folder: string): Effect.Effect<Place, never, Scope.Scope> =>
  Effect.map(
    Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync(folder, "r")))),
    (descriptor) => ({ descriptor, reach: folder })
  )

const code = <A>(effect: Effect.Effect<A, NodeJS.ErrnoException>) =>
  Effect.match(effect, { onFailure: (error) => error.code, onSuccess: () => "done" })

describe.each([
  ["in memory", temporary],
  ["on a disk", onDisk]
])("a directory %s", (_, folders) => {
  it.scopedLive("does what it is told, and says what is wrong by the same name", () =>
    Effect.gen(function* () {
      const folder = yield* folders
      const here = yield* place(folder)
      Fs.writeFileSync(`${folder}/one`, "1")
      assert.strictEqual((yield* Disk.look(here, "one"))?.size, 1)
      assert.isUndefined(yield* Disk.look(here, "none"))
      assert.strictEqual(yield* code(Disk.look(here, "x".repeat(300))), "ENAMETOOLONG")
      assert.strictEqual(yield* code(Disk.rename(here, "one", here, "two")), "done")
      assert.strictEqual(yield* code(Disk.rename(here, "one", here, "two")), "ENOENT")
      Fs.writeFileSync(`${folder}/one`, "new")
      assert.strictEqual(yield* code(Disk.renameFree(here, "one", here, "two")), "EEXIST")
      assert.strictEqual(yield* code(Disk.rename(here, "one", here, "two", Number.POSITIVE_INFINITY)), "done")
      assert.strictEqual(Fs.readFileSync(`${folder}/two`, "utf8"), "new")
      assert.strictEqual(yield* code(Disk.renameFree(here, "two", here, "three")), "done")
      assert.deepStrictEqual(Fs.readdirSync(folder), ["three"])
      assert.strictEqual(yield* code(Disk.makeDirectory(here, "three")), "EEXIST")
      assert.strictEqual(yield* code(Disk.makeDirectory(here, "directory")), "done")
      assert.strictEqual(yield* code(Disk.removeDirectory(here, "three")), "ENOTDIR")
      assert.strictEqual(yield* code(Disk.removeDirectory(here, "directory")), "done")
      assert.strictEqual(yield* code(Disk.settle(here)), "done")
      const file = yield* Descriptor.written(yield* Disk.quickly(here.descriptor, "open", `${folder}/three`, 2, 0))
      yield* Disk.quickly(file, "fchmod", file.fd, 0o600)
      yield* Disk.quickly(file, "fsync", file.fd)
      assert.strictEqual(Fs.statSync(`${folder}/three`).mode & 0o777, 0o600)
      const { fd } = file
      yield* file.close
      assert.throws(() => Fs.fstatSync(fd), /EBADF/)
      yield* file.close
      assert.strictEqual(yield* code(Disk.quickly(file, "fsync", file.fd)), "EBADF")
    })
  )

  it.scopedLive("is waited for only where there is a disk, or much to free", () =>
    Effect.gen(function* () {
      const folder = yield* folders
      const here = yield* place(folder)
      const isInTurn = (effect: Effect.Effect<unknown, NodeJS.ErrnoException>) => {
        const fiber = Effect.runFork(effect)
        const isOver = fiber.unsafePoll() !== null
        return Effect.as(Fiber.join(fiber), isOver)
      }
      Fs.writeFileSync(`${folder}/one`, "1")
      const isInMemory = folders === temporary && folder.startsWith("/dev/shm")
      for (const call of [
        Disk.look(here, "one"),
        Disk.rename(here, "one", here, "two"),
        Disk.renameFree(here, "two", here, "one"),
        Disk.makeDirectory(here, "directory"),
        Disk.removeDirectory(here, "directory"),
        Disk.settle(here)
      ]) {
        assert.strictEqual(yield* isInTurn(call), isInMemory)
      }
      assert.isFalse(yield* isInTurn(Disk.rename(here, "one", here, "two", Number.POSITIVE_INFINITY)))
    })
  )

  it.live("refuses once it is closed", () =>
    Effect.gen(function* () {
      const here = yield* Effect.scoped(Effect.flatMap(folders, place))
      assert.strictEqual(yield* code(Disk.makeDirectory(here, "late")), "EBADF")
      assert.strictEqual(yield* code(Disk.settle(here)), "EBADF")
      assert.strictEqual(yield* code(Disk.renameFree(here, "one", here, "two")), "EBADF")
    })
  )
})
