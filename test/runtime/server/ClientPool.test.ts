import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, HashMap, Logger, TestClock } from "effect"
import * as FastCheck from "effect/FastCheck"
import type { Client } from "../../../src/runtime/server/Client.ts"
import * as ClientPool from "../../../src/runtime/server/ClientPool.ts"
import * as Draining from "../../../src/runtime/server/Draining.ts"
import * as Refusal from "../../../src/runtime/server/Refusal.ts"
import * as FakeConnection from "./FakeConnection.ts"
import * as TestServer from "./TestServer.ts"

const settle = Effect.repeatN(Effect.yieldNow(), 20)

/** A pool whose sessions do what the test tells each of them. */
const world = (options: {
  readonly slots: number
  readonly queue: number
  readonly onEnd?: (client: Client) => void
}) =>
  Effect.gen(function* () {
    const { draining, unsafeWish } = Draining.make()
    const serving = new Map<number, { readonly client: Client; readonly over: Deferred.Deferred<void> }>()
    const served: Array<number> = []
    const ended: Array<number> = []
    const lines: Array<string> = []
    const logger = Logger.make(({ annotations, message }) => {
      const text = Array.isArray(message) ? String(message[0]) : String(message)
      lines.push(HashMap.size(annotations) > 0 ? `${text} ${HashMap.unsafeGet(annotations, "client")}` : text)
    })
    const serve = (client: Client) =>
      Effect.gen(function* () {
        const over = yield* Deferred.make<void>()
        served.push(client.id)
        serving.set(client.id, { client, over })
        yield* Deferred.await(over)
      }).pipe(Effect.ensuring(Effect.sync(() => serving.delete(client.id))))
    const pool = yield* ClientPool.make({
      clientsPerThread: options.slots,
      queue: options.queue,
      queueTimeout: "10 seconds",
      texts: Refusal.texts(TestServer.config({ threads: 1, clientsPerThread: options.slots })),
      serve,
      onEnd: (client) => {
        ended.push(client.id)
        options.onEnd?.(client)
      }
    }).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
    const offer = (id: number, fake = FakeConnection.make(), luggage?: unknown) => {
      pool.unsafeOffer({ id, connection: fake.connection, draining, luggage })
      return fake
    }
    const over = (id: number, exit: Effect.Effect<void> = Effect.void) =>
      Effect.suspend(() => {
        const session = serving.get(id)
        return session === undefined ? Effect.die(`${id} is not served`) : Deferred.complete(session.over, exit)
      }).pipe(Effect.zipRight(settle))
    return { offer, over, serving, served, ended, lines, unsafeWish }
  })

