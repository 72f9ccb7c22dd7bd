import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import type { Entry } from "../../../src/domain/Entry.ts"
import type { FileFault } from "../../../src/domain/FileFault.ts"
import type { Transfer as TransferAction } from "../../../src/domain/session/Action.ts"
import * as QuickRefusal from "../../../src/runtime/session/QuickRefusal.ts"
import type { DataLease } from "../../../src/runtime/transfer/DataConnection.ts"
import * as FakeActor from "./FakeActor.ts"
import { path } from "./Fixture.ts"

const entry = (kind: Entry["kind"]) => Either.right({ kind } as Entry)

const refused = (fault: FileFault): Either.Either<Entry, FileFault> => Either.left(fault)

/** One transfer of what storage tells this of, and everything that became of it. */
const retrieve = (
  found: Either.Either<Entry, FileFault> | undefined,
  given: Partial<TransferAction> & { readonly begun?: object } = {}
) => {
  const { begun, ...changed } = given
  let released = 0
  const lease = { release: () => void released++ } as unknown as DataLease
  const { actor, events, news } = FakeActor.make({
    house: {},
    storage: { unsafeStat: () => found },
    lease,
    protection: "C"
  })
  Object.assign(actor, { begun })
  const payload = { _tag: "File", path: path("/name"), offset: 0 } as const
  const action = FakeActor.transfer({ payload, ...changed })
  const isDone = QuickRefusal.unsafePerform(actor, action)
  return { events, hasLease: actor.lease !== undefined, isDone, news, released }
}

describe("a refusal in one turn", () => {
  for (const [found, fault] of [
    [refused("NotFound"), "NotFound"],
    [refused("PermissionDenied"), "PermissionDenied"],
    [entry("directory"), "IsADirectory"],
    [entry("other"), "NotAFile"]
  ] as const) {
    it(`tells the session and the world of ${fault}, and gives the port back`, () => {
      const { events, hasLease, isDone, news, released } = retrieve(found)
      assert.isTrue(isDone)
      assert.deepStrictEqual(events, [{ _tag: "TransferEnded", outcome: { _tag: "Fault", fault } }])
      assert.deepStrictEqual(news, [
        {
          _tag: "TransferEnded",
          session: 7,
          peer: "192.0.2.2",
          account: "a",
          at: 1000,
          path: path("/name"),
          kind: "download",
          bytes: 0,
          milliseconds: 0,
          outcome: "Fault"
        }
      ])
      assert.deepStrictEqual([hasLease, released], [false, 1])
    })
  }

  for (const [what, left] of [
    ["a file", retrieve(entry("file"))],
    ["what has to be asked a disk", retrieve(undefined)],
    ["what has begun", retrieve(refused("NotFound"), { begun: {} })],
    [
      "a listing",
      retrieve(refused("NotFound"), {
        payload: { _tag: "Listing", path: path("/name"), itself: false, style: "Long", written: "" }
      })
    ]
  ] as const) {
    it(`is not of ${what}`, () => {
      const { events, hasLease, isDone, news, released } = left
      assert.deepStrictEqual([isDone, hasLease, released], [false, true, 0])
      assert.deepStrictEqual([events, news], [[], []])
    })
  }
})
