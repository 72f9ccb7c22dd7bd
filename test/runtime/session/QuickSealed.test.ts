import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import type { Sealing } from "../../../src/runtime/platform/Sealing.ts"
import * as QuickSealed from "../../../src/runtime/session/QuickSealed.ts"
import * as Outcomes from "../../../src/runtime/transfer/Outcomes.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import * as FakeActor from "./FakeActor.ts"
import * as FakeLease from "./FakeLease.ts"

interface Given {
  readonly isSealing: boolean
  readonly isSettled: boolean
  readonly isResumed: boolean
  readonly protection: "C" | "P"
  readonly reuse: boolean
  readonly rate: number
  readonly names: ReadonlyArray<string>
  readonly action: Partial<Omit<TransferAction, "_tag">>
}

/** One NLST over TLS of a folder with two files, and everything that became of it. */
const list = (given: Partial<Given> = {}) => {
  const written: Array<string> = []
  const fake = FakeConnection.make()
  let settled = () => {}
  let ended: (isWhole: boolean) => void = () => {}
  let calledOff = 0
  let elapse = () => {}
  let isDue = given.isSettled ?? false
  const sealing: Sealing = {
    ...fake.connection,
    unsafeEndWith: (bytes, call) => {
      if (!isDue) return false
      written.push(Buffer.from(bytes).toString())
      ended = call
      return true
    },
    unsafeIsResumed: () => given.isResumed ?? false,
    unsafeWhenSettled: (call) => {
      settled = call
      if (isDue) call()
    }
  }
  const connection = given.isSealing === false ? fake.connection : sealing
  const names = given.names ?? ["one", "two"]
  const { actor, events, news, started } = FakeActor.make({
    house: {
      config: {
        downloadRate: given.rate ?? 0,
        tlsRequireReuse: given.reuse ?? false,
        uploadDigest: "none",
        maxUploadSize: 0
      },
      tcp: {
        unsafeAfter: (_: number, call: () => void) => {
          elapse = call
          return () => void calledOff++
        }
      },
      unsafeWants: () => false
    },
    storage: { unsafeList: () => names.map((name) => ({ name })) },
    lease: FakeLease.make(connection, () => {}),
    protection: given.protection ?? "P"
  })
  const isDone = QuickSealed.unsafePerform(actor, FakeActor.transfer(given.action))
  const settle = () => {
    isDue = true
    settled()
  }
  return {
    actor,
    calledOff: () => calledOff,
    destroyed: fake.destroyed,
    elapse: () => elapse(),
    end: (isWhole: boolean) => ended(isWhole),
    events,
    fail: () => settled(),
    isDone,
    news,
    settle,
    started,
    written
  }
}

const opened = { _tag: "TransferOpened", size: undefined } as const
const done = { _tag: "TransferEnded", outcome: { _tag: "Done" } } as const
const cut = { _tag: "TransferEnded", outcome: Outcomes.broken } as const

describe("a short transfer under TLS without a fiber", () => {
  it("announces itself at once, sends all when the handshake is done, and is over when the kernel has it", () => {
    const { actor, calledOff, destroyed, end, events, isDone, news, settle, started, written } = list()
    assert.isTrue(isDone)
    assert.deepStrictEqual([events, written, destroyed()], [[opened], [], 0])
    assert.isDefined(actor.errand)
    assert.isDefined(actor.progress)
    settle()
    assert.deepStrictEqual([events, written, destroyed()], [[opened], ["one\r\ntwo\r\n"], 0])
    assert.strictEqual(actor.progress?.phase, "Moving")
    end(true)
    assert.deepStrictEqual([events, destroyed(), started.length], [[opened, done], 1, 0])
    assert.deepInclude(news[0], { _tag: "TransferEnded", session: 7, path: "/", bytes: 10, outcome: "Done" })
    assert.deepStrictEqual([actor.errand, actor.progress, calledOff()], [undefined, undefined, 2])
  })

  it("sends at once where the handshake is done", () => {
    const { actor, end, events, news, written } = list({ isSettled: true })
    assert.deepStrictEqual([events, written, news.length], [[opened], ["one\r\ntwo\r\n"], 0])
    assert.isUndefined(actor.lease)
    end(true)
    assert.deepStrictEqual([events, news.length], [[opened, done], 1])
    assert.isUndefined(actor.errand)
  })

  it("is cut where the kernel will never have all of it", () => {
    const { destroyed, end, events, news } = list({ isSettled: true })
    end(false)
    assert.deepStrictEqual([events, destroyed(), news.length], [[opened, cut], 1, 1])
    assert.deepInclude(news[0], { outcome: "Cut", bytes: 0 })
  })

  it("waits with a fiber where the kernel takes its time, and is over once", () => {
    const { actor, destroyed, elapse, end, events, news, started } = list({ isSettled: true })
    elapse()
    assert.deepStrictEqual([events, destroyed(), started.length], [[opened], 0, 1])
    assert.deepStrictEqual([actor.errand, actor.begun], [undefined, undefined])
    assert.isDefined(actor.progress)
    end(true)
    assert.deepStrictEqual([events, news.length], [[opened], 0])
    assert.deepStrictEqual(started[0]?.toEvent(Exit.succeed({ _tag: "Done" })), done)
    assert.deepStrictEqual([destroyed(), news.length], [1, 1])
    assert.deepInclude(news[0], { path: "/", bytes: 10, outcome: "Done" })
  })

  it("leaves a handshake that takes its time to a fiber, announced as it is", () => {
    const { actor, calledOff, elapse, events, settle, started, written } = list()
    elapse()
    settle()
    assert.deepStrictEqual([events, written, started.length, calledOff()], [[opened], [], 1, 1])
    assert.isUndefined(actor.errand)
  })

  it("leaves a handshake that failed to a fiber", () => {
    const { destroyed, events, fail, started, written } = list()
    fail()
    assert.deepStrictEqual([events, written, started.length, destroyed()], [[opened], [], 1, 0])
  })

  it.each([true, false])("sends where a session must be resumed if it was: %s", (isResumed) => {
    const { events, started, written } = list({ isSettled: true, reuse: true, isResumed })
    assert.deepStrictEqual([events, written.length, started.length], isResumed ? [[opened], 1, 0] : [[opened], 0, 1])
  })

  const others: ReadonlyArray<readonly [string, Partial<Given>]> = [
    ["data in clear", { protection: "C" }],
    ["a connection without TLS", { isSealing: false }],
    ["a limited rate", { rate: 1000 }],
    ["MODE Z", { action: { mode: "Z" } }],
    ["a port of the client's", { action: { data: { _tag: "Active" } as TransferAction["data"] } }],
    ["more than a portion", { names: Array.from({ length: 300 }, (_, index) => `${index}`.padStart(250, "x")) }]
  ]
  it.each(others)("is for others: %s", (_, given) => {
    const { actor, events, isDone } = list({ isSettled: true, ...given })
    assert.deepStrictEqual([isDone, events], [false, []])
    assert.isDefined(actor.lease)
  })
})
