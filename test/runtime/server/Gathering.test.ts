import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import * as FastCheck from "effect/FastCheck"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import { Accounts } from "../../../src/runtime/accounts/Accounts.ts"
import type { FtpConfig } from "../../../src/runtime/config/FtpConfig.ts"
import * as NodeTcp from "../../../src/runtime/platform/NodeTcp.ts"
import { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import type { Crew } from "../../../src/runtime/server/Balance.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import { temporary } from "../storage/fixtures.ts"
import * as TestServer from "./TestServer.ts"

const built = (path: string) => new URL(`../../../dist/runtime/${path}`, import.meta.url)

/** A server of two shards with sessions of Weft's own, gathered when the test says so. */
const world = (given: Partial<FtpConfig> = {}, accounts?: Layer.Layer<Accounts>) =>
  Effect.gen(function* () {
    const root = yield* temporary
    Fs.mkdirSync(`${root}/d`)
    Fs.writeFileSync(`${root}/d/file`, "0123456789")
    let crew: Crew | undefined
    const running = yield* TestServer.sharded(
      { root, clientsPerThread: 20, ...given },
      {
        services: built("localServices.js"),
        serving: built("session/serving.js"),
        balance: (given) =>
          Effect.sync(() => {
            crew = given
          })
      },
      accounts
    )
    const { server } = running
    const network = yield* Effect.provide(Tcp, NodeTcp.layer)
    const connect = FtpClient.connect(network, "127.0.0.1", server.addresses[0]?.port ?? 0)
    const enter = Effect.tap(connect, (client) => client.login)
    /** Clients of each shard. */
    const dealt = Effect.map(server.stats, ({ shards }) => shards.map(({ clients }) => clients))
    const until = (...wanted: ReadonlyArray<number>): Effect.Effect<void> =>
      Effect.flatMap(dealt, (now) =>
        now.join() === wanted.join() ? Effect.void : Effect.zipRight(Effect.sleep("1 millis"), until(...wanted))
      )
    const gather = (open: number) => Effect.sync(() => crew?.unsafeGather(open))
    /** Keeps clients at work until they are dealt so: a wish is on its way for a moment. */
    const askUntil = (clients: ReadonlyArray<FtpClient.FtpClient>, ...wanted: ReadonlyArray<number>) =>
      Effect.forEach(clients, (client) => client.ask("NOOP"), { discard: true }).pipe(
        Effect.zipRight(dealt),
        Effect.repeat({ until: (now) => now.join() === wanted.join() }),
        Effect.asVoid
      )
    return { ...running, askUntil, connect, dealt, enter, gather, heard: () => crew?.unsafeHeard(), until }
  })

const fetch = (client: FtpClient.FtpClient, line: string) =>
  Effect.gen(function* () {
    const data = yield* client.passive
    assert.strictEqual((yield* client.ask(line)).code, 150)
    const text = FtpClient.text(yield* data.takeAll)
    assert.strictEqual((yield* client.reply).code, 226)
    data.connection.unsafeDestroy()
    return text
  })

describe("A session moves to another shard", () => {
  it.scopedLive("with its next command, and with all that was settled, while who is silent stays", () =>
    Effect.gen(function* () {
      const { askUntil, dealt, enter, gather, until } = yield* world()
      // One of each two came to either shard.
      const pair = Effect.all([enter, enter])
      const [first, restarting, typed, inside, showing, silent] = yield* Effect.all([
        pair,
        pair,
        pair,
        pair,
        pair,
        pair
      ])
      assert.deepStrictEqual(yield* dealt, [6, 6])
      for (const one of [...restarting, ...showing]) yield* one.ask("CWD d")
      for (const one of [...restarting, ...inside]) yield* one.ask("TYPE I")
      yield* gather(1)
      yield* askUntil(first, 7, 5)
      for (const one of restarting) assert.strictEqual((yield* one.ask("REST 4")).code, 350)
      for (const one of typed) assert.strictEqual((yield* one.ask("TYPE I")).code, 200)
      for (const one of inside) assert.strictEqual((yield* one.ask("CWD d")).code, 250)
      for (const one of showing) assert.strictEqual((yield* one.ask("OPTS MLST size;")).code, 200)
      yield* until(11, 1)
      for (const one of restarting) assert.strictEqual(yield* fetch(one, "RETR file"), "456789")
      for (const one of typed) assert.strictEqual(yield* fetch(one, "RETR d/file"), "0123456789")
      for (const one of inside) assert.match((yield* one.ask("PWD")).lines[0] ?? "", /"\/d"/)
      for (const one of showing) assert.strictEqual((yield* one.ask("MLST file")).lines[1], " Size=10; /d/file")
      assert.deepStrictEqual(yield* dealt, [11, 1])
      for (const one of silent) assert.match((yield* one.ask("PWD")).lines[0] ?? "", /"\/"/)
      yield* until(12, 0)
    })
  )

  it.scopedLive("and back, one of so many, when another shard opens", () =>
    Effect.gen(function* () {
      const { askUntil, enter, gather, until } = yield* world()
      yield* gather(1)
      const clients = yield* Effect.replicateEffect(enter, 9)
      yield* until(9, 0)
      yield* gather(2)
      yield* Effect.raceFirst(Effect.forever(Effect.forEach(clients, (client) => client.ask("NOOP"))), until(5, 4))
      yield* Effect.forEach(clients, (client) => Effect.replicateEffect(client.ask("NOOP"), 3))
      yield* until(5, 4)
      const newcomer = yield* enter
      yield* until(5, 5)
      yield* gather(1)
      yield* askUntil([newcomer], 6, 4)
      // Who has moved once can move again.
      yield* askUntil(clients, 10, 0)
    })
  )

  it.scopedLive("and to each of those that open its part", () =>
    Effect.gen(function* () {
      const { askUntil, enter, gather, until } = yield* world({ threads: 4, shards: 4 })
      yield* gather(1)
      const clients = yield* Effect.replicateEffect(enter, 8)
      yield* until(8, 0, 0, 0)
      yield* gather(4)
      yield* askUntil(clients, 2, 2, 2, 2)
    })
  )

  it.scopedLive("but not while it waits for its client, is nobody's, or is known to others", () =>
    Effect.gen(function* () {
      const joe = { authenticate: () => Effect.succeed(Account.make("joe", Rights.readWrite)) }
      const cases = [
        { given: {}, accounts: undefined, moves: true },
        { given: {}, accounts: Layer.succeed(Accounts, joe), moves: false },
        { given: {}, accounts: Layer.succeed(Accounts, { ...joe, passwordless: "anonymous" as const }), moves: false },
        { given: { commandRate: 5000 }, accounts: undefined, moves: false }
      ]
      for (const { accounts, given, moves } of cases) {
        const { connect, dealt, enter, gather, until } = yield* world(given, accounts)
        const both = yield* Effect.all([enter, enter])
        const strangers = yield* Effect.all([connect, connect])
        for (const { reply } of strangers) yield* reply
        assert.deepStrictEqual(yield* dealt, [2, 2])
        const data = yield* Effect.forEach(both, (one) => one.passive)
        yield* gather(1)
        for (let asked = 0; asked < 50; asked++) {
          for (const client of [...both, ...strangers]) yield* client.ask("NOOP")
        }
        assert.deepStrictEqual(yield* dealt, [2, 2])
        for (const [index, one] of both.entries()) {
          assert.strictEqual((yield* one.ask("NLST d")).code, 150)
          assert.strictEqual(FtpClient.text(yield* data[index]?.takeAll ?? Effect.never), "d/file\r\n")
          assert.strictEqual((yield* one.reply).code, 226)
        }
        if (moves) yield* until(3, 1)
        for (let asked = 0; asked < 20; asked++) {
          for (const one of both) assert.strictEqual((yield* one.ask("NOOP")).code, 200)
        }
        assert.deepStrictEqual(yield* dealt, moves ? [3, 1] : [2, 2])
      }
    })
  )

  it.scopedLive("and nowhere where no other has room", () =>
    Effect.gen(function* () {
      const { dealt, enter, gather } = yield* world({ threads: 2, clientsPerThread: 1 })
      const [one, other] = yield* Effect.all([enter, enter])
      yield* gather(1)
      for (let asked = 0; asked < 50; asked++) {
        assert.strictEqual((yield* one.ask("NOOP")).code, 200)
        assert.strictEqual((yield* other.ask("NOOP")).code, 200)
      }
      assert.deepStrictEqual(yield* dealt, [1, 1])
      assert.strictEqual((yield* other.ask("QUIT")).code, 221)
      other.leave()
      const next = yield* enter
      assert.strictEqual((yield* next.ask("NOOP")).code, 200)
    })
  )

  it.scopedLive("and is told of once, as it began and ended, and counted once", () =>
    Effect.gen(function* () {
      const { askUntil, enter, gather, heard, server, until } = yield* world()
      const told = yield* server.events.pipe(Stream.take(7), Stream.runCollect, Effect.fork)
      const both = yield* Effect.all([enter, enter])
      yield* gather(1)
      yield* askUntil(both, 2, 0)
      const before = heard() ?? 0
      yield* Effect.forEach(both, (one) => Effect.replicateEffect(one.ask("NOOP"), 5))
      assert.strictEqual(((heard() ?? 0) - before) | 0, 10)
      for (const one of both) {
        yield* one.ask("QUIT")
        one.leave()
      }
      yield* until(0, 0)
      // So that there is one more to be told of, and no more than that.
      yield* enter
      const events = Chunk.toReadonlyArray(yield* Fiber.join(told))
      const count = (tag: string) => events.filter(({ _tag }) => _tag === tag).length
      assert.deepStrictEqual(["SessionStarted", "LoggedIn", "SessionEnded"].map(count), [3, 2, 2])
      const began = new Map(
        events.flatMap((one) => (one._tag === "SessionStarted" ? [[one.session, one.at] as const] : []))
      )
      for (const one of events) {
        if (one._tag === "SessionEnded") assert.strictEqual(one.at - one.milliseconds, began.get(one.session))
      }
    })
  )

  it.live("with what it was sent and has not read, and leaves no descriptor behind", () =>
    Effect.gen(function* () {
      yield* Effect.scoped(Effect.flatMap(world(), ({ enter }) => enter))
      const before = yield* TestServer.settledDescriptors
      const scope = yield* Scope.make()
      const script = FastCheck.array(
        FastCheck.constantFrom(
          "NOOP",
          "PWD",
          "CWD d",
          "CDUP",
          "TYPE I",
          "TYPE A",
          "REST 7",
          "SIZE file",
          "STAT",
          "XYZ"
        ),
        { minLength: 100, maxLength: 300 }
      )
      const scripts = FastCheck.sample(script, { numRuns: 12, seed: 7 })
      const talk = (client: FtpClient.FtpClient, lines: ReadonlyArray<string>, act: Effect.Effect<void>) =>
        Effect.gen(function* () {
          client.send(lines.map((line) => `${line}\r\n`).join(""))
          const replies: Array<string> = []
          for (const [index] of lines.entries()) {
            const { code, lines } = yield* client.reply
            // How many sessions there are, and since when, is not the same for all.
            replies.push(code === 211 ? "211" : `${code} ${lines.join("|")}`)
            if (index % 10 === 0) yield* act
          }
          return replies
        })
      const { enter, gather } = yield* Scope.extend(world(), scope)
      let open = 2
      const flip = Effect.suspend(() => {
        open = 3 - open
        return gather(open)
      })
      const expected = yield* Effect.forEach(scripts, (lines) =>
        Effect.flatMap(enter, (client) => Effect.tap(talk(client, lines, Effect.void), () => Effect.sync(client.leave)))
      )
      const heard = yield* Effect.forEach(
        scripts,
        (lines) =>
          Effect.flatMap(enter, (client) => Effect.tap(talk(client, lines, flip), () => Effect.sync(client.leave))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(heard, expected)
      yield* Scope.close(scope, Exit.void)
      yield* TestServer.descriptorsBackTo(before)
    })
  )
})
