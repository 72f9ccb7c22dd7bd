import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import type { Sealing } from "../../../src/runtime/platform/Sealing.ts"
import * as QuickSealed from "../../../src/runtime/session/QuickSealed.ts"
import type { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Outcomes from "../../../src/runtime/transfer/Outcomes.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { temporary } from "../storage/fixtures.ts"
import * as FakeActor from "./FakeActor.ts"
import * as FakeLease from "./FakeLease.ts"
import { path } from "./Fixture.ts"

interface Given {
  readonly isSealing: boolean
  readonly isSettled: boolean
  readonly isResumed: boolean
  readonly protection: "C" | "P"
  readonly reuse: boolean
  readonly rate: number
  readonly names: ReadonlyArray<string>
  /** How the storage opens a file, where it does so in one turn. */
  readonly unsafeOpen: Storage["Type"]["unsafeOpen"]
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
    storage: { unsafeList: () => names.map((name) => ({ name })), unsafeOpen: given.unsafeOpen },
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

describe.skipIf(ffi === undefined)("a small file under TLS without a fiber", () => {
  /** One RETR of a file of so many bytes. */
  const retrieve = (size: number, given: Partial<Given> = {}) =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.writeFileSync(`${folder}/file`, "0123456789".repeat(size / 10))
      let [opened, closed] = [0, 0]
      const unsafeOpen = () => {
        opened++
        const unsafeClose = (last: number) => {
          closed++
          Fs.closeSync(last)
        }
        return { file: Descriptor.unsafeOwned(Fs.openSync(`${folder}/file`, "r"), unsafeClose), size }
      }
      const payload = { _tag: "File", path: path("/file"), offset: 2, end: 8 } as const
      const action = { payload, representation: "I", ...given.action } as const
      return { ...list({ unsafeOpen, ...given, action }), left: () => opened - closed }
    })

  it.scoped("is sent as far as was asked for, and is closed when the kernel has it", () =>
    Effect.gen(function* () {
      const { end, events, left, news, written } = yield* retrieve(20, { isSettled: true })
      assert.deepStrictEqual(written, ["234567"])
      end(true)
      assert.deepStrictEqual(events, [{ _tag: "TransferOpened", size: 6 }, done])
      assert.deepInclude(news[0], { kind: "download", bytes: 6, outcome: "Done" })
      assert.strictEqual(left(), 0)
    })
  )

  it.scoped("is closed where a fiber goes on, which opens it anew", () =>
    Effect.gen(function* () {
      const { elapse, left, started } = yield* retrieve(20)
      assert.strictEqual(left(), 1)
      elapse()
      assert.deepStrictEqual([started.length, left()], [1, 0])
    })
  )

  it.scoped("is for others where it is long, and is closed", () =>
    Effect.gen(function* () {
      const payload = { _tag: "File", path: path("/file"), offset: 0 } as const
      const { events, isDone, left } = yield* retrieve(80_000, { isSettled: true, action: { payload } })
      assert.deepStrictEqual([isDone, events, left()], [false, [], 0])
    })
  )
})
