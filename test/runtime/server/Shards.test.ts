import * as ChildProcess from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import type { Crew } from "../../../src/runtime/server/Balance.ts"
import type { Running } from "./TestServer.ts"
import * as TestServer from "./TestServer.ts"

const threadOf = (greeting: string) => greeting.split(" ")[1] ?? ""

/** Clients come until each of the shards has one; answers one of each. */
const oneOfEach = ({ enter }: Running, shards: number) =>
  Effect.gen(function* () {
    const found = new Map<string, Effect.Effect.Success<ReturnType<Running["enter"]>>>()
    while (found.size < shards) {
      const next = yield* enter()
      assert.match(next.greeting, /^220 /)
      found.set(threadOf(next.greeting), next)
    }
    return [...found.values()].map(({ client }) => client)
  })

const untilLine = (running: Running, text: string, times = 1): Effect.Effect<void> =>
  Effect.sync(() => running.lines.filter((line) => line.includes(text)).length >= times).pipe(
    Effect.zipLeft(Effect.sleep("2 millis")),
    Effect.repeat({ until: (found) => found }),
    Effect.asVoid
  )

describe("Shards", () => {
  it.scopedLive("share the clients evenly", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* TestServer.sharded({ threads: 4, clientsPerThread: 2 })
      const counts = new Map<string, number>()
      for (let i = 0; i < 8; i++) {
        const { greeting } = yield* enter()
        counts.set(threadOf(greeting), (counts.get(threadOf(greeting)) ?? 0) + 1)
      }
      assert.deepStrictEqual([...counts.values()], [4, 4])
      assert.deepStrictEqual(
        (yield* server.stats).shards.map(({ clients, pools }) => [pools, clients]),
        [
          [2, 4],
          [2, 4]
        ]
      )
    })
  )

  for (const how of ["THROW", "EXIT"]) {
    it.scopedLive(`a shard that dies by ${how} takes its own sessions with it and comes back`, () =>
      Effect.gen(function* () {
        const running = yield* TestServer.sharded({ clientsPerThread: 4 })
        const [victim, other] = yield* oneOfEach(running, 2)
        if (victim === undefined || other === undefined) return assert.fail("two shards were asked for")
        victim.say(how)
        yield* victim.closed
        assert.strictEqual(yield* other.ask("still here"), "200 still here")
        yield* untilLine(running, "shard started again")
        yield* oneOfEach(running, 2)
        assert.strictEqual(yield* other.ask("for ever"), "200 for ever")
        assert.deepStrictEqual((yield* running.server.stats).shards.map(({ restarts }) => restarts).sort(), [0, 1])
        assert.strictEqual(running.lines.filter((line) => line.includes("shard died")).length, 1)
      })
    )
  }

  it.scopedLive("what a shard has heard counts for ever, also when it has died", () =>
    Effect.gen(function* () {
      let unsafeHeard = () => 0
      const balance = (crew: Crew) =>
        Effect.sync(() => {
          unsafeHeard = crew.unsafeHeard
        })
      const running = yield* TestServer.sharded({ clientsPerThread: 4 }, { balance })
      const [victim, other] = yield* oneOfEach(running, 2)
      if (victim === undefined || other === undefined) return assert.fail("two shards were asked for")
      for (const client of [victim, victim, other]) yield* client.ask("hello")
      assert.strictEqual(unsafeHeard(), 3)
      victim.say("EXIT")
      yield* victim.closed
      yield* untilLine(running, "shard started again")
      yield* other.ask("still here")
      assert.strictEqual(unsafeHeard(), 5)
    })
  )

  it.live("a client a dead shard never adopted is served by another, and no descriptor is lost", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(TestServer.sharded())
      const before = yield* TestServer.settledDescriptors
      const scope = yield* Scope.make()
      const running = yield* TestServer.sharded({ clientsPerThread: 40 }).pipe(Scope.extend(scope))
      const [victim, other] = yield* oneOfEach(running, 2)
      if (victim === undefined || other === undefined) return assert.fail("two shards were asked for")
      assert.strictEqual(yield* victim.ask("SPINEXIT 300"), "150 spinning")
      const late = yield* Effect.all(
        Array.from({ length: 20 }, () => running.enter()),
        { concurrency: "unbounded" }
      )
      assert.isTrue(late.every(({ greeting }) => greeting.startsWith("220 ")))
      yield* victim.closed
      for (const { client } of late) assert.strictEqual(yield* client.ask("hello"), "200 hello")
      yield* Scope.close(scope, Exit.void)
      yield* Effect.forEach([other, ...late.map(({ client }) => client)], (client) => client.closed)
      yield* TestServer.descriptorsBackTo(before)
    })
  )

  it.live("a client that moves is served by the other, ends with it, and outlives the one it has left", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(TestServer.sharded())
      const before = yield* TestServer.settledDescriptors
      const scope = yield* Scope.make()
      const running = yield* TestServer.sharded({ clientsPerThread: 40 }).pipe(Scope.extend(scope))
      const untilDealt = (...wanted: ReadonlyArray<number>) =>
        running.server.stats.pipe(
          Effect.map(({ shards }) => shards.map(({ clients }) => clients).sort()),
          Effect.zipLeft(Effect.sleep("1 millis")),
          Effect.repeat({ until: (dealt) => dealt.join() === wanted.join() })
        )
      const [one, other] = yield* oneOfEach(running, 2)
      if (one === undefined || other === undefined) return assert.fail("two shards were asked for")
      const there = yield* other.ask("WHERE")
      one.say("MOVE")
      yield* untilDealt(0, 2)
      assert.strictEqual(yield* one.ask("WHERE"), there)
      one.say("MOVE")
      yield* untilDealt(1, 1)
      assert.notStrictEqual(yield* one.ask("WHERE"), there)
      // The other shard does not come to adopt it.
      assert.strictEqual(yield* other.ask("SPINEXIT 300"), "150 spinning")
      one.say("MOVE")
      yield* one.closed
      yield* untilLine(running, "shard started again")
      const [third, fourth] = yield* oneOfEach(running, 2)
      if (third === undefined || fourth === undefined) return assert.fail("two shards were asked for")
      const here = yield* fourth.ask("WHERE")
      third.say("MOVEEXIT")
      yield* untilLine(running, "shard started again", 2)
      yield* untilDealt(0, 2)
      assert.strictEqual(yield* third.ask("WHERE"), here)
      yield* Scope.close(scope, Exit.void)
      yield* Effect.forEach([other, third, fourth], (client) => client.closed)
      yield* TestServer.descriptorsBackTo(before)
    })
  )

  it.scopedLive("dying more often than the intensity allows fails the server, with a reason", () =>
    Effect.gen(function* () {
      const running = yield* TestServer.sharded({ threads: 1, shards: 1 }, { restarts: { limit: 1, within: 60_000 } })
      const failed = yield* Effect.fork(Effect.flip(running.server.failed))
      const first = yield* running.enter()
      first.client.say("EXIT")
      yield* untilLine(running, "shard started again")
      assert.isNull(failed.unsafePoll())
      const second = yield* running.enter()
      assert.match(second.greeting, /^220 /)
      second.client.say("EXIT")
      const error = yield* Fiber.join(failed)
      assert.strictEqual(error.reason, "ShardRestarts")
      assert.match(error.message, /shard 0 died.*exit code 7/)
    })
  )

  it.scopedLive("clients that come while the only shard is started again are served by it", () =>
    Effect.gen(function* () {
      const running = yield* TestServer.sharded({ threads: 1, shards: 1 })
      const { client } = yield* running.enter()
      client.say("EXIT")
      yield* untilLine(running, "shard died")
      assert.match((yield* running.enter()).greeting, /^220 /)
    })
  )

  it.scopedLive("that cannot start fail the layer", () =>
    Effect.gen(function* () {
      const broken = yield* Effect.flip(TestServer.sharded({}, { services: TestServer.broken }))
      assert.strictEqual(broken.reason, "ShardStart")
      assert.match(broken.message, /the database is away/)
      const missing = yield* Effect.flip(TestServer.sharded({}, { services: new URL("file:///no/such/module.js") }))
      assert.strictEqual(missing.reason, "ShardStart")
      assert.match(missing.message, /no\/such\/module/)
    })
  )

  it.live("that no longer listen are ended all the same", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const running = yield* TestServer.sharded({}, { stopTimeout: "100 millis" }).pipe(Scope.extend(scope))
      const [stuck, other] = yield* oneOfEach(running, 2)
      assert.strictEqual(yield* stuck?.ask("SPIN 600000") ?? Effect.succeed(""), "150 spinning")
      yield* Scope.close(scope, Exit.void)
      yield* stuck?.closed ?? Effect.void
      yield* other?.closed ?? Effect.void
    })
  )

  it.scopedLive("are not started where none is asked for", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* TestServer.sharded({ shards: 0 })
      assert.deepStrictEqual(server.layout, { shards: 0, threads: 2, clientsPerThread: 2 })
      assert.match((yield* enter()).greeting, /^220 0 /)
      const broken = yield* Effect.flip(TestServer.sharded({ shards: 0 }, { services: TestServer.broken }))
      assert.match(broken.message, /the database is away/)
    })
  )

  it.scopedLive("an even share is not needed: pools are dealt out", () =>
    Effect.gen(function* () {
      const { server } = yield* TestServer.sharded({ threads: 3, shards: 2 })
      assert.deepStrictEqual(
        (yield* server.stats).shards.map(({ pools }) => pools),
        [2, 1]
      )
      assert.deepStrictEqual(server.layout, { shards: 2, threads: 3, clientsPerThread: 2 })
    })
  )

  const child = (script: string) =>
    Effect.async<string>((resume) => {
      const file = new URL(`./fixtures/${script}.mjs`, import.meta.url).pathname
      ChildProcess.execFile(process.execPath, [file], { timeout: 25_000 }, (error, stdout, stderr) =>
        resume(Effect.succeed(`${stdout}${stderr}${error ?? ""}`))
      )
    })

  it.live("pause when the process has no descriptors left, and go on", () =>
    Effect.map(child("exhausted"), (said) => assert.strictEqual(said, "as expected\n"))
  )

  it.live("do not hold back a process that ends", () =>
    Effect.map(child("exits"), (said) => assert.strictEqual(said, "as expected"))
  )
})
