import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Records from "../../../src/runtime/platform/Records.ts"

const record = FastCheck.tuple(
  FastCheck.integer({ min: 0x14, max: 0x17 }),
  FastCheck.uint8Array({ maxLength: 600 })
).map(([type, body]) => Uint8Array.of(type, 3, 3, body.length >> 8, body.length & 0xff, ...body))
const records = FastCheck.array(record, { maxLength: 6 }).map((all) => Uint8Array.from(all.flatMap((one) => [...one])))
const plain = FastCheck.uint8Array({ minLength: 1, maxLength: 40 }).filter(
  ([first = 0]) => first < 0x14 || first > 0x17
)

/** Cuts bytes at these places and follows the pieces; gives how many belonged to records before something else began. */
const follow = (bytes: Uint8Array, cuts: ReadonlyArray<number>) => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  let state = Records.boundary
  let total = 0
  for (const [index, from] of places.slice(0, -1).entries()) {
    const piece = bytes.subarray(from, places[index + 1])
    const [next, taken] = Records.follow(state, piece)
    total += taken
    if (taken < piece.length) return { state: undefined, total }
    state = next
  }
  return { state, total }
}

const cuts = FastCheck.array(FastCheck.nat(), { maxLength: 12 })

describe("Records", () => {
  it.prop("finds what is behind whole records, however bytes are cut", [records, plain, cuts], ([tls, rest, cuts]) => {
    assert.deepStrictEqual(follow(tls, cuts), { state: Records.boundary, total: tls.length })
    assert.deepStrictEqual(follow(Uint8Array.of(...tls, ...rest), cuts), { state: undefined, total: tls.length })
  })

  it.prop("never takes the inside of a record for what is behind it", [record, FastCheck.nat()], ([one, cut]) => {
    const part = one.subarray(0, cut % one.length)
    const [state, taken] = Records.follow(Records.boundary, part)
    assert.strictEqual(taken, part.length)
    assert.strictEqual(state.header === 0, part.length === 0)
  })
})
