import * as Crypto from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope, TestClock } from "effect"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import { big, layer, loggedIn } from "./Fixture.ts"
import { settle } from "./Settle.ts"
import { begin, fates } from "./Uploading.ts"

describe("storage that does not answer", () => {
  it.scoped("costs a question or a change its turn, not the session", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      for (const command of ["SIZE slow", "DELE slow", "STAT slow", "CWD slow"]) {
        joe.send(`${command}\r\n`)
        yield* settle
        const before = joe.inbox.unsafeReceived()
        yield* TestClock.adjust("58 seconds")
        yield* settle
        assert.strictEqual(joe.inbox.unsafeReceived(), before, command)
        yield* TestClock.adjust("6 seconds")
        assert.include([450, 451], (yield* joe.reply).code, command)
      }
      assert.strictEqual((yield* joe.ask("NOOP")).code, 200)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("does not keep a session whose client has gone", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      joe.send("DELE slow\r\n")
      yield* settle
      joe.leave()
      yield* settle
      yield* TestClock.adjust("70 seconds")
      yield* settle
      assert.strictEqual((yield* (yield* FtpServer).stats).clients, 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("and gives empty chunks does not move", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const data = yield* joe.passive
      yield* joe.ask("RETR hollow")
      for (let seconds = 0; seconds < 66; seconds += 2) yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* joe.reply).code, 426)
      yield* data.ended
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("but throws costs its command, not the session", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      assert.strictEqual((yield* joe.ask("SIZE throws")).code, 451)
      yield* joe.passive
      assert.strictEqual((yield* joe.ask("RETR throws")).code, 451)
      assert.strictEqual((yield* joe.ask("STAT throws")).code, 451)
      assert.strictEqual((yield* joe.ask("NOOP")).code, 200)
    }).pipe(Effect.provide(layer()))
  )
})

describe("a digest", () => {
  it.scoped("is of the file, or of the part that is asked for", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      assert.include((yield* joe.ask("XCRC dir/d.txt")).lines[0]?.toLowerCase(), "0a97191d")
      assert.include((yield* joe.ask("XMD5 dir/d.txt")).lines[0], "1aabac6d068eef6a7bad3fdf50a05cc8")
      const hash = yield* joe.ask("HASH dir/d.txt")
      assert.strictEqual(hash.code, 213)
      assert.match(hash.lines[0] ?? "", /^SHA-256 0-\d [0-9a-f]{64} dir\/d\.txt$/)
      const md5 = (from: number, to: number) => Crypto.createHash("md5").update(big.subarray(from, to)).digest("hex")
      assert.strictEqual((yield* joe.ask("XMD5 big.bin 10 20000")).lines[0], md5(10, 20_000))
      yield* joe.ask("OPTS HASH MD5")
      yield* joe.ask("RANG 300000 399999")
      assert.strictEqual(
        (yield* joe.ask("HASH big.bin")).lines[0],
        `MD5 300000-399999 ${md5(300_000, 400_000)} big.bin`
      )
      assert.strictEqual((yield* joe.ask("XMD5 nowhere")).code, 550)
      assert.strictEqual((yield* joe.ask("XMD5 dir")).code, 550)
    }).pipe(Effect.provide(layer()))
  )
})

describe("turns", () => {
  it.scoped("a flood of commands that end at once, or ask storage, leaves another client its turn", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const ann = yield* loggedIn("198.51.100.8")
      const flood = 3000
      const reply = '257 "/" is the working directory.\r\n250 Working directory is "/".\r\n'
      const before = joe.inbox.unsafeReceived()
      joe.send("PWD\r\nCWD /\r\n".repeat(flood))
      yield* ann.ask("NOOP")
      assert.isBelow(joe.inbox.unsafeReceived() - before, (flood * reply.length) / 2)
      yield* joe.inbox.takeBytes(flood * reply.length)
    }).pipe(Effect.provide(layer()))
  )
})

describe("a session that is cut by the server", () => {
  it.effect("says how its transfer ended, and that it is over", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const world = yield* Layer.buildWithScope(layer(), scope)
      const told = yield* Effect.gen(function* () {
        const joe = yield* loggedIn()
        const { data } = yield* begin(joe, "STOR new")
        yield* data.connection.write(Buffer.from("half"))
        yield* settle
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        const codes = [(yield* joe.reply).code, (yield* joe.reply).code]
        yield* Fiber.join(closing)
        return { codes, ...(yield* fates) }
      }).pipe(Effect.provide(world))
      assert.deepStrictEqual(told, { codes: [426, 421], completed: 0, interrupted: 1 })
    })
  )
})
