import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import type { Connection } from "../../../src/runtime/platform/Tcp.ts"
import * as Turns from "../../../src/runtime/platform/Turns.ts"
import * as QuickDownload from "../../../src/runtime/session/QuickDownload.ts"
import * as Begun from "../../../src/runtime/transfer/Begun.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { temporary } from "../storage/fixtures.ts"
import * as FakeActor from "./FakeActor.ts"
import * as FakeLease from "./FakeLease.ts"
import { path } from "./Fixture.ts"

const { EAGAIN, EPIPE } = Os.constants.errno
const size = 100_000

interface Given {
  readonly size: number
  /** What the kernel says when it is asked to send. */
  readonly answer: (length: number) => number
  readonly protection: "C" | "P"
  readonly rates: { readonly server: number; readonly account: number }
  readonly hasArrived: boolean
  readonly hasPool: boolean
  readonly action: Partial<Omit<TransferAction, "_tag">>
}

/** One RETR of a file of 100 000 bytes that is in the kernel's cache, and everything that became of it. */
const retrieve = (given: Partial<Given> = {}) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    const { size: bytes = size } = given
    Fs.writeFileSync(`${folder}/file`, new Uint8Array(bytes))
    const { account = 0, server = 0 } = given.rates ?? {}
    const { answer = (length) => length } = given
    const calls: Array<readonly [offset: number, length: number]> = []
    const lasts: Array<readonly [offset: number, length: number]> = []
    const pooled: Array<readonly [offset: number, length: number]> = []
    const count = { opened: 0, closed: 0, taken: 0 }
    const fake = FakeConnection.make()
    const connection: Connection = {
      ...fake.connection,
      unsafeSendFile: (_file, offset, length) => {
        calls.push([offset, length])
        return answer(length)
      },
      unsafeSendLast: (_file, offset, length) => {
        lasts.push([offset, length])
        return answer(length)
      },
      ...(given.hasPool === true && {
        unsafeSendFileOnPool: (_file, offset, length) => {
          pooled.push([offset, length])
          return true
        }
      })
    }
    const lease = FakeLease.make(given.hasArrived === false ? undefined : connection, () => void count.taken++)
    const unsafeOpen = () => {
      count.opened++
      const fd = Fs.openSync(`${folder}/file`, "r")
      const unsafeClose = (last: number) => {
        count.closed++
        Fs.closeSync(last)
      }
      return { file: Descriptor.unsafeOwned(fd, unsafeClose), size: bytes }
    }
    const bucket = account === 0 ? undefined : {}
    const { actor, events, news } = FakeActor.make({
      house: { config: { downloadRate: server } },
      storage: { unsafeOpen },
      welcome: { account: { limits: { downloadRate: account } }, download: bucket, upload: undefined },
      lease,
      protection: given.protection
    })
    const payload = { _tag: "File", path: path("/file"), offset: 0 } as const
    const action = FakeActor.transfer({ payload, representation: "I", ...given.action })
    const isDone = QuickDownload.unsafePerform(actor, action)
    yield* Effect.addFinalizer(() => Effect.sync(() => actor.begun && Begun.unsafeDrop(actor.begun)))
    return {
      actor,
      calls,
      connection,
      count,
      events,
      isDone,
      lasts,
      lease,
      news,
      pooled,
      wasDropped: fake.destroyed() > 0
    }
  })

const file = (part: { readonly offset: number; readonly end?: number }) => ({
  payload: { _tag: "File" as const, path: path("/file"), ...part }
})

