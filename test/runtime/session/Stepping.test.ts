import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber } from "effect"
import * as Draining from "../../../src/runtime/server/Draining.ts"
import { Serve } from "../../../src/runtime/server/Serve.ts"
import { PassivePorts } from "../../../src/runtime/transfer/PassivePorts.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import * as Fixture from "./Fixture.ts"
import { settle } from "./Settle.ts"

/** A session over a connection that the test holds the other end of. */
const session = Effect.gen(function* () {
  const serve = yield* Serve
  const fake = FakeConnection.make()
  const { draining, unsafeWish } = Draining.make()
  const fiber = yield* Effect.fork(serve({ id: 1, connection: fake.connection, draining }))
  yield* settle
  const reader = fake.reader() ?? assert.fail("nobody reads")
  const say = (text: string) => {
    reader.onData(new TextEncoder().encode(text))
    return fake.said.splice(0).join("")
  }
  assert.match(fake.said.splice(0).join(""), /^220 /)
  return { fake, fiber, reader, say, unsafeWish }
})

describe("a session that waits", () => {
  it.scoped("answers in the very callback that brings a line, unless that takes time", () =>
    Effect.gen(function* () {
      const { fake, say } = yield* session
      assert.match(say("NOOP\r\nUSER a\r\n"), /^200 .*\r\n331 .*\r\n$/)
      assert.match(say("PASS b\r\nNOOP\r\nSIZE a.txt\r\n"), /^230 .*\r\n200 .*\r\n550 .*\r\n$/)
      assert.strictEqual(say("EPSV\r\nNOOP\r\n"), "", "a port is bound first")
      yield* settle
      assert.match(fake.said.splice(0).join(""), /^229 .*\r\n200 .*\r\n$/)
      assert.match(say("PWD\r\n"), /^257 /)
    }).pipe(Effect.provide(Fixture.layer()))
  )

  it.scoped("waits for the next line in the very turn in which its own affairs are done", () =>
    Effect.gen(function* () {
      const { fake, say } = yield* session
      say("USER a\r\nPASS b\r\nEPSV\r\nABOR\r\n")
      yield* settle
      assert.match(fake.said.splice(0).join(""), /229 .*\r\n226 .*\r\n$/)
      assert.match(say("EPSV\r\n"), /^229 /, "the port is bound")
      assert.match(say("NOOP\r\n"), /^200 /)
    }).pipe(Effect.provide(Fixture.layer()))
  )

  it.scoped("ends with QUIT once its client has hung up", () =>
    Effect.gen(function* () {
      const { fiber, reader, say } = yield* session
      assert.match(say("QUIT\r\n"), /^221 /)
      yield* settle
      assert.isNull(fiber.unsafePoll())
      reader.onEnd()
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
    }).pipe(Effect.provide(Fixture.layer()))
  )

  it.scoped("hears of a drain where it is wished", () =>
    Effect.gen(function* () {
      const { fake, unsafeWish } = yield* session
      unsafeWish()
      assert.match(fake.said.join(""), /^421 /)
    }).pipe(Effect.provide(Fixture.layer()))
  )

  it.scoped("dies of a defect in a step, and whoever brought the event does not", () =>
    Effect.gen(function* () {
      const { fake, fiber, say } = yield* session
      Object.assign(fake.connection, {
        unsafeWrite: () => {
          throw new Error("no way to write")
        }
      })
      say("NOOP\r\n")
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      assert.strictEqual(fake.destroyed(), 1)
    }).pipe(Effect.provide(Fixture.layer()))
  )

  it.scoped("takes a flood in turns", () =>
    Effect.gen(function* () {
      const { fake, say } = yield* session
      const first = say("NOOP\r\n".repeat(170)).split("\r\n").length - 1
      assert.isBelow(first, 170)
      yield* settle
      assert.strictEqual(first + fake.said.join("").split("\r\n").length - 1, 170)
    }).pipe(Effect.provide(Fixture.layer()))
  )

  it.scoped("gives its port back where it is interrupted just as a transfer would begin", () =>
    Effect.gen(function* () {
      const { unsafeOutstanding } = yield* PassivePorts
      const { fiber, say } = yield* session
      say("USER a\r\nPASS b\r\nTYPE I\r\nEPSV\r\n")
      yield* settle
      assert.strictEqual(unsafeOutstanding(), 1)
      fiber.unsafeInterruptAsFork(fiber.id())
      say("RETR big.bin\r\n")
      yield* Fiber.await(fiber)
      assert.strictEqual(unsafeOutstanding(), 0)
    }).pipe(Effect.provide(Fixture.layer()))
  )
})
