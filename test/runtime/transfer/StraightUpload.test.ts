import * as Crypto from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber } from "effect"
import * as Rights from "../../../src/domain/Rights.ts"
import type { Outcome } from "../../../src/domain/session/Event.ts"
import { breathe, unsafeAfter } from "../../../src/runtime/platform/EventLoop.ts"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"
import * as MemoryStorage from "../../../src/runtime/storage/MemoryStorage.ts"
import type { Stored, Upload } from "../../../src/runtime/storage/Storage.ts"
import * as Progress from "../../../src/runtime/transfer/Progress.ts"
import type { Intake, Request } from "../../../src/runtime/transfer/Request.ts"
import * as Transfer from "../../../src/runtime/transfer/Transfer.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { path } from "../session/Fixture.ts"

const content = Uint8Array.from({ length: 1_000_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff)

interface Given extends Partial<Pick<Request, "mode" | "representation" | "throttle">> {
  /** How many bytes the disk takes at once of so many. */
  readonly takes: (length: number) => number
  /** Bytes the whole disk takes. */
  readonly capacity?: number
  readonly intake?: Partial<Intake>
  /** What moves from the client's socket to the disk, of those bytes that come next. */
  readonly moves?: (next: Uint8Array) => { readonly taken: number; readonly stored: number } | undefined
}

/** An upload that has begun, its disk, and a client on the other end of the data connection. */
const begin = (given: Given) =>
  Effect.gen(function* () {
    const capacity = given.capacity === undefined ? {} : { capacity: given.capacity }
    const { storage } = yield* MemoryStorage.make({}, capacity)
    const fake = FakeConnection.make()
    const pool = ChunkPool.make({ largest: 64 * 1024 })
    const seen = {
      atOnce: 0,
      late: 0,
      moved: 0,
      stored: undefined as Stored | undefined,
      upload: undefined as Upload | undefined
    }
    let isWriting = false
    let moving = new Uint8Array(0)
    const moved = (upload: Upload) => {
      const { taken = 0, stored = 0 } = given.moves?.(moving) ?? {}
      if (taken === 0) return undefined
      upload.unsafeWrite?.(moving.subarray(0, stored))
      seen.moved += stored
      return { taken, left: stored < taken ? moving.slice(stored, taken) : undefined }
    }
    const reluctant = (upload: Upload): Upload => ({
      ...upload,
      ...(given.moves && { unsafeReceive: () => moved(upload) }),
      unsafeWrite: (bytes) => {
        assert.isFalse(isWriting, "a late write is under way")
        const count = Math.min(bytes.length, given.takes(bytes.length))
        seen.atOnce += 1
        return count === 0 ? 0 : (upload.unsafeWrite?.(bytes.subarray(0, count)) ?? 0)
      },
      write: (bytes) =>
        Effect.gen(function* () {
          seen.late += 1
          isWriting = true
          yield* breathe
          yield* upload.write(bytes)
          isWriting = false
        })
    })
    const progress = Progress.make(0)
    const request: Request = {
      storage: { ...storage, store: (name, options) => Effect.map(storage.store(name, options), reluctant) },
      payload: { _tag: "Upload", path: path("/new"), offset: 0, how: "Replace", create: true, replace: true },
      representation: given.representation ?? "I",
      mode: given.mode ?? "S",
      rights: Rights.readWrite,
      connect: Effect.succeed(fake.connection),
      opened: () => {},
      begun: undefined,
      progress,
      throttle: given.throttle,
      unsafeNow: () => 0,
      unsafeAfter,
      intake: {
        pool,
        store: { partial: "keep", digest: "SHA-256", sync: false },
        largest: Number.POSITIVE_INFINITY,
        quota: undefined,
        unsafeIsDeserted: () => false,
        needsCloseNotify: false,
        stored: (_path, stored) => {
          seen.stored = stored
        },
        begun: (_path, upload) => {
          seen.upload = upload
        },
        ...given.intake
      }
    }
    const fiber = yield* Effect.fork(Transfer.run(request))
    while (fake.reader() === undefined && fiber.unsafePoll() === null) yield* breathe
    const reader = fake.reader()
    const shared = new Uint8Array(64 * 1024)
    /** As a connection does it: into the reader's room or its own, which it uses again. */
    const arrive = (bytes: Uint8Array) => {
      for (let at = 0; at < bytes.length; ) {
        moving = bytes.slice(at)
        const taken = reader?.unsafeReceive?.(7) ?? 0
        at += taken
        if (taken > 0) continue
        const room = reader?.unsafeRoom?.() ?? shared
        const piece = room.subarray(0, Math.min(room.length, bytes.length - at))
        piece.set(bytes.subarray(at, at + piece.length))
        at += piece.length
        reader?.onData(piece)
        shared.fill(0xee)
      }
    }
    const calm = Effect.gen(function* () {
      while (fake.paused() && fiber.unsafePoll() === null) yield* breathe
    })
    const finish: Effect.Effect<Outcome> = Effect.suspend(() => {
      reader?.onEnd()
      return Fiber.join(fiber)
    })
    return { arrive, calm, fiber, finish, pool, progress, reader, seen, storage }
  })

const sha256 = (bytes: Uint8Array) => Crypto.createHash("sha256").update(bytes).digest("hex")

const pieces = FastCheck.array(FastCheck.record({ length: FastCheck.nat(150_000), waits: FastCheck.nat(3) }), {
  maxLength: 12
})

/** The content comes in pieces with turns of the event loop between them, and is all there in the end, once. */
const arriveWhole = (
  client: Effect.Effect.Success<ReturnType<typeof begin>>,
  all: ReadonlyArray<{ readonly length: number; readonly waits: number }>
) =>
  Effect.gen(function* () {
    let sent = 0
    for (const { length, waits } of all) {
      client.arrive(content.subarray(sent, sent + length))
      sent = Math.min(content.length, sent + length)
      for (let left = waits; left > 0; left--) yield* breathe
      yield* client.calm
    }
    assert.deepStrictEqual(yield* client.finish, { _tag: "Done" })
    assert.deepInclude(client.seen.stored, { size: sent })
    assert.strictEqual(client.seen.stored?.digest?.value, sha256(content.subarray(0, sent)))
    assert.strictEqual(client.progress.bytes, sent)
    assert.strictEqual(client.pool.outstanding().chunks, 0)
  })

describe("an upload that is stored as it comes", () => {
  it.live.prop(
    "has its bytes in order, whatever has to wait for the disk and however they come",
    [pieces, FastCheck.array(FastCheck.constantFrom(0, 1, 1000, 40_000, Number.POSITIVE_INFINITY), { minLength: 1 })],
    ([pieces, takes]) =>
      Effect.gen(function* () {
        let turn = 0
        const client = yield* begin({ takes: () => takes[turn++ % takes.length] ?? 0 })
        yield* arriveWhole(client, pieces)
      }),
    { fastCheck: { numRuns: 60 } }
  )

  it.live.prop(
    "has its bytes in order where some move from the socket by themselves, and not all of them are taken",
    [
      pieces,
      FastCheck.array(FastCheck.record({ taken: FastCheck.nat(150_000), left: FastCheck.nat(2) }), { minLength: 1 })
    ],
    ([pieces, moves]) =>
      Effect.gen(function* () {
        let turn = 0
        const client = yield* begin({
          takes: (length) => length,
          moves: (next) => {
            const move = moves[turn++ % moves.length]
            const taken = Math.min(move?.taken ?? 0, next.length)
            return { taken, stored: move?.left === 0 ? Math.floor(taken / 2) : taken }
          }
        })
        yield* arriveWhole(client, pieces)
      }),
    { fastCheck: { numRuns: 60 } }
  )

  it.live("moves by itself unless something has to look at it", () =>
    Effect.gen(function* () {
      const moved = (given: Partial<Given>) =>
        Effect.gen(function* () {
          const moves = (next: Uint8Array) => ({ taken: next.length, stored: next.length })
          const client = yield* begin({ takes: (length) => length, moves, ...given })
          client.arrive(content)
          yield* client.calm
          assert.strictEqual((yield* client.finish)._tag, "Done")
          return client.seen.moved
        })
      assert.strictEqual(yield* moved({}), content.length)
      assert.strictEqual(yield* moved({ representation: "A" }), 0)
      assert.strictEqual(yield* moved({ intake: { largest: content.length } }), 0)
      const quota = { isLimited: true, reserve: () => Effect.succeed(true), unsafeSettle: () => {} }
      assert.strictEqual(yield* moved({ intake: { quota } }), 0)
      assert.strictEqual(yield* moved({ intake: { quota: { ...quota, isLimited: false } } }), content.length)
    })
  )

  it.live("holds no buffer and wakes nobody, however long it takes", () =>
    Effect.gen(function* () {
      const quota = { isLimited: false, reserve: () => Effect.succeed(true), unsafeSettle: () => {} }
      const client = yield* begin({ takes: (length) => length, intake: { quota } })
      for (let at = 0; at < content.length; at += 100_000) {
        client.arrive(content.subarray(at, at + 100_000))
        assert.strictEqual(client.seen.upload?.unsafeIsKept(), true, "it is stored in the same turn")
        yield* breathe
        assert.deepStrictEqual(client.pool.outstanding(), { chunks: 0, bytes: 0 })
        assert.isFalse(client.progress.storing)
      }
      yield* client.finish
      assert.deepStrictEqual([client.seen.atOnce > 0, client.seen.late], [true, 0])
      assert.strictEqual(client.seen.stored?.digest?.value, sha256(content))
    })
  )

  it.live("fills a disk to its last byte but no further, and keeps that", () =>
    Effect.gen(function* () {
      let left = 150_000
      const takes = (length: number) => {
        const count = Math.min(left, length)
        left -= count
        return count
      }
      const client = yield* begin({ takes, capacity: 150_000 })
      client.arrive(content.subarray(0, 100_000))
      client.arrive(content.subarray(100_000, 200_000))
      assert.deepStrictEqual(yield* Fiber.join(client.fiber), { _tag: "Fault", fault: "NoSpace" })
      assert.strictEqual(yield* client.storage.partial(path("/new")), 150_000)
      assert.strictEqual(client.pool.outstanding().chunks, 0)
    })
  )

  it.live("ends at the largest size exactly", () =>
    Effect.gen(function* () {
      const client = yield* begin({ takes: (length) => length, intake: { largest: 100_000 } })
      client.arrive(content.subarray(0, 100_000))
      yield* breathe
      client.arrive(content.subarray(100_000, 100_001))
      assert.deepStrictEqual(yield* Fiber.join(client.fiber), { _tag: "Fault", fault: "TooLarge" })
      assert.isUndefined(yield* client.storage.partial(path("/new")))
    })
  )

  it.live("asks a quota for room before it stores, and ends where that says no", () =>
    Effect.gen(function* () {
      const most = 700_000
      let granted = 0
      const quota: Intake["quota"] = {
        isLimited: true,
        reserve: ({ bytes }) =>
          Effect.map(breathe, () => {
            if (granted + bytes > most) return false
            granted += bytes
            return true
          }),
        unsafeSettle: () => {}
      }
      const client = yield* begin({
        takes: (length) => {
          assert.isAtMost(client.progress.bytes, granted)
          return length
        },
        intake: { quota }
      })
      let sent = 0
      while (sent < content.length && client.fiber.unsafePoll() === null) {
        client.arrive(content.subarray(sent, sent + 50_000))
        sent += 50_000
        while (client.pool.outstanding().chunks > 0 && client.fiber.unsafePoll() === null) yield* breathe
      }
      assert.deepStrictEqual(yield* Fiber.join(client.fiber), { _tag: "Fault", fault: "QuotaBytes" })
      assert.strictEqual(sent, most + 50_000)
    })
  )

  it.live("that is interrupted stores nothing after that, and keeps what it has", () =>
    Effect.gen(function* () {
      const client = yield* begin({ takes: (length) => length })
      client.arrive(content.subarray(0, 100_000))
      yield* Fiber.interrupt(client.fiber)
      client.arrive(content.subarray(100_000, 200_000))
      assert.strictEqual(yield* client.storage.partial(path("/new")), 100_000)
    })
  )

  it.live("is what came before the connection broke", () =>
    Effect.gen(function* () {
      const client = yield* begin({ takes: (length) => Math.min(length, 30_000) })
      client.arrive(content.subarray(0, 100_000))
      client.reader?.onClose(undefined)
      assert.strictEqual((yield* Fiber.join(client.fiber))._tag, "Cut")
      assert.strictEqual(yield* client.storage.partial(path("/new")), 100_000)
    })
  )

  it.live("comes as lines in TYPE A, and is paid for where there is a rate", () =>
    Effect.gen(function* () {
      const text = yield* begin({ takes: (length) => length, representation: "A" })
      text.arrive(Buffer.from("one\r\ntwo\r"))
      yield* breathe
      text.arrive(Buffer.from("\nthree"))
      yield* text.finish
      assert.strictEqual(text.seen.stored?.size, "one\ntwo\nthree".length)
      const paid: Array<number> = []
      const throttle = { chunk: 1000, pay: (bytes: number) => Effect.sync(() => void paid.push(bytes)) }
      const slow = yield* begin({ takes: (length) => length, throttle })
      slow.arrive(content.subarray(0, 10_000))
      yield* slow.finish
      const total = paid.reduce((one, other) => one + other, 0)
      assert.deepStrictEqual([total, slow.seen.stored?.size], [10_000, 10_000])
      assert.isAtMost(Math.max(...paid), throttle.chunk)
    })
  )
})
