import { assert, describe, it } from "@effect/vitest"
import { Chunk, Duration, Effect, Fiber, Layer, Redacted, Stream } from "effect"
import * as Rights from "../../../src/domain/Rights.ts"
import { Accounts, AccountsError, layerAnonymous } from "../../../src/runtime/accounts/Accounts.ts"
import * as Door from "../../../src/runtime/accounts/Door.ts"
import type { Running } from "./TestServer.ts"
import * as TestServer from "./TestServer.ts"

const drivers = [
  ["on the main thread", TestServer.onMain],
  ["in worker threads", TestServer.sharded]
] as const

const limits = { quotaBytes: 100, uploadRate: 1000 }

/** Whoever says "right" is let in. */
const accounts = Layer.succeed(Accounts, {
  authenticate: ({ name, password }) =>
    Redacted.value(password) === "right"
      ? Effect.delay(Effect.succeed({ name, home: "/home", rights: Rights.readWrite, limits }), "1 millis")
      : Effect.fail(new AccountsError({ reason: "Refused" }))
})

const make = (
  driver: (typeof drivers)[number][1],
  given: Parameters<typeof TestServer.config>[0],
  whose: Layer.Layer<Accounts> = accounts
) => (driver === TestServer.sharded ? TestServer.sharded(given, {}, whose) : TestServer.onMain(given, whose))

const threadOf = (greeting: string) => greeting.split(" ")[1] ?? ""

const untilTrue = (condition: Effect.Effect<boolean>): Effect.Effect<void> =>
  condition.pipe(
    Effect.tap((met) => (met ? Effect.void : Effect.sleep("5 millis"))),
    Effect.repeat({ until: (met) => met }),
    Effect.asVoid
  )

/** Two clients in two threads, or two clients where there is one. */
const apart = ({ enter }: Running) =>
  Effect.gen(function* () {
    const first = yield* enter()
    for (let tries = 0; ; tries++) {
      const second = yield* enter()
      if (tries > 3 || threadOf(second.greeting) !== threadOf(first.greeting))
        return [first.client, second.client] as const
      second.client.destroy()
    }
  })

/** Lets guests in as long as the door is open, and says to all whom it is asked of that it cannot tell; that is no guess. */
const ajar = () => {
  const shared = new SharedArrayBuffer(Door.sharedBytes)
  const door = Door.of(shared)
  door.unsafeSet(true)
  const whose = Layer.succeed(Accounts, {
    authenticate: () => new AccountsError({ reason: "Unavailable" }),
    passwordless: "anonymous",
    door: shared
  })
  return { door, whose }
}