describe("ClientPool", () => {
  it.scoped("serves as many as it has slots, queues as many as it may, refuses the rest", () =>
    Effect.gen(function* () {
      const { ended, offer, served } = yield* world({ slots: 2, queue: 1 })
      const fakes = [1, 2, 3, 4].map((id) => offer(id))
      yield* settle
      assert.deepStrictEqual(served, [1, 2])
      assert.deepStrictEqual(ended, [4])
      assert.match(fakes[3]?.said.join("") ?? "", /^421 .*\r\n$/)
      assert.deepStrictEqual(
        fakes.map((fake) => fake.destroyed() > 0),
        [false, false, false, true]
      )
    })
  )

  it.scoped(
    "serves who comes from another shard at once, also beyond its slots, and is full until they are fewer",
    () =>
      Effect.gen(function* () {
        const { offer, over, served, unsafeWish } = yield* world({ slots: 1, queue: 2 })
        offer(1)
        offer(2)
        for (const id of [3, 4]) offer(id, FakeConnection.make(), {})
        yield* settle
        assert.deepStrictEqual(served, [1, 3, 4])
        yield* over(3)
        yield* over(1)
        assert.deepStrictEqual(served, [1, 3, 4])
        yield* over(4)
        assert.deepStrictEqual(served, [1, 3, 4, 2])
        unsafeWish()
        offer(5, FakeConnection.make(), {})
        yield* settle
        assert.deepStrictEqual(served, [1, 3, 4, 2, 5])
      })
  )

  it.scoped("gives a slot to whoever waits longest", () =>
    Effect.gen(function* () {
      const { offer, over, served } = yield* world({ slots: 1, queue: 3 })
      for (const id of [1, 2, 3, 4]) offer(id)
      yield* over(1)
      yield* over(2)
      assert.deepStrictEqual(served, [1, 2, 3])
    })
  )

  it.scoped("gives the slot back after success, defect and interruption alike, and tells of each end once", () =>
    Effect.gen(function* () {
      const { ended, lines, offer, over, served } = yield* world({ slots: 1, queue: 0 })
      for (const [id, exit] of [
        [1, Effect.void],
        [2, Effect.die("boom")],
        [3, Effect.interrupt],
        [4, Effect.void]
      ] as const) {
        const fake = offer(id)
        yield* settle
        yield* over(id, exit)
        assert.strictEqual(fake.destroyed(), 1)
      }
      assert.deepStrictEqual(served, [1, 2, 3, 4])
      assert.deepStrictEqual(ended, [1, 2, 3, 4])
      assert.deepStrictEqual(lines, ["session crashed 2"])
    })
  )

  it.scoped("keeps one session's defect from the others", () =>
    Effect.gen(function* () {
      const { ended, offer, over, serving } = yield* world({ slots: 3, queue: 0 })
      for (const id of [1, 2, 3]) offer(id)
      yield* over(2, Effect.die(new Error("boom")))
      assert.deepStrictEqual([...serving.keys()], [1, 3])
      assert.deepStrictEqual(ended, [2])
    })
  )

  it.scoped("tells 421 after the queue timeout and not before", () =>
    Effect.gen(function* () {
      const { ended, offer, over, served } = yield* world({ slots: 1, queue: 1 })
      offer(1)
      const late = offer(2)
      yield* TestClock.adjust("9999 millis")
      assert.deepStrictEqual(late.said, [])
      yield* TestClock.adjust("1 millis")
      yield* settle
      assert.match(late.said.join(""), /^421 /)
      assert.deepStrictEqual(ended, [2])
      offer(3)
      yield* over(1)
      assert.deepStrictEqual(served, [1, 3])
    })
  )

  it.scoped("gives a refused client one second to take the words", () =>
    Effect.gen(function* () {
      const { ended, offer } = yield* world({ slots: 1, queue: 0 })
      offer(1)
      const stalled = offer(2, FakeConnection.make({ end: Effect.never }))
      yield* settle
      assert.strictEqual(stalled.destroyed(), 0)
      yield* TestClock.adjust("1 second")
      assert.isAbove(stalled.destroyed(), 0)
      assert.deepStrictEqual(ended, [2])
    })
  )

  it.scoped("frees the place of a client that goes away while it waits", () =>
    Effect.gen(function* () {
      const { ended, offer, over, served } = yield* world({ slots: 1, queue: 2 })
      offer(1)
      const finished = offer(2)
      const closed = offer(3)
      yield* settle
      finished.reader()?.onEnd()
      closed.reader()?.onClose(undefined)
      yield* settle
      assert.sameMembers(ended, [2, 3])
      offer(4)
      yield* over(1)
      assert.deepStrictEqual(served, [1, 4])
    })
  )

  it.scoped("keeps what a waiting client said too early for its session", () =>
    Effect.gen(function* () {
      const { offer, over, serving } = yield* world({ slots: 1, queue: 1 })
      offer(1)
      const eager = offer(2)
      yield* settle
      const bytes = new TextEncoder().encode("USER a\r\n")
      eager.reader()?.onData(bytes)
      bytes.fill(0)
      assert.isTrue(eager.paused())
      yield* over(1)
      const heard: Array<string> = []
      const hear = (bytes: Uint8Array) => heard.push(new TextDecoder().decode(bytes))
      serving.get(2)?.client.connection.read({ onData: hear, onEnd: () => heard.push("end"), onClose: () => {} })
      assert.deepStrictEqual(heard, [])
      eager.reader()?.onData(new TextEncoder().encode("PASS b\r\n"))
      eager.reader()?.onEnd()
      yield* settle
      assert.deepStrictEqual(heard, ["USER a\r\n", "PASS b\r\n", "end"])
    })
  )

  it.scoped("refuses those who wait and those who come when it drains, and lets the others finish", () =>
    Effect.gen(function* () {
      const { ended, offer, over, serving, unsafeWish } = yield* world({ slots: 1, queue: 1 })
      offer(1)
      const waiting = offer(2)
      unsafeWish()
      yield* settle
      assert.match(waiting.said.join(""), /^421 .*stopping/)
      const late = offer(3)
      yield* settle
      assert.match(late.said.join(""), /^421 .*stopping/)
      assert.deepStrictEqual(ended, [2, 3])
      assert.isTrue(serving.get(1)?.client.draining.unsafeIsWished())
      yield* over(1)
      assert.deepStrictEqual(ended, [2, 3, 1])
    })
  )

  it.scoped("starts afresh after a defect of its own", () =>
    Effect.gen(function* () {
      const onEnd = (client: Client) => {
        if (client.id === 2) throw new Error("books are wrong")
      }
      const { ended, lines, offer, over, served } = yield* world({ slots: 2, queue: 0, onEnd })
      offer(1)
      const broken = offer(2)
      yield* over(2)
      assert.strictEqual(broken.destroyed(), 1)
      assert.deepStrictEqual(ended, [2, 1])
      assert.deepStrictEqual(lines, ["client pool restarted"])
      offer(3)
      offer(4)
      assert.deepStrictEqual(served, [1, 2, 3, 4])
    })
  )

  it.effect("ends all of its sessions with its scope", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.scoped(
        Effect.gen(function* () {
          const { ended, offer } = yield* world({ slots: 2, queue: 1 })
          return { ended, fakes: [1, 2, 3].map((id) => offer(id)) }
        })
      ).pipe(Effect.fork)
      const { ended, fakes } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([...ended].sort(), [1, 2, 3])
      assert.isTrue(fakes.every((fake) => fake.destroyed() === 1))
    })
  )

  const step = FastCheck.oneof(
    FastCheck.constant("offer" as const),
    FastCheck.constant("offer" as const),
    FastCheck.record({
      end: FastCheck.nat(8),
      how: FastCheck.constantFrom(Effect.void, Effect.die("boom"), Effect.interrupt)
    }),
    FastCheck.record({ go: FastCheck.nat(8) })
  )
  it.scoped.prop(
    "never serves more than it has slots for, and every client ends exactly once",
    [FastCheck.integer({ min: 1, max: 3 }), FastCheck.nat(3), FastCheck.array(step, { maxLength: 40 })],
    ([slots, queue, steps]) =>
      Effect.gen(function* () {
        const { ended, offer, over, serving } = yield* world({ slots, queue })
        const fakes: Array<FakeConnection.FakeConnection> = []
        for (const one of steps) {
          if (one === "offer") fakes.push(offer(fakes.length))
          else if ("end" in one) {
            const id = [...serving.keys()][one.end]
            if (id !== undefined) yield* over(id, one.how)
          } else fakes[one.go]?.reader()?.onEnd()
          yield* settle
          assert.isAtMost(serving.size, slots)
          assert.isAtMost(fakes.length - ended.length, slots + queue)
        }
        while (serving.size > 0) for (const id of [...serving.keys()]) yield* over(id)
        assert.deepStrictEqual(
          [...ended].sort((a, b) => a - b),
          fakes.map((_, id) => id)
        )
      }),
    { fastCheck: { numRuns: 50 } }
  )
})
