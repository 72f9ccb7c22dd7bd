import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import * as Locks from "../../../src/runtime/storage/Locks.ts"

const begun = Effect.repeatN(Effect.yieldNow(), 20)

describe("Locks", () => {
  it.effect("are free once all who held them or waited are gone, however they went", () =>
    Effect.gen(function* () {
      const { locked, unsafeIsFree } = Locks.make()
      assert.isTrue(unsafeIsFree("name"))
      const [first, second] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const one = yield* Effect.fork(locked("name")(Deferred.await(first)))
      const other = yield* Effect.fork(locked("name")(Deferred.await(second)))
      const impatient = yield* Effect.fork(locked("name")(Effect.void))
      yield* begun
      assert.isFalse(unsafeIsFree("name"))
      assert.isTrue(unsafeIsFree("other"))
      yield* Fiber.interrupt(impatient)
      assert.isFalse(unsafeIsFree("name"))
      yield* Deferred.succeed(first, undefined)
      yield* Fiber.join(one)
      assert.isFalse(unsafeIsFree("name"), "the other has it by now")
      yield* Fiber.interrupt(other)
      assert.isTrue(unsafeIsFree("name"))
      yield* Effect.flip(locked("name")(Effect.fail("no")))
      yield* Effect.exit(locked("name")(Effect.die("no")))
      assert.isTrue(unsafeIsFree("name"))
    })
  )

  it.effect("are not free to the one who holds them", () =>
    Effect.gen(function* () {
      const { locked, unsafeIsFree } = Locks.make()
      assert.isFalse(yield* locked("name")(Effect.sync(() => unsafeIsFree("name"))))
      assert.isTrue(unsafeIsFree("name"))
    })
  )

  it.effect("are had by one at a time", () =>
    Effect.gen(function* () {
      const { locked } = Locks.make()
      let inside = 0
      const enter = Effect.gen(function* () {
        assert.strictEqual(++inside, 1)
        yield* begun
        inside--
      })
      yield* Effect.all(
        Array.from({ length: 5 }, () => locked("name")(enter)),
        { concurrency: "unbounded" }
      )
    })
  )
})
