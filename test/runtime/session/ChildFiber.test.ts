import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import type { Event } from "../../../src/domain/session/Event.ts"
import { breathe } from "../../../src/runtime/platform/EventLoop.ts"
import type { House } from "../../../src/runtime/session/House.ts"
import { SessionActor } from "../../../src/runtime/session/SessionActor.ts"
import * as Progress from "../../../src/runtime/transfer/Progress.ts"
import * as FakeConnection from "../server/FakeConnection.ts"

const event: Event = { _tag: "StatusListed", ended: "Whole" }

/** A session that nobody steps. */
const still = () => {
  const house = {
    config: { maxLineLength: 100 },
    timers: { unsafeNow: () => 0 },
    tls: { unsafeContext: () => undefined }
  } as unknown as House
  return new SessionActor(house, { id: 1, connection: FakeConnection.make().connection } as never)
}

/** An effect of so many steps, none of which takes time; after some it has to let other fibers run. */
const steps = (count: number): Effect.Effect<void> =>
  count === 0 ? Effect.void : Effect.flatMap(Effect.void, () => steps(count - 1))

describe("the child fiber of a session", () => {
  it.effect("is over in the turn that starts it where nothing takes time, and holds nothing then", () =>
    Effect.gen(function* () {
      const actor = still()
      const order: Array<string> = []
      actor.progress = Progress.make(0)
      const start = (name: string, effect: Effect.Effect<void>) =>
        actor.unsafeStart(
          effect,
          () => {
            order.push(`${name} is over`)
            return event
          },
          Effect.sync(() => void order.push(`${name} is released`))
        )
      start("one", Effect.void)
      assert.deepStrictEqual(order, ["one is released", "one is over"])
      assert.isUndefined(actor.progress)
      start("two", breathe)
      actor.unsafeCancel()
      while (order.length < 4) yield* breathe
      assert.deepStrictEqual(order.slice(2), ["two is released", "two is over"])
    })
  )

  it.effect("is the one that is cancelled also where it began at the end of another, however long that one was", () =>
    Effect.gen(function* () {
      for (let count = 1000; count < 1050; count++) {
        const actor = still()
        let ended: Exit.Exit<void> | undefined
        let begun = false
        const next = () => {
          begun = true
          actor.unsafeStart(Effect.never, (exit) => {
            ended = exit
            return event
          })
          return event
        }
        actor.unsafeStart(steps(count), next)
        while (!begun) yield* breathe
        actor.unsafeCancel()
        for (let turn = 0; turn < 3; turn++) yield* breathe
        assert.isTrue(ended !== undefined && Exit.isFailure(ended) && Cause.isInterruptedOnly(ended.cause), `${count}`)
      }
    })
  )
})
