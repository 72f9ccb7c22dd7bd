import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as State from "../../../src/domain/session/State.ts"

const start = State.initial({
  greeting: "Hello",
  peer: "192.0.2.1",
  maxUploadSize: 0,
  allowForeignActive: false,
  allowPrivilegedActive: false
})

/** Every field has a value that no other has. */
const marked = FastCheck.uniqueArray(FastCheck.integer(), {
  minLength: Object.keys(start).length,
  maxLength: Object.keys(start).length
}).map((values) => Object.fromEntries(Object.keys(start).map((key, index) => [key, values[index]])) as never)

describe("State", () => {
  it.prop("of a session that works is the same but for its work and its data", [marked], ([state]) => {
    const work: State.Work = { _tag: "Clearing" }
    const data: State.DataPlan = { _tag: "Passive" }
    assert.deepStrictEqual(State.working(state, work, data), { ...(state as State.State), work, data })
    assert.deepStrictEqual(Object.keys(State.working(state, undefined, undefined)), Object.keys(start))
  })
})
