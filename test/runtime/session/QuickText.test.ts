import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import type { Connection } from "../../../src/runtime/platform/Tcp.ts"
import * as QuickText from "../../../src/runtime/session/QuickText.ts"
import type { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { temporary } from "../storage/fixtures.ts"
import * as FakeActor from "./FakeActor.ts"
import * as FakeLease from "./FakeLease.ts"
import { path } from "./Fixture.ts"

const { EAGAIN, EPIPE } = Os.constants.errno

interface Given {
  /** How many bytes the kernel takes at once, or why it takes none. */
  readonly taken: number
  readonly isOfSystem: boolean
  readonly hasArrived: boolean
  readonly isAtHand: boolean
  readonly protection: "C" | "P"
  readonly rate: number
  readonly entries: ReadonlyArray<{ readonly name: string }> | undefined
  /** How the storage opens a file, where it does so in one turn. */
  readonly unsafeOpen: Storage["Type"]["unsafeOpen"]
  readonly action: Partial<Omit<TransferAction, "_tag">>
}

/** One NLST of a folder with two files, and everything that became of it. */
const list = (given: Partial<Given> = {}) => {
  let taken = 0
  let [ended, forgotten] = [0, 0]
  const fake = FakeConnection.make({ end: Effect.sync(() => void ended++) })
  const { isOfSystem = true } = given
  const written: Array<string> = []
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()
  const connection: Connection = {
    ...fake.connection,
    write: (bytes) => Effect.sync(() => void written.push(text(bytes))),
    unsafeForgetInput: () => {
      assert.strictEqual(fake.destroyed(), 0)
      forgotten++
    },
    ...(isOfSystem && {
      unsafeWriteLast: (bytes) => {
        const count = given.taken ?? bytes.length
        if (count > 0) written.push(text(bytes.subarray(0, count)))
        return count
      }
    })
  }
  const lease = FakeLease.make(given.hasArrived === false ? undefined : connection, () => void taken++, given.isAtHand)
  const entries = "entries" in given ? given.entries : [{ name: "one" }, { name: "two" }]
  const { actor, events, news, started } = FakeActor.make({
    house: { config: { downloadRate: given.rate ?? 0 } },
    storage: { unsafeList: () => entries, unsafeOpen: given.unsafeOpen },
    lease,
    protection: given.protection
  })
  const isDone = QuickText.unsafePerform(actor, FakeActor.transfer(given.action))
  const counts = { destroyed: fake.destroyed, taken: () => taken, ended: () => ended, forgotten: () => forgotten }
  return { ...counts, actor, events, isDone, lease, news, said: written, started }
}

const opened: Event = { _tag: "TransferOpened", size: undefined }

describe("a listing in one turn", () => {
  it("says all of it, and tells the session and the world", () => {
    const { actor, destroyed, events, forgotten, isDone, news, said, started, taken } = list()
    assert.isTrue(isDone)
    assert.deepStrictEqual(said, ["one\r\ntwo\r\n"])
    assert.deepStrictEqual(events, [opened, { _tag: "TransferEnded", outcome: { _tag: "Done" } }])
    assert.strictEqual(news.length, 1)
    assert.deepInclude(news[0], { _tag: "TransferEnded", kind: "listing", path: "/", bytes: 10, outcome: "Done" })
    assert.deepStrictEqual([destroyed(), taken(), started.length, actor.lease], [1, 1, 0, undefined])
    assert.strictEqual(forgotten(), 1, "what the client said is no reason for a reset")
  })

  it("is called one by the world, whichever command asked", () => {
    const payload = { _tag: "Facts", path: path("/"), facts: new Set<never>() } as const
    const { news } = list({ entries: [], action: { payload } })
    assert.deepInclude(news[0], { kind: "listing", outcome: "Done" })
  })

  it("of nothing asks the kernel for nothing", () => {
    const { events, said } = list({ entries: [] })
    assert.deepStrictEqual([said.length, events.length], [0, 2])
  })

  it("is cut where the connection turns out to be broken", () => {
    const { destroyed, events } = list({ taken: -EPIPE })
    assert.strictEqual(events[1]?._tag === "TransferEnded" && events[1].outcome._tag, "Cut")
    assert.strictEqual(destroyed(), 1)
  })

  for (const taken of [4, 0, -EAGAIN]) {
    it.effect(`leaves to a fiber what the kernel has not taken: ${taken}`, () =>
      Effect.gen(function* () {
        const { actor, destroyed, ended, events, isDone, news, said, started } = list({ taken })
        assert.isTrue(isDone)
        assert.deepStrictEqual([events, news.length, destroyed()], [[opened], 0, 0])
        assert.deepInclude(actor.progress, { phase: "Moving", bytes: Math.max(0, taken) })
        const [task] = started
        if (task === undefined) return assert.fail("nobody waits")
        const outcome = yield* task.effect
        assert.deepStrictEqual(task.toEvent(Exit.succeed(outcome)), {
          _tag: "TransferEnded",
          outcome: { _tag: "Done" }
        })
        assert.strictEqual(said.join(""), "one\r\ntwo\r\n")
        assert.strictEqual(ended(), 1)
        assert.deepInclude(news[0], { kind: "listing", bytes: 10, outcome: "Done" })
        assert.strictEqual(destroyed(), 1)
      })
    )
  }

  for (const [name, given] of [
    ["the directory takes longer", { entries: undefined }],
    ["the client refuses the connection", { hasArrived: false }],
    ["the connection is none of the system's", { isOfSystem: false }],
    ["data is protected", { protection: "P" }],
    ["downloads are paced", { rate: 1000 }],
    ["the mode is Z", { action: { mode: "Z" } }],
    ["it would take time to connect", { isAtHand: false }],
    ["it is no listing", { action: { payload: { _tag: "File", path: path("/"), offset: 0 } } }]
  ] as ReadonlyArray<readonly [string, Partial<Given>]>) {
    it(`is not done where ${name}, and nothing has begun`, () => {
      const { actor, events, isDone, lease, said, started, taken } = list(given)
      assert.isFalse(isDone)
      assert.deepStrictEqual([events, said, started, taken()], [[], [], [], 0])
      assert.strictEqual(actor.lease, lease)
    })
  }
})

describe.skipIf(ffi === undefined)("a file of TYPE A in one turn", () => {
  /** One RETR of a file with this text, said to be of this size. */
  const retrieve = (
    text: string,
    given: Partial<Given> & {
      readonly size?: number
      readonly part?: { readonly offset: number; readonly end?: number }
    }
  ) =>
    Effect.map(temporary, (folder) => {
      Fs.writeFileSync(`${folder}/file`, text)
      let [opened, closed] = [0, 0]
      const unsafeOpen = () => {
        opened++
        const unsafeClose = (fd: number) => {
          closed++
          Fs.closeSync(fd)
        }
        const file = Descriptor.unsafeOwned(Fs.openSync(`${folder}/file`, "r"), unsafeClose)
        return { file, size: given.size ?? text.length }
      }
      const payload = { _tag: "File" as const, path: path("/file"), offset: 0, ...given.part }
      const one = list({ unsafeOpen, ...given, action: { payload, ...given.action } })
      assert.strictEqual(closed, opened)
      return one
    })

  it.scoped("says all of it with the line ends of TYPE A, and tells the session and the world", () =>
    Effect.gen(function* () {
      const { actor, destroyed, events, isDone, news, said } = yield* retrieve("one\ntwo\r\nthree\n", {})
      assert.isTrue(isDone)
      assert.deepStrictEqual(said, ["one\r\ntwo\r\nthree\r\n"])
      assert.deepStrictEqual(events, [opened, { _tag: "TransferEnded", outcome: { _tag: "Done" } }])
      assert.deepInclude(news[0], { kind: "download", path: "/file", bytes: 17, outcome: "Done" })
      assert.deepStrictEqual([destroyed(), actor.lease], [1, undefined])
    })
  )

  for (const [part, expected] of [
    [{ offset: 4 }, "\ntwo\r\n"],
    [{ offset: 4, end: 8 }, "\ntwo"],
    [{ offset: 4, end: 100 }, "\ntwo\r\n"],
    [{ offset: 4, end: 3 }, ""],
    [{ offset: 100 }, ""]
  ] as const) {
    it.scoped(`counts the bytes as they are sent: ${JSON.stringify(part)}`, () =>
      Effect.gen(function* () {
        const { isDone, said } = yield* retrieve("one\ntwo\n", { part })
        assert.isTrue(isDone)
        assert.strictEqual(said.join(""), expected)
      })
    )
  }

  it.scoped("leaves to a fiber what the kernel has not taken, whatever else is sent meanwhile", () =>
    Effect.gen(function* () {
      const first = yield* retrieve("one\ntwo\n", { taken: 5 })
      yield* retrieve("completely different\n", {})
      assert.strictEqual(first.started.length, 1)
      yield* first.started[0]?.effect ?? Effect.void
      assert.strictEqual(first.said.join(""), "one\r\ntwo\r\n")
    })
  )

  for (const [name, given] of [
    ["it is long", { size: 128 * 1024 + 1 }],
    ["it has become shorter", { size: 100 }],
    ["the storage does not open it in one turn", { unsafeOpen: () => undefined }],
    ["the type is I", { action: { representation: "I" } }]
  ] as const) {
    it.scoped(`is not sent where ${name}, and nothing has begun`, () =>
      Effect.gen(function* () {
        const { actor, events, isDone, lease, said, taken } = yield* retrieve("one\n", given)
        assert.isFalse(isDone)
        assert.deepStrictEqual([events, said, taken()], [[], [], 0])
        assert.strictEqual(actor.lease, lease)
      })
    )
  }
})
