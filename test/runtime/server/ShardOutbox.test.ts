import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import * as ShardOutbox from "../../../src/runtime/server/ShardOutbox.ts"
import type { FromShard } from "../../../src/runtime/server/ShardProtocol.ts"

const step = FastCheck.constantFrom("event", "upload", "message", "turn" as const)

const event = (session: number): ServerEvent => ({ _tag: "SessionStarted", session, peer: "::1", at: 0 })
const upload = (session: number): ServerEvent => ({
  _tag: "UploadCompleted",
  session,
  peer: "::1",
  at: 0,
  account: "a",
  path: "/a",
  size: 1
})

const world = () => {
  const posted: Array<FromShard> = []
  const turns: Array<() => void> = []
  const outbox = ShardOutbox.make(
    (message) => void posted.push(message),
    (act) => void turns.push(act)
  )
  const turn = () => {
    for (const act of turns.splice(0)) act()
  }
  return { outbox, posted, turn, turns }
}

/** What the main thread hears, one after the other. */
const heard = (posted: ReadonlyArray<FromShard>) =>
  posted.flatMap((message) =>
    message._tag === "Events"
      ? message.events.map((one) => ("session" in one ? one.session : -1))
      : [message._tag === "Failed" ? Number(message.detail) : -1]
  )

describe("ShardOutbox", () => {
  it.prop(
    "tells everything once and in order, and an upload or a message at once",
    [FastCheck.array(step)],
    ([steps]) => {
      const { outbox, posted, turn, turns } = world()
      steps.forEach((step, i) => {
        if (step === "event") outbox.unsafeTell(event(i))
        if (step === "upload") outbox.unsafeTell(upload(i))
        if (step === "message") outbox.unsafePost({ _tag: "Failed", detail: String(i) })
        if (step === "turn") turn()
        const told = steps.slice(0, i + 1).flatMap((one, j) => (one === "turn" ? [] : [j]))
        if (step !== "event") assert.deepStrictEqual(heard(posted), told)
        assert.isAtMost(turns.length, 1)
      })
      turn()
      assert.deepStrictEqual(
        heard(posted),
        steps.flatMap((one, j) => (one === "turn" ? [] : [j]))
      )
    }
  )

  it("sends the events of a turn in one message, and what waits when asked to", () => {
    const { outbox, posted, turn } = world()
    outbox.unsafeTell(event(1))
    outbox.unsafeTell(event(2))
    assert.deepStrictEqual(posted, [])
    turn()
    outbox.unsafeTell(event(3))
    outbox.unsafeFlush()
    turn()
    assert.deepStrictEqual(posted, [
      { _tag: "Events", events: [event(1), event(2)] },
      { _tag: "Events", events: [event(3)] }
    ])
  })
})
