import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import type { Connection } from "../../../src/runtime/platform/Tcp.ts"
import type { Actor, Errand } from "../../../src/runtime/session/Actor.ts"
import * as PooledDownload from "../../../src/runtime/session/PooledDownload.ts"
import type * as Begun from "../../../src/runtime/transfer/Begun.ts"
import * as Progress from "../../../src/runtime/transfer/Progress.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { path } from "./Fixture.ts"

const { EAGAIN, EIO } = Os.constants.errno
const [offset, length] = [1000, 99_000]

/** A download that has begun and has to come from a disk, and a pool that does what the test says. */
const stage = (
  given: {
    readonly bytes?: number
    readonly length?: number
    readonly isBroken?: boolean
    readonly atOnce?: number
  } = {}
) => {
  const events: Array<Event> = []
  const news: Array<ServerEvent> = []
  const fibers: Array<Begun.Begun | undefined> = []
  const pooled: Array<{ readonly part: readonly [number, number]; readonly done: (sent: number) => void }> = []
  let closed = 0
  const fake = FakeConnection.make()
  const connection: Connection = {
    ...fake.connection,
    unsafeSendFileOnPool: (_file, from, count, done) => {
      if (given.isBroken === true) return false
      pooled.push({ part: [from, count], done })
      if (given.atOnce !== undefined) done(given.atOnce)
      return true
    }
  }
  const progress = Progress.make(0)
  progress.bytes = given.bytes ?? 0
  const file = Descriptor.unsafeOwned(-1, () => void closed++)
  const begun: Begun.Download = {
    _tag: "Download",
    connection,
    file,
    offset,
    length: given.length ?? length,
    progress
  }
  const actor = {
    house: {
      config: { downloadRate: 0 },
      timers: { unsafeNow: () => 1000 },
      tcp: {},
      unsafeWants: () => false,
      unsafeTell: (event: ServerEvent) => void news.push(event)
    },
    client: { id: 7 },
    state: { settings: { peer: "192.0.2.2" }, protection: { data: "C" }, account: { name: "a" } },
    lodging: { welcome: { account: { limits: {} }, download: undefined, upload: undefined } },
    begun: undefined as Begun.Begun | undefined,
    errand: undefined as Errand | undefined,
    progress: undefined,
    unsafeTell: (event: Event) => void events.push(event),
    unsafeStart: () => void fibers.push(seen)
  } as unknown as Actor
  let seen: Begun.Begun | undefined
  Object.defineProperty(actor, "begun", {
    get: () => seen,
    set: (next: Begun.Begun | undefined) => {
      if (next !== undefined) seen = next
    }
  })
  const action = {
    _tag: "Transfer",
    payload: { _tag: "File", path: path("/file"), offset },
    data: { _tag: "Passive" },
    mode: "S",
    representation: "I"
  } as TransferAction
  const isBegun = PooledDownload.unsafePerform(actor, action, begun)
  return {
    actor,
    begun,
    closed: () => closed,
    dropped: fake.destroyed,
    events,
    fibers,
    isBegun,
    news,
    pooled,
    progress
  }
}

const underway = (begun: Begun.Begun | undefined): Effect.Effect<number> =>
  begun?._tag === "Download" && begun.underway !== undefined ? begun.underway : Effect.die("nothing is under way")

describe("a download that the pool sends", () => {
  it("tells the session and the world what was sent, and leaves nothing open", () => {
    const at = stage()
    assert.isTrue(at.isBegun)
    assert.deepStrictEqual(at.pooled[0]?.part, [offset, length])
    assert.isDefined(at.actor.errand)
    assert.strictEqual(at.actor.progress, at.progress)
    assert.deepStrictEqual([at.events.length, at.closed(), at.dropped()], [0, 0, 0])
    at.pooled[0]?.done(length)
    assert.deepStrictEqual(at.events, [{ _tag: "TransferEnded", outcome: { _tag: "Done" } }])
    assert.strictEqual(at.news.length, 1)
    assert.deepInclude(at.news[0], { path: "/file", kind: "download", bytes: length, outcome: "Done" })
    assert.deepStrictEqual([at.closed(), at.dropped()], [1, 1])
    assert.deepStrictEqual([at.actor.errand, at.actor.progress, at.fibers.length], [undefined, undefined, 0])
  })

  for (const [name, answer, sent] of [
    ["a part was sent", 400, 400],
    ["the disk failed", -EIO, 0]
  ] as const) {
    it.effect(`goes on in a fiber where ${name}`, () =>
      Effect.gen(function* () {
        const at = stage()
        at.pooled[0]?.done(answer)
        assert.strictEqual(at.fibers.length, 1)
        assert.isUndefined(at.actor.errand)
        assert.deepStrictEqual([at.events.length, at.news.length, at.closed(), at.dropped()], [0, 0, 0, 0])
        assert.strictEqual(yield* underway(at.fibers[0]), sent)
      })
    )
  }

  it.effect("goes over to a fiber that waits for the call, and ends once", () =>
    Effect.gen(function* () {
      const at = stage()
      at.actor.errand?.unsafeHandOver()
      assert.strictEqual(at.fibers.length, 1)
      assert.isUndefined(at.actor.errand)
      const waiting = yield* Effect.fork(underway(at.fibers[0]))
      yield* Effect.yieldNow()
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      at.pooled[0]?.done(length)
      assert.strictEqual(yield* Fiber.join(waiting), length)
      assert.deepStrictEqual([at.fibers.length, at.events.length, at.news.length, at.closed()], [1, 0, 0, 0])
    })
  )

  it("goes on in a fiber where the pool refuses at once", () => {
    const at = stage({ atOnce: -EAGAIN })
    assert.isTrue(at.isBegun)
    assert.deepStrictEqual([at.fibers.length, at.actor.errand, at.events.length], [1, undefined, 0])
  })

  for (const [name, given] of [
    ["some of it is out", { bytes: 1 }],
    ["it is long", { length: 1024 * 1024 + 1 }],
    ["the connection is gone", { isBroken: true }]
  ] as const) {
    it(`is not begun where ${name}`, () => {
      const at = stage(given)
      assert.isFalse(at.isBegun)
      assert.deepStrictEqual([at.actor.errand, at.actor.progress, at.pooled.length], [undefined, undefined, 0])
    })
  }
})