describe.each(drivers)("limits %s", (_, driver) => {
  it.scopedLive("of 200 connections that log in at once, one gets in where one is allowed", () =>
    Effect.gen(function* () {
      const { enter } = yield* make(driver, { maxSessionsPerAccount: 1, clientsPerThread: 200 })
      const all = yield* Effect.replicateEffect(enter(), 200)
      assert.isTrue(all.every(({ greeting }) => greeting.startsWith("220 ")))
      const answers = yield* Effect.forEach(all, ({ client }) => client.ask("LOGIN team right"), {
        concurrency: "unbounded"
      })
      const inside = answers.filter((answer) => answer?.startsWith("230 "))
      assert.deepStrictEqual(inside, [`230 team ${Rights.readWrite.permissions.size} 8,0`])
      const refused = answers.filter((answer) => answer === "421 Too many sessions of this account: 1 is allowed.")
      assert.strictEqual(refused.length, 199)
      const winner = all[answers.findIndex((answer) => answer?.startsWith("230 "))]?.client
      winner?.destroy()
      const next = yield* enter()
      yield* untilTrue(Effect.map(next.client.ask("LOGIN team right"), (answer) => answer?.startsWith("230 ") ?? false))
    })
  )

  it.scopedLive("one quota for all threads, measured by the first who asks", () =>
    Effect.gen(function* () {
      const running = yield* make(driver, { clientsPerThread: 9 })
      const [one, two] = yield* apart(running)
      yield* one.ask("LOGIN team right")
      yield* two.ask("LOGIN other right")
      assert.strictEqual(yield* one.ask("RESERVE 30 60"), "150 measuring")
      assert.strictEqual(yield* one.line, "200 true")
      assert.strictEqual(yield* two.ask("RESERVE 11 0"), "200 false")
      yield* one.ask("SETTLE 30 25")
      assert.strictEqual(yield* one.ask("USAGE"), "200 85")
      assert.strictEqual(yield* two.ask("USAGE"), "200 85")
      assert.strictEqual(yield* two.ask("RESERVE 15 0"), "200 true")
      yield* two.ask("LOGOUT")
      assert.strictEqual(yield* two.ask("USAGE"), "200 undefined")
      assert.strictEqual(yield* one.ask("RESERVE 15 0"), "200 true")
    })
  )

  it.scopedLive("an address with too many wrong passwords is banned at the door, and one event tells so", () =>
    Effect.gen(function* () {
      const { enter, lines, server } = yield* make(driver, { banAfter: 2, clientsPerThread: 9 })
      const events = yield* server.events.pipe(Stream.take(1), Stream.runCollect, Effect.forkScoped)
      yield* Effect.yieldNow()
      const bot = yield* enter("127.0.0.9")
      assert.strictEqual(yield* bot.client.ask("LOGIN team wrong"), "530 Refused")
      const banned = "421 Your address is banned for 10 minutes after too many wrong passwords."
      assert.strictEqual(yield* bot.client.ask("LOGIN team wrong"), banned)
      yield* untilTrue(
        Effect.map(enter("127.0.0.9"), ({ client, greeting }) => {
          client.destroy()
          return greeting === banned
        })
      )
      const [event] = Chunk.toReadonlyArray(yield* Fiber.join(events))
      assert.isTrue(event?._tag === "AddressBanned" && event.peer === "127.0.0.9")
      const other = yield* enter()
      assert.match((yield* other.client.ask("LOGIN team right")) ?? "", /^230 /)
      const stats = yield* server.stats
      assert.isAtLeast(stats.refusedBanned, 1)
      assert.include(lines, "clients refused")
    })
  )

  it.scopedLive("a ban holds for who is inside already, also where no password is asked for", () =>
    Effect.gen(function* () {
      const { enter } = yield* make(driver, { banAfter: 2, clientsPerThread: 9 }, layerAnonymous)
      const guests = yield* Effect.replicateEffect(enter("127.0.0.9"), 4)
      const ask = (guest: number, line: string) => guests[guest]?.client.ask(line) ?? Effect.succeed(undefined)
      assert.match((yield* ask(0, "LOGIN anonymous me")) ?? "", /^230 anonymous /)
      assert.strictEqual(yield* ask(1, "LOGIN root guess"), "530 Refused")
      const banned = "421 Your address is banned for 10 minutes after too many wrong passwords."
      assert.strictEqual(yield* ask(1, "LOGIN root guess"), banned)
      assert.strictEqual(yield* ask(2, "LOGIN anonymous me"), banned)
      assert.strictEqual(yield* ask(3, "LOGIN anonymous me"), banned)
    })
  )

  it.scopedLive("a door that is shut holds on every thread at once, also for who is connected already", () =>
    Effect.gen(function* () {
      const { door, whose } = ajar()
      const running = yield* make(driver, { clientsPerThread: 9 }, whose)
      const guests = yield* apart(running)
      const answers = (name: string) => Effect.forEach(guests, ({ ask }) => ask(`LOGIN ${name} me`))
      const areInside = (all: ReadonlyArray<string | undefined>) =>
        all.map((answer) => answer?.startsWith("230 ") ?? false)
      assert.deepStrictEqual(areInside(yield* answers("anonymous")), [true, true])
      for (let turn = 0; turn < 3; turn++) {
        door.unsafeSet(false)
        assert.deepStrictEqual(yield* answers("ftp"), ["530 Unavailable", "530 Unavailable"])
        const { client } = yield* running.enter()
        assert.strictEqual(yield* client.ask("LOGIN anonymous me"), "530 Unavailable")
        client.destroy()
        door.unsafeSet(true)
        assert.deepStrictEqual(areInside(yield* answers("ftp")), [true, true])
      }
    })
  )

  it.scopedLive("no more clients than are allowed in all, whatever room the pools have", () =>
    Effect.gen(function* () {
      const { enter, server } = yield* make(driver, { maxClients: 3, clientsPerThread: 9 })
      const inside = yield* Effect.replicateEffect(enter(), 3)
      assert.isTrue(inside.every(({ greeting }) => greeting.startsWith("220 ")))
      assert.strictEqual((yield* enter()).greeting, "421 Too many clients: 3 are allowed.")
      const stats = yield* server.stats
      assert.deepStrictEqual([stats.refusedMaxClients, stats.refusedFull], [1, 0])
      inside[0]?.client.destroy()
      yield* untilTrue(Effect.map(enter(), ({ greeting }) => greeting.startsWith("220 ")))
    })
  )
})

describe("limits and a shard that dies", () => {
  it.scopedLive("the one that comes after it knows whether the door is open", () =>
    Effect.gen(function* () {
      const { door, whose } = ajar()
      const running = yield* TestServer.sharded({ clientsPerThread: 9 }, {}, whose)
      const [dying, living] = yield* apart(running)
      door.unsafeSet(false)
      dying.say("EXIT")
      yield* dying.closed
      living.say("EXIT")
      yield* living.closed
      const [one, other] = yield* apart(running)
      for (const guest of [one, other]) assert.strictEqual(yield* guest.ask("LOGIN anonymous me"), "530 Unavailable")
      door.unsafeSet(true)
      for (const guest of [one, other]) assert.match((yield* guest.ask("LOGIN anonymous me")) ?? "", /^230 /)
    })
  )

  it.scopedLive("its sessions are logged out, and another thread measures what it was measuring", () =>
    Effect.gen(function* () {
      const running = yield* TestServer.sharded({ maxSessionsPerAccount: 1, clientsPerThread: 9 }, {}, accounts)
      const [dying, living] = yield* apart(running)
      assert.match((yield* dying.ask("LOGIN team right")) ?? "", /^230 /)
      assert.match((yield* living.ask("LOGIN team right")) ?? "", /^421 Too many sessions/)
      assert.match((yield* living.ask("LOGIN other right")) ?? "", /^230 /)
      assert.strictEqual(yield* dying.ask("STUCK"), "150 measuring")
      living.say("RESERVE 10 90")
      dying.say("EXIT")
      yield* dying.closed
      assert.strictEqual(yield* living.line, "150 measuring")
      assert.strictEqual(yield* living.line, "200 true")
      const next = yield* running.enter()
      assert.match((yield* next.client.ask("LOGIN team right")) ?? "", /^230 /)
    })
  )

  it.scopedLive("a ban ends with its time, also where the shard has died that it came from", () =>
    Effect.gen(function* () {
      const running = yield* TestServer.sharded({ banAfter: 1, banTime: Duration.millis(300) }, {}, accounts)
      const bot = yield* running.enter("127.0.0.9")
      assert.match((yield* bot.client.ask("LOGIN team wrong")) ?? "", /^421 Your address is banned/)
      bot.client.say("EXIT")
      yield* bot.client.closed
      yield* untilTrue(Effect.map(running.enter("127.0.0.9"), ({ greeting }) => greeting.startsWith("220 ")))
    })
  )
})
