import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Rights from "../../../src/domain/Rights.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { unsafeAfter } from "../../../src/runtime/platform/EventLoop.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as NodeCall from "../../../src/runtime/platform/NodeCall.ts"
import type { Connection, FilePart } from "../../../src/runtime/platform/Tcp.ts"
import * as MemoryStorage from "../../../src/runtime/storage/MemoryStorage.ts"
import type * as Begun from "../../../src/runtime/transfer/Begun.ts"
import * as Progress from "../../../src/runtime/transfer/Progress.ts"
import type { Request } from "../../../src/runtime/transfer/Request.ts"
import * as Transfer from "../../../src/runtime/transfer/Transfer.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { path } from "../session/Fixture.ts"
import { temporary } from "../storage/fixtures.ts"

const content = Uint8Array.from({ length: 100_000 }, (_, at) => (at * 31 + (at >> 8)) & 0xff)

/** A download from byte 1000 on. */
const request = (given: Pick<Request, "storage" | "connect" | "opened" | "begun" | "progress">): Request => ({
  payload: { _tag: "File", path: path("/file"), offset: 1000 },
  representation: "I",
  mode: "S",
  rights: Rights.readWrite,
  throttle: undefined,
  unsafeNow: () => 0,
  unsafeAfter,
  intake: undefined as never,
  ...given
})

/** Goes on with a download from byte 1000 of which nothing is out, over a connection that sends files as `sendFile` does. */
const goOn = (
  sendFile: (part: FilePart) => ReturnType<NonNullable<Connection["sendFile"]>>,
  begun: Pick<Begun.Download, "underway"> = {}
) =>
  Effect.gen(function* () {
    const { storage } = yield* MemoryStorage.make({ file: content })
    const written: Array<number> = []
    let ended = 0
    const connection: Connection = {
      ...FakeConnection.make().connection,
      sendFile,
      write: (bytes) => Effect.sync(() => void written.push(...bytes)),
      end: Effect.sync(() => void ended++)
    }
    const progress = Progress.make(0)
    const file = Descriptor.unsafeOwned(-1, () => {})
    const outcome = yield* Transfer.run(
      request({
        storage,
        connect: Effect.die("it is connected"),
        opened: () => assert.fail("it was told already"),
        begun: { _tag: "Download", connection, file, offset: 1000, length: content.length - 1000, progress, ...begun },
        progress
      })
    )
    return { ended, outcome, progress, written }
  })

/** Sends a file that was found over a connection of which the kernel takes so many bytes at once. */
const sendFound = (takes: (length: number) => number) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    Fs.writeFileSync(`${folder}/file`, content)
    const { storage } = yield* MemoryStorage.make({ file: content })
    const sent: Array<readonly [offset: number, length: number]> = []
    const opened: Array<number | undefined> = []
    const connection: Connection = {
      ...FakeConnection.make().connection,
      unsafeSendFile: (_file, offset, length) => {
        sent.push([offset, takes(length)])
        return takes(length)
      },
      sendFile: ({ length, offset, onSent }) =>
        Effect.sync(() => {
          sent.push([offset, length])
          onSent(length)
          return length
        })
    }
    const file = Descriptor.unsafeOwned(Fs.openSync(`${folder}/file`, "r"), Fs.closeSync)
    const progress = Progress.make(0)
    const outcome = yield* Transfer.run(
      request({
        storage,
        connect: Effect.succeed(connection),
        opened: (size) => void opened.push(size),
        begun: { _tag: "Found", file, offset: 1000, length: content.length - 1000, progress },
        progress
      })
    )
    file.unsafeClose()
    return { opened, outcome, progress, sent }
  })

describe.skipIf(ffi === undefined)("a download whose file was found", () => {
  const length = content.length - 1000

  for (const [name, takes, expected] of [
    ["at once where the kernel takes it whole", (length: number) => length, [[1000, length]]],
    [
      "on from where the kernel stopped",
      () => 600,
      [
        [1000, 600],
        [1600, length - 600]
      ]
    ],
    [
      "from its beginning where the kernel has no room yet",
      () => -Os.constants.errno.EAGAIN,
      [
        [1000, -Os.constants.errno.EAGAIN],
        [1000, length]
      ]
    ]
  ] as const) {
    it.scoped(`is sent ${name}`, () =>
      Effect.gen(function* () {
        const { opened, outcome, progress, sent } = yield* sendFound(takes)
        assert.deepStrictEqual(outcome, { _tag: "Done" })
        assert.deepStrictEqual(sent, expected as never)
        assert.deepStrictEqual([opened, progress.bytes], [[length], length])
      })
    )
  }
})

describe("a download that has begun", () => {
  it.effect("is read where its file cannot be sent from", () =>
    Effect.gen(function* () {
      const refused = NodeCall.systemError(Os.constants.errno.EINVAL, "sendfile")
      const { ended, outcome, progress, written } = yield* goOn(() => Effect.fail(refused))
      assert.deepStrictEqual(outcome, { _tag: "Done" })
      assert.deepStrictEqual(Uint8Array.from(written), content.subarray(1000))
      assert.deepStrictEqual([ended, progress.bytes], [1, content.length - 1000])
    })
  )

  it.effect("has no orderly end where its disk fails in the middle, or its file has become shorter", () =>
    Effect.gen(function* () {
      const broken = NodeCall.systemError(Os.constants.errno.EINVAL, "sendfile")
      const failing = yield* goOn((part) =>
        Effect.zipRight(
          Effect.sync(() => part.onSent(10)),
          Effect.fail(broken)
        )
      )
      assert.strictEqual(failing.outcome._tag, "Fault")
      const shortened = yield* goOn(({ length }) => Effect.succeed(length - 1))
      assert.deepStrictEqual(shortened.outcome, { _tag: "Fault", fault: "Shortened" })
      assert.deepStrictEqual([failing.ended, failing.written.length, shortened.ended], [0, 0, 0])
    })
  )

  it.effect("is sent from where it was, as far as it was to go", () =>
    Effect.gen(function* () {
      const parts: Array<readonly [number, number]> = []
      const { ended, outcome, written } = yield* goOn(({ length, offset }) =>
        Effect.sync(() => {
          parts.push([offset, length])
          return length
        })
      )
      assert.deepStrictEqual(outcome, { _tag: "Done" })
      assert.deepStrictEqual(parts, [[1000, content.length - 1000]])
      assert.deepStrictEqual([ended, written.length], [1, 0])
    })
  )

  it.effect("waits for the call that is under way, and is sent from behind it", () =>
    Effect.gen(function* () {
      const parts: Array<readonly [number, number]> = []
      const sendFile = ({ length, offset, onSent }: FilePart) =>
        Effect.sync(() => {
          parts.push([offset, length])
          onSent(length)
          return length
        })
      const { ended, outcome, progress } = yield* goOn(sendFile, { underway: Effect.as(Effect.yieldNow(), 500) })
      assert.deepStrictEqual(outcome, { _tag: "Done" })
      assert.deepStrictEqual(parts, [[1500, content.length - 1500]])
      assert.deepStrictEqual([ended, progress.bytes], [1, content.length - 1000])
    })
  )
})
