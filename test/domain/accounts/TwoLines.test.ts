import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import * as TwoLines from "../../../src/domain/accounts/TwoLines.ts"

interface Value extends TwoLines.Ticket {
  readonly number: number
}

const tickets = FastCheck.array(
  FastCheck.record({ key: FastCheck.constantFrom("a", "b", "c"), suspect: FastCheck.boolean() }),
  { maxLength: 60 }
)

const fill = (all: ReadonlyArray<TwoLines.Ticket>, options = { capacity: 100, share: 100 }) =>
  all.reduce(
    (lines, ticket, number) => Option.getOrElse(TwoLines.offer(lines, ticket, { ...ticket, number }), () => lines),
    TwoLines.make<Value>(options)
  )

const drain = (self: TwoLines.TwoLines<Value>): ReadonlyArray<Value> =>
  Option.match(TwoLines.take(self), { onNone: () => [], onSome: ([value, rest]) => [value, ...drain(rest)] })

describe("TwoLines", () => {
  it.prop("gives out what was put in, each once", [tickets], ([all]) => {
    const lines = fill(all)
    assert.strictEqual(TwoLines.size(lines), all.length)
    const numbers = drain(lines).map(({ number }) => number)
    assert.sameMembers(numbers, [...all.keys()])
  })

  it.prop("a suspect waits for the others, but for no more than three of them at once", [tickets], ([all]) => {
    let others = all.filter(({ suspect }) => !suspect).length
    let suspects = all.length - others
    let passed = 0
    for (const { suspect } of drain(fill(all))) {
      if (suspect) {
        assert.isTrue(others === 0 || passed === 3)
        suspects -= 1
        passed = 0
      } else {
        others -= 1
        if (suspects > 0) passed += 1
        assert.isAtMost(passed, 3)
      }
    }
  })

  it.prop("what is removed is gone, and nothing else", [tickets, FastCheck.nat(60)], ([all, which]) => {
    const lines = fill(all)
    const value = drain(lines)[which]
    if (value === undefined) return
    const rest = drain(TwoLines.remove(lines, value, value))
    assert.sameMembers(
      rest.map(({ number }) => number),
      [...all.keys()].filter((number) => number !== value.number)
    )
  })

  it("a full line of suspects keeps nobody else out", () => {
    const suspects = Array.from({ length: 4 }, (_, index) => ({ key: `s${index}`, suspect: true }))
    const lines = fill(suspects, { capacity: 4, share: 2 })
    const calm = { key: "calm", suspect: false }
    assert.isTrue(
      Option.isNone(TwoLines.offer(lines, { key: "s9", suspect: true }, { key: "s9", suspect: true, number: 9 }))
    )
    const longer = Option.getOrThrow(TwoLines.offer(lines, calm, { ...calm, number: 10 }))
    assert.strictEqual(Option.getOrThrow(TwoLines.take(longer))[0].key, "calm")
    assert.isTrue(Option.isNone(TwoLines.displace(longer, calm)))
  })
})
