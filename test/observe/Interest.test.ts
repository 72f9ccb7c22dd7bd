import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Fiber, Logger, LogLevel, Stream } from "effect"
import * as FastCheck from "effect/FastCheck"
import { ServerEvent } from "../../src/domain/ServerEvent.ts"
import * as EventLog from "../../src/runtime/observe/EventLog.ts"
import { Events, type Telling } from "../../src/runtime/observe/Events.ts"
import * as Interest from "../../src/runtime/observe/Interest.ts"
import * as EventHub from "../../src/runtime/server/EventHub.ts"

const topic = FastCheck.constantFrom(...Interest.topics)
const loudness = { Debug: 0, Info: 1, Warning: 2 }

const started: ServerEvent = { _tag: "SessionStarted", session: 1, peer: "::1", at: 0 }
const ended: ServerEvent = { _tag: "SessionEnded", session: 1, peer: "::1", at: 0, milliseconds: 0 }

describe("Interest", () => {
  it.prop(
    "is in what the host wants, and in everything while somebody reads",
    [FastCheck.uniqueArray(topic), topic, FastCheck.nat(3)],
    ([wanted, one, readers]) => {
      const shared = Interest.make((one) => wanted.includes(one))
      const [here, there] = [Interest.of(shared), Interest.of(shared)]
      for (let i = 0; i < readers; i++) here.unsafeEnter()
      assert.strictEqual(there.unsafeWants(one), readers > 0 || wanted.includes(one))
      for (let i = 0; i < readers; i++) here.unsafeLeave()
      assert.strictEqual(there.unsafeWants(one), wanted.includes(one))
    }
  )

  it.prop("is in everything where the host does not say", [topic], ([one]) => {
    assert.isTrue(Interest.of(Interest.make()).unsafeWants(one))
  })
})

describe("EventHub", () => {
  const world = (host: Telling) => Effect.provideService(EventHub.make, Events, host)

  it.scoped("tells the host what it wants, and readers everything from when they come until they go", () =>
    Effect.gen(function* () {
      const told: Array<ServerEvent> = []
      const hub = yield* world({
        unsafeTell: (event) => void told.push(event),
        unsafeWants: (topic) => topic === "SessionEnded"
      })
      const interest = Interest.of(hub.interest)
      hub.unsafeTell(started)
      const reader = yield* hub.stream.pipe(Stream.take(2), Stream.runCollect, Effect.fork)
      yield* Effect.repeatN(Effect.yieldNow(), 10)
      assert.isTrue(interest.unsafeWants("SessionStarted"))
      hub.unsafeTell(ended)
      hub.unsafeTell(started)
      assert.deepStrictEqual([...(yield* Fiber.join(reader))], [ended, started])
      assert.deepStrictEqual(told, [ended])
      assert.isFalse(interest.unsafeWants("SessionStarted"))
      assert.isTrue(interest.unsafeWants("SessionEnded"))
    })
  )

  it.scoped("wants nothing where there is no host", () =>
    Effect.gen(function* () {
      const { interest } = yield* EventHub.make
      assert.isFalse(Interest.topics.some(Interest.of(interest).unsafeWants))
    })
  )
})

describe("EventLog", () => {
  const event = Arbitrary.make(ServerEvent).map((one) => (one._tag === "AddressBanned" ? { ...one, until: 0 } : one))

  it.prop("is never louder than it says", [event], ([event]) => {
    assert.isAtMost(loudness[EventLog.describe(event).level], loudness[EventLog.loudest[event._tag]])
  })

  it.effect("wants what its level lets through, and no digest", () =>
    Effect.gen(function* () {
      const at = (level: LogLevel.LogLevel) =>
        Effect.map(Effect.provide(EventLog.make, Logger.minimumLogLevel(level)), ({ unsafeWants }) =>
          Interest.topics.filter((topic) => unsafeWants?.(topic))
        )
      assert.deepStrictEqual(
        yield* at(LogLevel.Debug),
        Interest.topics.filter((topic) => topic !== "UploadDigest")
      )
      assert.deepStrictEqual(yield* at(LogLevel.Warning), ["LoginRefused", "AddressBanned", "UploadInterrupted"])
      assert.deepStrictEqual(yield* at(LogLevel.None), [])
    })
  )
})
