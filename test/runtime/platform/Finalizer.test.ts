import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import * as Finalizer from "../../../src/runtime/platform/Finalizer.ts"

describe("Finalizer", () => {
  it.effect("runs once, in the order of scopes, however the scope ends", () =>
    Effect.gen(function* () {
      const ran: Array<string> = []
      const note = (name: string) => Effect.sync(() => void ran.push(name))
      for (const end of [Effect.void, Effect.fail("no"), Effect.interrupt]) {
        yield* Effect.exit(
          Effect.scoped(
            Effect.gen(function* () {
              yield* Finalizer.add(note("first"))
              assert.strictEqual(yield* Finalizer.acquire(Effect.succeed("it"), (it) => note(`release ${it}`)), "it")
              yield* end
            })
          )
        )
        assert.deepStrictEqual(ran.splice(0), ["release it", "first"])
      }
      const scope = yield* Scope.make()
      yield* Scope.extend(Effect.ignore(Finalizer.acquire(Effect.fail("no"), () => note("never"))), scope)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(ran, [])
    })
  )

  it.effect("is there for all that was acquired, though the acquirer was interrupted meanwhile", () =>
    Effect.gen(function* () {
      let released = 0
      const acquiring = Effect.yieldNow().pipe(Effect.repeatN(5))
      const fiber = yield* Effect.fork(
        Effect.scoped(Finalizer.acquire(acquiring, () => Effect.sync(() => void released++)))
      )
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(released, 1)
    })
  )
})
