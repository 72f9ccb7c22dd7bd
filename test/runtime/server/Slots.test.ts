import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, FiberId, FiberSet, Scope } from "effect"
import * as Slots from "../../../src/runtime/server/Slots.ts"

const settle = Effect.repeatN(Effect.yieldNow(), 20)

/** Slots whose work is done when the test says so. */
const world = (kept: number) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const fork = yield* Scope.extend(
      Effect.flatMap(FiberSet.make<void>(), (set) => FiberSet.runtime(set)()),
      scope
    )
    const log: Array<string> = []
    const fibers: Array<Fiber.RuntimeFiber<void>> = []
    const doors = new Map<string, Deferred.Deferred<void>>()
    const slots = Slots.make((one: string, restore) => {
      const door = Deferred.unsafeMake<void>(FiberId.none)
      doors.set(one, door)
      log.push(`begins ${one}`)
      return Effect.as(
        Effect.onExit(restore(Deferred.await(door)), (exit) =>
          Effect.sync(() => log.push(`${Exit.isInterrupted(exit) ? "cut" : "done"} ${one}`))
        ).pipe(Effect.exit),
        undefined
      )
    }, kept)
    const give = (one: string) => {
      const fresh = slots.unsafeGive(one)
      if (fresh !== undefined) fibers.push(fork(fresh))
      return fresh !== undefined
    }
    const finish = (one: string) =>
      Effect.zipRight(
        Effect.sync(() => Deferred.unsafeDone(doors.get(one) ?? assert.fail(one), Effect.void)),
        settle
      )
    return {
      close: Scope.close(scope, Exit.void),
      finish,
      give,
      log,
      fibers,
      slots
    }
  })

describe("Slots", () => {
  it.effect("gives the next one to a fiber that waits", () =>
    Effect.gen(function* () {
      const { fibers, finish, give, log } = yield* world(2)
      assert.isTrue(give("a"))
      assert.isTrue(give("b"))
      yield* finish("a")
      assert.isFalse(give("c"))
      yield* settle
      assert.strictEqual(fibers.length, 2)
      assert.deepStrictEqual(log, ["begins a", "begins b", "done a", "begins c"])
    })
  )

  it.effect("keeps no more fibers than it shall", () =>
    Effect.gen(function* () {
      const { fibers, finish, give } = yield* world(1)
      for (const one of ["a", "b", "c"]) give(one)
      for (const one of ["a", "b", "c"]) yield* finish(one)
      const ended = (yield* Effect.forEach(fibers, Fiber.poll)).filter((exit) => exit._tag === "Some")
      assert.strictEqual(ended.length, 2)
    })
  )

  it.effect("closed, ends the fibers that wait at once and the others when they are done", () =>
    Effect.gen(function* () {
      const { fibers, finish, give, log, slots } = yield* world(4)
      give("a")
      give("b")
      yield* finish("a")
      slots.unsafeClose()
      yield* settle
      assert.deepStrictEqual(
        (yield* Effect.forEach(fibers, Fiber.poll)).map(({ _tag }) => _tag),
        ["Some", "None"]
      )
      yield* finish("b")
      assert.deepStrictEqual(
        (yield* Effect.forEach(fibers, Fiber.poll)).map(({ _tag }) => _tag),
        ["Some", "Some"]
      )
      assert.deepStrictEqual(log, ["begins a", "begins b", "done a", "done b"])
    })
  )

  it.effect("what was given is attended to, also where the fiber is interrupted before it hears of it", () =>
    Effect.gen(function* () {
      const { close, finish, give, log, slots } = yield* world(4)
      give("a")
      yield* finish("a")
      give("b")
      slots.unsafeClose()
      yield* close
      assert.deepStrictEqual(log, ["begins a", "done a", "begins b", "cut b"])
    })
  )
})
