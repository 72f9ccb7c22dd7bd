import NodeFs, * as Fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, Stream } from "effect"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as NodeCall from "../../../src/runtime/platform/NodeCall.ts"
import * as PageCache from "../../../src/runtime/platform/PageCache.ts"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"
import * as FileBytes from "../../../src/runtime/storage/FileBytes.ts"
import * as HostError from "../../../src/runtime/storage/HostError.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import { descriptors, descriptorsBackTo, temporary } from "./fixtures.ts"

const size = 200_000
const expected = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 7)) & 0xff)

const openFile = (path: string) =>
  Descriptor.scoped((keep) =>
    NodeCall.call<void>((done) =>
      Fs.open(path, "r", (error, fd) => {
        if (error === null) keep(fd)
        done(error)
      })
    )
  )

const sample = Effect.gen(function* () {
  const path = `${yield* temporary}/file`
  Fs.writeFileSync(path, expected)
  return path
})

const toError = HostError.toStorageError("/file")

const pause = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

it.scoped.prop(
  "every chunk is right, and stays so until the next is asked for, however slow the reader",
  {
    offset: FastCheck.integer({ min: 0, max: size + 5 }),
    assumed: FastCheck.oneof(FastCheck.constant(size), FastCheck.integer({ min: 0, max: 2 * size })),
    largest: FastCheck.constantFrom(4096, 16384, 65536, 262144),
    pauses: FastCheck.array(FastCheck.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 8 })
  },
  ({ assumed, largest, offset, pauses }) =>
    Effect.gen(function* () {
      const file = yield* openFile(yield* sample)
      const pool = ChunkPool.make({ largest })
      let position = offset
      let turn = 0
      yield* Stream.runForEach(FileBytes.stream(file, { offset, size: assumed, pool, toError }), (chunk) =>
        Effect.gen(function* () {
          for (let left = pauses[turn++ % pauses.length] ?? 0; left > 0; left--) yield* pause
          assert.isAtMost(pool.outstanding().chunks, 2)
          assert.isAbove(chunk.length, 0)
          assert.isTrue(Buffer.from(chunk).equals(expected.subarray(position, position + chunk.length)))
          position += chunk.length
        })
      )
      assert.strictEqual(position, Math.max(size, offset))
      assert.deepStrictEqual(pool.outstanding(), { chunks: 0, bytes: 0 })
    }),
  { fastCheck: { numRuns: 60 } }
)

it.scoped("a stalled reader holds two chunks, and none once it is gone", () =>
  Effect.gen(function* () {
    const file = yield* openFile(yield* sample)
    const pool = ChunkPool.make({ largest: 16384 })
    yield* Effect.scoped(
      Effect.gen(function* () {
        const pull = yield* Stream.toPull(FileBytes.stream(file, { offset: 0, size, pool, toError }))
        assert.strictEqual(pool.outstanding().chunks, 0)
        yield* pull
        for (let turn = 0; turn < 20; turn++) yield* pause
        assert.deepStrictEqual(pool.outstanding(), { chunks: 2, bytes: 32768 })
      })
    )
    assert.strictEqual(pool.outstanding().chunks, 0)
  })
)

it.scoped("gives others their turn between any two chunks, also of a file that is in memory", () =>
  Effect.gen(function* () {
    const file = yield* openFile(yield* sample)
    const pool = ChunkPool.make({ largest: 4096 })
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    let chunks = 0
    yield* Stream.runForEach(FileBytes.stream(file, { offset: 0, size, pool, toError }), () =>
      Effect.sync(() => {
        chunks += 1
      })
    )
    isOver = true
    assert.isAbove(chunks, 40)
    assert.isAtLeast(turns, chunks - 1)
  })
)

/** Counts the reads that hold up this thread, for as long as the scope. */
const promptReads = Effect.acquireRelease(
  Effect.sync(() => {
    const { readSync } = NodeFs
    const counted = { readSync, count: 0 }
    const counting = (...args: Parameters<typeof readSync>) => {
      counted.count += 1
      return readSync(...args)
    }
    Object.assign(NodeFs, { readSync: counting })
    syncBuiltinESMExports()
    return counted
  }),
  ({ readSync }) =>
    Effect.sync(() => {
      Object.assign(NodeFs, { readSync })
      syncBuiltinESMExports()
    })
)

