import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Either, FastCheck, Schema } from "effect"
import * as Command from "../../../src/domain/Command.ts"
import * as Luggage from "../../../src/domain/session/Luggage.ts"
import * as State from "../../../src/domain/session/State.ts"

const settings: State.Settings = {
  greeting: "Hello",
  peer: "192.0.2.1",
  maxUploadSize: 7,
  allowForeignActive: true,
  allowPrivilegedActive: false
}

const luggage = Arbitrary.make(Luggage.Luggage)

const encode = Schema.encodeSync(Luggage.Luggage)
const decode = Schema.decodeUnknownSync(Luggage.Luggage)

const rest = luggage.map((one) => Luggage.unpack(one, settings))

describe("Luggage", () => {
  it.prop("is the same when it arrives, as data alone", [luggage], ([one]) => {
    const arrived = decode(structuredClone(encode(one)))
    assert.deepStrictEqual(arrived, one)
    assert.deepStrictEqual(Luggage.unpack(arrived, settings), Luggage.unpack(one, settings))
  })

  it.prop("brings everything there is in a session at rest", [rest, FastCheck.nat()], ([state, startedAt]) => {
    const packed = Luggage.pack(state, startedAt)
    if (packed === undefined) return assert.fail("a session at rest can go")
    assert.strictEqual(packed.startedAt, startedAt)
    assert.deepStrictEqual(Luggage.unpack(packed, settings), state)
  })

  it.prop("is not packed where something would be left behind", [rest], ([state]) => {
    const bound: ReadonlyArray<Partial<State.State>> = [
      { account: undefined },
      { user: "joe" },
      { work: { _tag: "Clearing" } },
      { deferred: [Either.right(Either.getOrThrow(Command.parse("NOOP")))] },
      { data: { _tag: "Passive" } },
      { protection: { ...State.unprotected, control: true } },
      { protection: { ...State.unprotected, data: "P" } },
      { draining: true },
      { closed: true }
    ]
    for (const one of bound) assert.isUndefined(Luggage.pack({ ...state, ...one }, 0), JSON.stringify(one))
  })
})
