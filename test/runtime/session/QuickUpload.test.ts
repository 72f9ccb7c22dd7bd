import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import { type Connection, TcpError } from "../../../src/runtime/platform/Tcp.ts"
import * as QuickUpload from "../../../src/runtime/session/QuickUpload.ts"
import type { PromptUpload, Stored, StoreOptions } from "../../../src/runtime/storage/Storage.ts"
import type { Begun } from "../../../src/runtime/transfer/Begun.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import * as FakeActor from "./FakeActor.ts"
import * as FakeLease from "./FakeLease.ts"
import { path } from "./Fixture.ts"

type Payload = Extract<TransferAction["payload"], { readonly _tag: "Upload" }>

const content = Buffer.from(Uint8Array.from({ length: 10_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const digest = { algorithm: "SHA-256", value: "abc" } as unknown as NonNullable<Stored["digest"]>

interface Given {
  readonly protection: "C" | "P"
  readonly rates: { readonly server: number; readonly account: number }
  readonly limits: { readonly quotaBytes?: number; readonly quotaFiles?: number; readonly uploadSize?: number }
  readonly maxUploadSize: number
  readonly hasArrived: boolean
  readonly isAtHand: boolean
  readonly isOfSystem: boolean
  readonly store: "missing" | "takes time" | undefined
  readonly action: Partial<Omit<TransferAction, "_tag">>
  readonly payload: Partial<Payload>
  /** Bytes of the file that has the name. */
  readonly replaces: number | undefined
  /** How many bytes are stored at once of so many. */
  readonly takes: (length: number) => number
  readonly commits: boolean
  readonly isDeserted: () => boolean
  /** What moves from the client's socket to the disk. */
  readonly moves: NonNullable<PromptUpload["unsafeReceive"]>
}

/** One STOR by a client that has connected, and everything that becomes of it. */
const store = (given: Partial<Given> = {}) => {
  const { account = 0, server = 0 } = given.rates ?? {}
  const settled: Array<unknown> = []
  let current: Begun | undefined
  let handed: Begun | undefined
  const wanted: Array<readonly [string, StoreOptions]> = []
  const stored: Array<Buffer> = []
  const alarms: Array<{ readonly wait: number; readonly call: () => void; isOff: boolean }> = []
  const count = { taken: 0, committed: 0 }
  const fake = FakeConnection.make()
  const connection: Connection =
    given.isOfSystem === false ? fake.connection : { ...fake.connection, unsafeForgetInput: () => {} }
  const lease = FakeLease.make(
    given.hasArrived === false ? undefined : connection,
    () => void count.taken++,
    given.isAtHand
  )
  const later = Effect.die("a fiber does that")
  const size = () => stored.reduce((sum, { length }) => sum + length, 0)
  const upload: PromptUpload = {
    offset: 0,
    replaces: given.replaces,
    write: () => later,
    unsafeWrite: (bytes) => {
      const taken = Math.min(bytes.length, given.takes?.(bytes.length) ?? bytes.length)
      stored.push(Buffer.from(bytes.subarray(0, taken)))
      return taken
    },
    ...(given.moves && { unsafeReceive: given.moves }),
    seal: later,
    commit: later,
    discard: later,
    unsafeIsKept: () => false,
    unsafeCommit: () => {
      count.committed++
      return given.commits === false ? undefined : { size: size(), digest, replaced: given.replaces }
    },
    release: later
  }
  const unsafeStore = (name: string, options: StoreOptions) => {
    wanted.push([name, options])
    return given.store === "takes time" ? undefined : upload
  }
  let isDeserted = false
  const { actor, events, news, started } = FakeActor.make({
    house: {
      config: {
        uploadRate: server,
        maxUploadSize: given.maxUploadSize ?? 0,
        uploadDigest: "auto",
        syncUploads: false,
        partialUploads: "keep"
      },
      tcp: {
        unsafeAfter: (wait: number, call: () => void) => {
          const alarm = { wait, call, isOff: false }
          alarms.push(alarm)
          return () => {
            alarm.isOff = true
          }
        }
      },
      ledger: { unsafeSettle: (_session: number, settlement: unknown) => void settled.push(settlement) }
    },
    storage: given.store === "missing" ? {} : { unsafeStore },
    welcome: {
      account: { home: "home", limits: { uploadRate: account, ...given.limits } },
      upload: account === 0 ? undefined : {},
      download: undefined
    },
    lease,
    protection: given.protection
  })
  Object.assign(actor, { unsafeIsDeserted: () => isDeserted })
  Object.defineProperty(actor, "begun", {
    get: () => current,
    set: (begun: Begun | undefined) => {
      current = begun
      handed ??= begun
    }
  })
  const wish = { path: path("/file"), offset: 0, how: "Replace", create: true, replace: true } as const
  const payload: Payload = { _tag: "Upload", ...wish, ...given.payload }
  const action = FakeActor.transfer({ payload, representation: "I", ...given.action })
  const isBegun = QuickUpload.unsafePerform(actor, action)
  const reader = () => fake.reader() ?? assert.fail("nobody reads")
  return {
    action,
    actor,
    alarms,
    connection,
    count,
    events,
    isBegun,
    lease,
    news,
    get resumed() {
      return started.map(({ release }) => release)
    },
    handed: () => handed,
    settled,
    upload,
    wanted,
    destroyed: fake.destroyed,
    isPaused: fake.paused,
    hasReader: () => fake.reader() !== undefined,
    reader,
    desert: () => {
      isDeserted = true
    },
    /** As a connection does it: into memory that it uses again. */
    send: (bytes: Uint8Array) => {
      const room = new Uint8Array(bytes)
      reader().onData(room)
      room.fill(0xee)
    },
    bytes: () => Buffer.concat(stored)
  }
}

/** It has gone over to a fiber, which hears all that has come and is not stored. */
const isHandedOver = (
  {
    actor,
    alarms,
    connection,
    destroyed,
    events,
    handed,
    isPaused,
    news,
    resumed,
    settled,
    upload
  }: ReturnType<typeof store>,
  replayed: { readonly rest: Uint8Array; readonly isWhole: boolean; readonly stored: number }
) => {
  assert.deepStrictEqual(resumed, [upload.release])
  const taken = handed()
  const begun = taken?._tag === "Upload" ? taken : assert.fail("nothing is left to go on with")
  assert.strictEqual(begun.connection, connection)
  assert.strictEqual(begun.upload, upload)
  assert.strictEqual(begun.progress, actor.progress)
  assert.strictEqual(begun.progress.bytes, replayed.stored)
  assert.strictEqual(begun.progress.unsafeIsWhole?.(), replayed.isWhole)
  assert.isFalse(begun.progress.committed)
  assert.isUndefined(actor.errand)
  assert.isTrue(isPaused())
  assert.strictEqual(destroyed(), 0)
  assert.isTrue(alarms.every(({ isOff }) => isOff))
  const heard: Array<Uint8Array> = []
  let ends = 0
  begun.unsafeReplay({
    onData: (bytes) => {
      assert.strictEqual(ends, 0)
      heard.push(bytes)
    },
    onEnd: () => void ends++,
    onClose: () => assert.fail("that is for the connection to tell")
  })
  assert.isTrue(Buffer.concat(heard).equals(replayed.rest))
  assert.strictEqual(ends, replayed.isWhole ? 1 : 0)
  assert.deepStrictEqual(events, [{ _tag: "TransferOpened", size: undefined }])
  assert.deepStrictEqual([news, settled], [[], []])
}

const nothing = new Uint8Array(0)

describe("an upload without a fiber", () => {
  for (const [name, replaces, changed] of [
    ["a new file", undefined, { bytes: 10_000, files: 1 }],
    ["a file in another's place", 12_345, { bytes: -2345, files: 0 }],
    ["a file in an empty one's place", 0, { bytes: 10_000, files: 0 }]
  ] as const) {
    it(`of ${name} tells the session, the world and the books what it stored`, () => {
      const one = store({ replaces })
      assert.isTrue(one.isBegun)
      assert.deepStrictEqual(one.wanted, [
        [
          "/file",
          { offset: 0, create: true, replace: true, partial: "keep", digest: "SHA-256", sync: false } as StoreOptions
        ]
      ])
      assert.strictEqual(one.count.taken, 1)
      assert.isUndefined(one.actor.lease)
      assert.deepStrictEqual(one.events, [{ _tag: "TransferOpened", size: undefined }])
      one.send(content.subarray(0, 4000))
      assert.strictEqual(one.actor.progress?.bytes, 4000)
      assert.isFalse(one.actor.progress?.unsafeIsWhole?.())
      one.send(content.subarray(4000))
      one.reader().onEnd()
      assert.isTrue(one.actor.progress?.unsafeIsWhole?.())
      const { progress } = one.actor
      assert.strictEqual(one.count.committed, 0, "its client may turn out to be gone")
      assert.strictEqual(one.alarms.length, 1)
      one.alarms[0]?.call()
      assert.strictEqual(one.count.committed, 1)
      assert.isTrue(content.equals(one.bytes()))
      assert.deepStrictEqual(one.events, [
        { _tag: "TransferOpened", size: undefined },
        { _tag: "TransferEnded", outcome: { _tag: "Done" } }
      ])
      assert.deepStrictEqual(
        one.news.map(({ _tag }) => _tag),
        ["UploadCompleted", "TransferEnded"]
      )
      const who = { session: 7, peer: "192.0.2.2", account: "a", path: "/file" }
      assert.deepInclude(one.news[0], { ...who, size: content.length, digest })
      assert.deepInclude(one.news[1], { ...who, kind: "upload", bytes: content.length, outcome: "Done" })
      assert.deepStrictEqual(one.settled, [{ home: "home", reserved: { bytes: 0, files: 0 }, changed }])
      assert.strictEqual(one.destroyed(), 1)
      assert.deepStrictEqual([one.actor.progress, one.actor.errand, one.handed()], [undefined, undefined, undefined])
      assert.isTrue(progress?.committed)
      assert.deepStrictEqual(one.resumed, [])
      // What the connection tells of its end is of no more interest.
      one.reader().onClose(undefined)
      assert.deepStrictEqual([one.resumed, one.count.committed], [[], 1])
    })
  }

  it("of nothing is stored as nothing", () => {
    const one = store()
    one.reader().onEnd()
    one.alarms[0]?.call()
    assert.strictEqual(one.bytes().length, 0)
    assert.deepStrictEqual(one.events.at(-1), { _tag: "TransferEnded", outcome: { _tag: "Done" } })
  })

  it("counts what moves from the socket by itself", () => {
    let left = 3
    const one = store({ moves: () => (left-- > 0 ? { taken: 1000, left: undefined } : { taken: 0, left: undefined }) })
    for (let round = 0; round < 4; round++) one.reader().unsafeReceive?.(9)
    assert.strictEqual(one.actor.progress?.bytes, 3000)
    assert.deepStrictEqual(one.resumed, [])
  })

  for (const [name, given] of [
    ["the mode is Z", { action: { mode: "Z" } }],
    ["it would take time to connect", { isAtHand: false }],
    ["a file is fetched", { action: { payload: { _tag: "File", path: path("/file"), offset: 0 } } }],
    ["data is protected", { protection: "P" }],
    ["the server has a rate", { rates: { server: 1000, account: 0 } }],
    ["the account has a rate", { rates: { server: 0, account: 1000 } }],
    ["the account has a quota of bytes", { limits: { quotaBytes: 1_000_000 } }],
    ["the account has a quota of files", { limits: { quotaFiles: 100 } }],
    ["the server has a largest upload", { maxUploadSize: 1_000_000 }],
    ["the account has a largest upload", { limits: { uploadSize: 1_000_000 } }],
    ["the name is to be unique", { payload: { how: "Unique" } }],
    ["it goes on with what is there of it", { payload: { how: "Append", resumes: true } }],
    ["there is a marker", { payload: { offset: 10 } }],
    ["the storage begins none in one turn", { store: "missing" }],
    ["the storage does not begin this one in one turn", { store: "takes time" }]
  ] as ReadonlyArray<readonly [string, Partial<Given>]>) {
    it(`is not begun where ${name}`, () => {
      const one = store(given)
      assert.isFalse(one.isBegun)
      assert.strictEqual(one.wanted.length, given.store === "takes time" ? 1 : 0)
      assert.strictEqual(one.actor.lease, one.lease)
      assert.strictEqual(one.count.taken, 0)
      assert.deepStrictEqual([one.hasReader(), one.destroyed()], [false, 0])
      assert.deepStrictEqual([one.events, one.news, one.resumed], [[], [], []])
      assert.deepStrictEqual([one.handed(), one.actor.errand, one.actor.progress], [undefined, undefined, undefined])
    })
  }
})

describe("an upload behind what is there", () => {
  it("is begun at the end of that", () => {
    const one = store({ payload: { how: "Append" } })
    assert.isTrue(one.isBegun)
    assert.deepStrictEqual(
      one.wanted.map(([, { offset }]) => offset),
      ["end"]
    )
  })
})

describe("an upload in TYPE A", () => {
  const inAscii = { action: { representation: "A" } } as const
  const finish = (one: ReturnType<typeof store>) => {
    one.reader().onEnd()
    one.alarms[0]?.call()
  }

  it("is stored with the line ends of the server, however it is cut, and counted as it came", () => {
    const one = store(inAscii)
    for (const piece of ["one\r", "\ntwo\rthree\r\n\r", "\r\nfour\nfive\r"]) one.send(Buffer.from(piece))
    finish(one)
    assert.strictEqual(one.bytes().toString(), "one\ntwo\rthree\n\r\nfour\nfive\r")
    assert.deepStrictEqual(one.events.at(-1), { _tag: "TransferEnded", outcome: { _tag: "Done" } })
    assert.deepInclude(one.news[1], { kind: "upload", bytes: 29, outcome: "Done" })
    assert.deepStrictEqual(one.resumed, [])
  })

  it("is never moved from the socket by the kernel", () => {
    const one = store({ ...inAscii, moves: () => assert.fail("its line ends would stay") })
    assert.isUndefined(one.reader().unsafeReceive?.(9))
  })

  it("goes over to a fiber as it would have to come for what is not stored", () => {
    const one = store({ ...inAscii, takes: () => 4 })
    one.send(Buffer.from("one\r\n\r\r\ntwo\r\nx\r"))
    isHandedOver(one, { rest: Buffer.from("\r\r\ntwo\r\nx\r"), isWhole: false, stored: 5 })
    assert.strictEqual(one.bytes().toString(), "one\n")
  })

  it("goes over to a fiber with a CR that waits for what follows it", () => {
    const one = store(inAscii)
    one.send(Buffer.from("one\r"))
    one.actor.errand?.unsafeHandOver()
    isHandedOver(one, { rest: Buffer.from("\r"), isWhole: false, stored: 3 })
  })

  it("goes over to a fiber with the CR at its end where that is not stored", () => {
    const one = store({ ...inAscii, takes: (length) => (length === 1 ? 0 : length) })
    one.send(Buffer.from("one\r"))
    finish(one)
    isHandedOver(one, { rest: Buffer.from("\r"), isWhole: true, stored: 3 })
  })

  it("goes over to a fiber without the CR at its end where that is stored and the name takes time", () => {
    const one = store({ ...inAscii, commits: false })
    one.send(Buffer.from("one\r"))
    finish(one)
    isHandedOver(one, { rest: nothing, isWhole: true, stored: 4 })
  })
})

describe("an upload goes over to a fiber", () => {
  for (const [name, given] of [
    ["the client refuses the connection", { hasArrived: false }],
    ["the connection is not one of the system's", { isOfSystem: false }]
  ] as const) {
    it(`with its place and nothing else where ${name}`, () => {
      const one = store(given)
      assert.isFalse(one.isBegun)
      assert.strictEqual(one.wanted.length, 1)
      assert.deepInclude(one.handed(), { _tag: "Upload", connection: undefined, upload: one.upload })
      assert.strictEqual(one.actor.lease, one.lease)
      assert.deepStrictEqual([one.count.taken, one.hasReader(), one.destroyed()], [0, false, 0])
      assert.deepStrictEqual([one.events, one.news, one.actor.errand], [[], [], undefined])
    })
  }

  it("where not all of a piece is stored at once, with the rest of it", () => {
    const one = store({ takes: () => 1500 })
    one.send(content.subarray(0, 1500))
    one.send(content.subarray(1500, 4000))
    isHandedOver(one, { rest: content.subarray(3000, 4000), isWhole: false, stored: 3000 })
    assert.isTrue(content.subarray(0, 3000).equals(one.bytes()))
  })

  it("with what the connection brings before it has taken notice, in order, and the end of it", () => {
    const one = store({ takes: () => 1500, moves: () => assert.fail("it would be out of order") })
    one.send(content.subarray(0, 4000))
    one.send(content.subarray(4000, 7000))
    assert.isUndefined(one.reader().unsafeReceive?.(9))
    one.reader().onEnd()
    one.reader().onClose(undefined)
    isHandedOver(one, { rest: content.subarray(1500, 7000), isWhole: true, stored: 1500 })
    assert.deepStrictEqual(one.alarms, [])
  })

  it("where not all that was moved from the socket is stored", () => {
    const one = store({ moves: () => ({ taken: 4000, left: content.subarray(2500, 4000) }) })
    assert.strictEqual(one.reader().unsafeReceive?.(9), 4000)
    isHandedOver(one, { rest: content.subarray(2500, 4000), isWhole: false, stored: 2500 })
  })

  it("where its name takes time, and the end is told again", () => {
    const one = store({ commits: false })
    one.send(content)
    one.reader().onEnd()
    one.alarms[0]?.call()
    assert.strictEqual(one.count.committed, 1)
    isHandedOver(one, { rest: nothing, isWhole: true, stored: content.length })
  })

  it("where the session is deserted when all is here", () => {
    const one = store()
    one.send(content)
    one.desert()
    one.reader().onEnd()
    assert.deepStrictEqual([one.alarms, one.count.committed], [[], 0])
    isHandedOver(one, { rest: nothing, isWhole: true, stored: content.length })
  })

  it("where the session turns out to be deserted a little later", () => {
    const one = store()
    one.send(content)
    one.reader().onEnd()
    one.desert()
    one.alarms[0]?.call()
    assert.strictEqual(one.count.committed, 0)
    isHandedOver(one, { rest: nothing, isWhole: true, stored: content.length })
  })

  it("where the connection is lost", () => {
    const one = store()
    one.send(content.subarray(0, 1000))
    one.reader().onClose(new TcpError({ reason: "Reset" }))
    isHandedOver(one, { rest: nothing, isWhole: false, stored: 1000 })
  })

  it("where the connection is lost behind its end", () => {
    const one = store()
    one.send(content)
    one.reader().onEnd()
    one.reader().onClose(new TcpError({ reason: "Reset" }))
    isHandedOver(one, { rest: nothing, isWhole: true, stored: content.length })
    one.alarms[0]?.call()
    assert.strictEqual(one.count.committed, 0)
  })

  it("where it is called off", () => {
    const one = store()
    one.send(content.subarray(0, 1000))
    one.actor.errand?.unsafeHandOver()
    isHandedOver(one, { rest: nothing, isWhole: false, stored: 1000 })
  })

  it("where it is called off when all is here, and an alarm that rings all the same does nothing", () => {
    const one = store()
    one.send(content)
    one.reader().onEnd()
    const { errand } = one.actor
    errand?.unsafeHandOver()
    errand?.unsafeHandOver()
    one.alarms[0]?.call()
    assert.strictEqual(one.count.committed, 0)
    isHandedOver(one, { rest: nothing, isWhole: true, stored: content.length })
  })

  it("never when it is done", () => {
    const one = store()
    one.reader().onEnd()
    const { errand } = one.actor
    one.alarms[0]?.call()
    errand?.unsafeHandOver()
    one.alarms[0]?.call()
    one.reader().onClose(new TcpError({ reason: "Reset" }))
    assert.deepStrictEqual([one.resumed, one.count.committed], [[], 1])
    assert.isUndefined(one.handed())
    assert.strictEqual(one.events.length, 2)
  })
})