it.scoped("only what is in memory is read in this thread", ({ skip }) =>
  Effect.gen(function* () {
    const folder = Fs.mkdtempSync(Path.join(Os.homedir(), ".weft-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(folder, { recursive: true })))
    Fs.writeFileSync(`${folder}/file`, expected)
    const file = yield* openFile(`${folder}/file`)
    Fs.fsyncSync(file.fd)
    const read = Effect.gen(function* () {
      const reads = yield* promptReads
      const pool = ChunkPool.make()
      const chunks = yield* Stream.runCollect(
        Stream.map(FileBytes.stream(file, { offset: 0, size, pool, toError }), (chunk) => Buffer.from(chunk))
      )
      assert.isTrue(Buffer.concat([...chunks]).equals(expected))
      return reads.count
    }).pipe(Effect.scoped)
    const forget = ffi?.libc.func("int posix_fadvise(int, long, long, int)")
    if (forget === undefined || !PageCache.has(file.fd, 0, size)) return skip()
    assert.strictEqual(yield* read, 1)
    forget(file.fd, 0, 0, 4)
    if (PageCache.has(file.fd, 0, 1)) return skip()
    forget(file.fd, 0, 0, 4)
    assert.strictEqual(yield* read, 0)
  })
)

it.scoped("a small file costs one small buffer and one read", () =>
  Effect.gen(function* () {
    const path = `${yield* temporary}/small`
    Fs.writeFileSync(path, "hello")
    const file = yield* openFile(path)
    let reads = 0
    const counting: Descriptor.Descriptor = {
      fd: file.fd,
      hold: () => {
        reads += 1
        return file.hold()
      },
      release: file.release
    }
    const pool = ChunkPool.make()
    yield* Stream.runForEach(FileBytes.stream(counting, { offset: 0, size: 5, pool, toError }), () =>
      Effect.sync(() => assert.deepStrictEqual(pool.outstanding(), { chunks: 1, bytes: 4096 }))
    )
    assert.strictEqual(reads, 1)
  })
)

it.scoped("however a reader is interrupted, no buffer goes back and no descriptor closes under a running read", () =>
  Effect.gen(function* () {
    const path = yield* sample
    const pool = ChunkPool.make({ largest: 4096 })
    const before = descriptors()
    const events = { running: 0, early: 0, interruptedWhileRunning: 0 }
    const watched: ChunkPool.ChunkPool = {
      ...pool,
      give: (chunk) => {
        events.early += events.running
        pool.give(chunk)
      }
    }
    for (let turn = 0; turn < 200; turn++) {
      const reading = Effect.gen(function* () {
        const file = yield* openFile(path)
        const counted: Descriptor.Descriptor = {
          fd: file.fd,
          hold: () => {
            events.running += 1
            return file.hold()
          },
          release: () => {
            events.running -= 1
            file.release()
          }
        }
        const bytes = FileBytes.stream(counted, { offset: 0, size, pool: watched, toError })
        yield* Stream.runForEach(bytes, () => (turn % 4 === 0 ? Effect.yieldNow() : Effect.void))
      })
      const fiber = yield* Effect.fork(Effect.scoped(reading))
      for (let step = 0; step < turn % 5; step++) yield* pause
      for (let step = 0; step < turn % 9; step++) yield* Effect.yieldNow()
      // However busy the machine is, some are caught in a read.
      if (turn % 10 === 9) yield* Descriptors.until(() => events.running > 0 || fiber.unsafePoll() !== null)
      if (events.running > 0) events.interruptedWhileRunning += 1
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(events.running, 0)
      assert.strictEqual(pool.outstanding().chunks, 0)
    }
    assert.strictEqual(events.early, 0)
    assert.isAbove(events.interruptedWhileRunning, 0)
    yield* descriptorsBackTo(before)
  })
)

it.scoped("a failing read ends the stream with its reason and gives the buffers back", () =>
  Effect.gen(function* () {
    const folder = yield* temporary
    const file = yield* openFile(folder)
    const pool = ChunkPool.make()
    const error = yield* Effect.flip(Stream.runDrain(FileBytes.stream(file, { offset: 0, size: 10, pool, toError })))
    assert.deepInclude(error, { reason: "IsADirectory", path: "/file" })
    assert.strictEqual(pool.outstanding().chunks, 0)
  })
)

it.effect("a file whose scope has closed cannot be read any more", () =>
  Effect.gen(function* () {
    const file = yield* Effect.scoped(Effect.flatMap(sample, openFile))
    const error = yield* Effect.flip(
      Stream.runDrain(FileBytes.stream(file, { offset: 0, size, pool: ChunkPool.make(), toError }))
    )
    assert.strictEqual(error.reason, "Io")
  })
)
