import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Duration, Effect, Fiber, Stream } from "effect"
import * as TestServer from "./TestServer.ts"

const hasIpv6 = Object.values(Os.networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1"))

const drivers = [
  ["on the main thread", TestServer.onMain],
  ["in worker threads", TestServer.sharded]
] as const

describe.each(drivers)("FtpServer %s", (_, make) => {
  it.scopedLive("serves every place it has and tells 421 to the next", () =>
    Effect.gen(function* () {
      const { enter, lines, server } = yield* make()
      const inside = yield* Effect.replicateEffect(enter(), 4)
      assert.isTrue(inside.every(({ greeting }) => greeting.startsWith("220 ")))
      for (let i = 0; i < 3; i++) {
        const { client, greeting } = yield* enter()
        assert.match(greeting, /^421 Every place is taken: 4 are allowed/)
        yield* client.closed
      }
      assert.strictEqual(yield* inside[0]?.client.ask("hello") ?? Effect.succeed(""), "200 hello")
      const stats = yield* server.stats
      assert.deepStrictEqual([stats.clients, stats.accepted, stats.refusedFull], [4, 7, 3])
      assert.strictEqual(lines.filter((line) => line === "clients refused").length, 1)
    })
  )

  it.scopedLive("never refuses a client for the shadow of its last session", () =>
    Effect.gen(function* () {
      const { enter } = yield* make({ maxClientsPerAddress: 1, threads: 1, clientsPerThread: 1, shards: 1 })
      for (let i = 0; i < 200; i++) {
        const { client, greeting } = yield* enter()
        assert.match(greeting, /^220 /)
        assert.strictEqual(yield* client.ask("QUIT"), "221 bye")
        client.destroy()
      }
    })
  )

  it.scopedLive("limits the clients of one address", () =>
    Effect.gen(function* () {
      const { enter } = yield* make({ maxClientsPerAddress: 1 })
      assert.match((yield* enter()).greeting, /^220 /)
      assert.match((yield* enter()).greeting, /^421 .*from your address/)
      assert.match((yield* enter("127.0.0.2")).greeting, /^220 /)
    })
  )

  it.scopedLive("lets a client wait in the queue and serves it when a slot comes free", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* make({ threads: 1, clientsPerThread: 1, queue: 1, shards: 1 })
      const first = yield* enter()
      const second = yield* Effect.fork(enter())
      yield* server.stats.pipe(
        Effect.zipLeft(Effect.sleep("1 millis")),
        Effect.repeat({ until: ({ clients }) => clients === 2 })
      )
      assert.match((yield* enter()).greeting, /^421 /)
      yield* first.client.ask("QUIT")
      assert.match((yield* Fiber.join(second)).greeting, /^220 /)
    })
  )

  it.scopedLive("knows both ends of a connection", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* make({ host: hasIpv6 ? "::" : "0.0.0.0" })
      const { client } = yield* enter("127.0.0.3")
      const [local, remote] = JSON.parse(((yield* client.ask("ENDS")) ?? "").slice(4))
      assert.deepStrictEqual(local, { address: "127.0.0.1", port: server.addresses[0]?.port })
      assert.strictEqual(remote.address, "127.0.0.3")
    })
  )

  it.scopedLive("keeps a defect in one session from the others", () =>
    Effect.gen(function* () {
      const { enter, lines } = yield* make({ threads: 1, clientsPerThread: 3, shards: 1 })
      const [one, two, three] = yield* Effect.all([enter(), enter(), enter()])
      two.client.say("DIE")
      yield* two.client.closed
      assert.strictEqual(yield* one.client.ask("still"), "200 still")
      assert.strictEqual(yield* three.client.ask("here"), "200 here")
      assert.match((yield* enter()).greeting, /^220 /)
      assert.strictEqual(lines.filter((line) => line.startsWith("session crashed")).length, 1)
    })
  )

  it.scopedLive("tells what happens", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* make()
      const heard = yield* server.events.pipe(Stream.take(2), Stream.runCollect, Effect.fork)
      yield* Effect.yieldNow()
      const clients = yield* Effect.all([enter(), enter()])
      for (const { client } of clients) assert.strictEqual(yield* client.ask("EVENT"), "200 told")
      const events = Chunk.toReadonlyArray(yield* Fiber.join(heard))
      assert.deepStrictEqual(
        events.map(({ _tag, peer }) => [_tag, peer]),
        [
          ["SessionStarted", "127.0.0.1"],
          ["SessionStarted", "127.0.0.1"]
        ]
      )
    })
  )

  it.scopedLive("drains: sessions hear of it, newcomers get 421, and it completes when all have left", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* make()
      const polite = yield* enter()
      const stubborn = yield* enter()
      yield* stubborn.client.ask("STUBBORN")
      const drain = yield* Effect.fork(server.drain)
      assert.strictEqual(yield* polite.client.line, "421 draining")
      const late = yield* enter()
      assert.match(late.greeting, /^421 .*stopping/)
      assert.strictEqual(yield* stubborn.client.ask("busy"), "200 busy")
      assert.isNull(drain.unsafePoll())
      yield* stubborn.client.ask("QUIT")
      yield* Fiber.join(drain)
      yield* server.drain
      assert.strictEqual((yield* server.stats).refusedDraining, 1)
    })
  )

  it.live("leaves nothing behind when its scope closes", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(make())
      const before = yield* TestServer.settledDescriptors
      const running = yield* Deferred.make<TestServer.Running>()
      const owner = yield* make({ drainTimeout: Duration.millis(100) }).pipe(
        Effect.flatMap((one) => Deferred.succeed(running, one)),
        Effect.zipRight(Effect.never),
        Effect.scoped,
        Effect.fork
      )
      const { enter } = yield* Deferred.await(running)
      const polite = yield* enter()
      const stubborn = yield* enter()
      yield* stubborn.client.ask("STUBBORN")
      yield* Fiber.interrupt(owner)
      assert.strictEqual(yield* polite.client.line, "421 draining")
      assert.strictEqual(yield* stubborn.client.line, "426 interrupted")
      yield* stubborn.client.closed
      yield* polite.client.closed
      assert.strictEqual((yield* enter()).greeting, "closed")
      yield* TestServer.descriptorsBackTo(before)
    })
  )

  it.scopedLive("says InUse where the port is taken, and NotAvailable where the address is not its own", () =>
    Effect.gen(function* () {
      const { server } = yield* make()
      const port = server.addresses[0]?.port ?? 0
      const inUse = yield* Effect.flip(make({ port }))
      assert.deepStrictEqual([inUse._tag, inUse.reason], ["ServerError", "InUse"])
      const foreign = yield* Effect.flip(make({ host: "192.0.2.77" }))
      assert.strictEqual(foreign.reason, "NotAvailable")
    })
  )

  it.scopedLive("carries 500 silent clients and still serves the next", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* make({ threads: 2, clientsPerThread: 300 })
      const silent = yield* Effect.replicateEffect(enter(), 500)
      const { client, greeting } = yield* enter()
      assert.match(greeting, /^220 /)
      assert.strictEqual(yield* client.ask("hello"), "200 hello")
      assert.strictEqual((yield* server.stats).clients, 501)
      for (const { client } of silent) client.destroy()
    })
  )
})