describe.skipIf(ffi === undefined)("a download in one turn", () => {
  it.scoped("tells the session and the world what it sent, and leaves nothing open", () =>
    Effect.gen(function* () {
      const { actor, calls, count, events, isDone, news, wasDropped } = yield* retrieve()
      assert.isTrue(isDone)
      assert.deepStrictEqual(calls, [[0, size]])
      assert.deepStrictEqual(events, [
        { _tag: "TransferOpened", size },
        { _tag: "TransferEnded", outcome: { _tag: "Done" } }
      ])
      assert.strictEqual(news.length, 1)
      assert.deepInclude(news[0], {
        _tag: "TransferEnded",
        session: 7,
        peer: "192.0.2.2",
        account: "a",
        path: "/file",
        kind: "download",
        bytes: size,
        outcome: "Done"
      })
      assert.deepStrictEqual(count, { opened: 1, closed: 1, taken: 1 })
      assert.isTrue(wasDropped)
      assert.deepStrictEqual([actor.lease, actor.begun], [undefined, undefined])
    })
  )

  it.scoped("counts its client among those who fetch file after file, where it is of some size and went whole", () =>
    Effect.gen(function* () {
      const whole = yield* retrieve({ size: Turns.portion })
      assert.isAbove(whole.actor.came, 0)
      const little = yield* retrieve()
      assert.strictEqual(little.actor.came, 0)
      const begun = yield* retrieve({ size: Turns.portion, answer: () => size })
      assert.strictEqual(begun.actor.came, 0)
    })
  )

  for (const [part, expected] of [
    [{ offset: 4000 }, [4000, 96_000]],
    [{ offset: 4000, end: 50_000 }, [4000, 46_000]],
    [{ offset: 4000, end: 200_000 }, [4000, 96_000]]
  ] as const) {
    it.scoped(`is of the part that was asked for: ${JSON.stringify(part)}`, () =>
      Effect.gen(function* () {
        const { calls, events } = yield* retrieve({ action: file(part) })
        assert.deepStrictEqual(calls, [expected])
        assert.deepStrictEqual(events[0], { _tag: "TransferOpened", size: expected[1] })
      })
    )
  }

  it.scoped("of little sends all of it together with the end", () =>
    Effect.gen(function* () {
      const { calls, count, isDone, lasts, wasDropped } = yield* retrieve({ action: file({ offset: 99_000 }) })
      assert.isTrue(isDone)
      assert.deepStrictEqual([calls, lasts], [[], [[99_000, 1000]]])
      assert.deepStrictEqual(count, { opened: 1, closed: 1, taken: 1 })
      assert.isTrue(wasDropped)
    })
  )

  it.scoped("of nothing asks the kernel for nothing", () =>
    Effect.gen(function* () {
      const { calls, isDone, lasts } = yield* retrieve({ action: file({ offset: size }) })
      assert.isTrue(isDone)
      assert.deepStrictEqual([calls, lasts], [[], []])
    })
  )

  for (const [name, sent, offset] of [
    ["takes a part", 4096, 1000],
    ["takes nothing now", -EAGAIN, 1000],
    ["takes a part of little", 400, 99_000],
    ["takes nothing of little now", -EAGAIN, 99_000]
  ] as const) {
    it.scoped(`is left to go on with where the kernel ${name}`, () =>
      Effect.gen(function* () {
        const { actor, connection, count, events, isDone, news, wasDropped } = yield* retrieve({
          answer: () => sent,
          action: file({ offset })
        })
        const out = Math.max(0, sent)
        assert.isFalse(isDone)
        assert.deepStrictEqual(events, [{ _tag: "TransferOpened", size: size - offset }])
        assert.deepInclude(actor.begun, { connection, offset: offset + out, length: size - offset - out })
        assert.strictEqual(actor.begun?.progress.bytes, out)
        assert.deepStrictEqual(count, { opened: 1, closed: 0, taken: 1 })
        assert.deepStrictEqual([news.length, wasDropped], [0, false])
      })
    )
  }

  it.scoped("is left to the pool where nothing of it is at hand", () =>
    Effect.gen(function* () {
      const given = { answer: () => -EAGAIN, hasPool: true }
      const { actor, count, events, isDone, pooled } = yield* retrieve(given)
      assert.isTrue(isDone)
      assert.deepStrictEqual(pooled, [[0, size]])
      assert.deepStrictEqual(events, [{ _tag: "TransferOpened", size }])
      assert.deepStrictEqual([count, actor.begun], [{ opened: 1, closed: 0, taken: 1 }, undefined])
      const partly = yield* retrieve({ ...given, answer: () => 10 })
      assert.deepStrictEqual([partly.isDone, partly.pooled.length], [false, 0])
    })
  )

  for (const [name, given] of [
    ["the marker lies beyond the end", { action: file({ offset: size + 1 }) }],
    ["it does, and the client has not connected", { action: file({ offset: size + 1 }), hasArrived: false }],
    ["the connection is broken", { answer: () => -EPIPE }]
  ] as const) {
    it.scoped(`is not begun where ${name}, and nothing of it stays open`, () =>
      Effect.gen(function* () {
        const { actor, count, events, isDone, lease } = yield* retrieve(given)
        assert.isFalse(isDone)
        assert.strictEqual(actor.lease, lease)
        assert.isUndefined(actor.begun)
        assert.deepStrictEqual(count, { opened: 1, closed: 1, taken: 0 })
        assert.deepStrictEqual(events, [])
      })
    )
  }

  for (const [name, given] of [
    ["data is protected", { protection: "P" }],
    ["the server has a rate", { rates: { server: 1000, account: 0 } }],
    ["the account has a rate", { rates: { server: 0, account: 1000 } }],
    ["the type is A", { action: { representation: "A" } }],
    ["the mode is Z", { action: { mode: "Z" } }]
  ] as ReadonlyArray<readonly [string, Partial<Given>]>) {
    it.scoped(`is not tried where ${name}`, () =>
      Effect.gen(function* () {
        const { calls, count, events, isDone } = yield* retrieve(given)
        assert.isFalse(isDone)
        assert.deepStrictEqual([calls.length, events.length], [0, 0])
        assert.deepStrictEqual(count, { opened: 0, closed: 0, taken: 0 })
      })
    )
  }

  for (const [name, given] of [["the client has not connected", { hasArrived: false }]] as ReadonlyArray<
    readonly [string, Partial<Given>]
  >) {
    it.scoped(`finds the file alone where ${name}`, () =>
      Effect.gen(function* () {
        const { actor, calls, count, events, isDone, lease } = yield* retrieve(given)
        assert.isFalse(isDone)
        assert.deepInclude(actor.begun, { _tag: "Found", offset: 0, length: size })
        assert.deepStrictEqual([calls.length, events.length, actor.lease], [0, 0, lease])
        assert.deepStrictEqual(count, { opened: 1, closed: 0, taken: 0 })
      })
    )
  }
})
