import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import type { FileFault } from "../../../src/domain/FileFault.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import type { Question } from "../../../src/domain/session/State.ts"
import type { Actor } from "../../../src/runtime/session/Actor.ts"
import * as Questions from "../../../src/runtime/session/Questions.ts"
import { path } from "./Fixture.ts"

const answer = Either.left<FileFault>("NotFound")

/** What becomes of a question that storage can answer in this turn. */
const ask = (given: {
  readonly command?: Question["command"]
  readonly partialUploads?: "discard" | "keep"
  readonly hasNoPartial?: boolean
}) => {
  const events: Array<Event> = []
  let started = 0
  const { command = "SIZE", hasNoPartial, partialUploads = "keep" } = given
  const actor = {
    house: { config: { partialUploads }, timers: { unsafeNow: () => 0 } },
    lodging: {
      storage: {
        unsafeStat: () => answer,
        ...(hasNoPartial !== undefined && { unsafeHasNoPartial: () => hasNoPartial })
      },
      rights: { writable: true }
    },
    state: {},
    unsafeTell: (event: Event) => void events.push(event),
    unsafeStart: () => void started++
  } as unknown as Actor
  Questions.unsafeAsk(actor, { command, path: path("/file") } as Question)
  return { events, started }
}

describe("a question in one turn", () => {
  const answered = { events: [{ _tag: "Answered", answer }], started: 0 }
  const left = { events: [], started: 1 }

  it("is answered where storage can", () => {
    assert.deepStrictEqual<unknown>(ask({ command: "MDTM" }), answered)
    assert.deepStrictEqual<unknown>(ask({ partialUploads: "discard" }), answered)
  })

  it("for a size is answered only where surely no partial has to be looked for", () => {
    assert.deepStrictEqual<unknown>(ask({ hasNoPartial: true }), answered)
    assert.deepStrictEqual<unknown>(ask({ hasNoPartial: false }), left)
    assert.deepStrictEqual<unknown>(ask({}), left)
  })
})
