import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Amount, nothing } from "../../../src/domain/limits/Quotas.ts"
import * as LedgerClient from "../../../src/runtime/limits/LedgerClient.ts"
import type { FromShard } from "../../../src/runtime/limits/LedgerProtocol.ts"
import { breathe } from "../../../src/runtime/platform/EventLoop.ts"

const setup = () => {
  const sent: Array<FromShard> = []
  const { ledger } = LedgerClient.make((message) => void sent.push(message))
  const change = (session: number, home: string, changed: Amount) =>
    ledger.unsafeSettle(session, { home, reserved: nothing, changed })
  return { change, ledger, sent }
}

const told = (session: number, home: string, bytes: number, files: number): FromShard => ({
  _tag: "Settle",
  session,
  home,
  reserved: nothing,
  changed: { bytes, files }
})

describe("what a shard tells the owner of the ledger", () => {
  it.effect("of changes at one time that nothing was reserved for is one message a home", () =>
    Effect.gen(function* () {
      const { change, sent } = setup()
      change(1, "/one", { bytes: 5, files: 1 })
      change(2, "/two", { bytes: 7, files: 1 })
      change(3, "/one", { bytes: -2, files: 0 })
      assert.deepStrictEqual(sent, [])
      while (sent.length < 2) yield* breathe
      assert.deepStrictEqual(sent, [told(3, "/one", 3, 1), told(2, "/two", 7, 1)])
      change(1, "/one", { bytes: 1, files: 1 })
      while (sent.length < 3) yield* breathe
      assert.deepStrictEqual(sent.slice(2), [told(1, "/one", 1, 1)])
    })
  )

  it("comes in order: nothing overtakes a change", () => {
    const { change, ledger, sent } = setup()
    const one = { bytes: 1, files: 1 }
    change(1, "/one", one)
    ledger.unsafeSettle(2, { home: "/one", reserved: one, changed: one })
    change(1, "/one", one)
    ledger.unsafeLogout(1)
    assert.deepStrictEqual(sent, [
      told(1, "/one", 1, 1),
      { _tag: "Settle", session: 2, home: "/one", reserved: one, changed: one },
      told(1, "/one", 1, 1),
      { _tag: "Logout", session: 1 }
    ])
  })

  for (const reserved of [
    { bytes: 1, files: 0 },
    { bytes: 0, files: 1 }
  ]) {
    it(`of what was reserved waits for nothing: ${JSON.stringify(reserved)}`, () => {
      const { ledger, sent } = setup()
      const settlement = { home: "/one", reserved, changed: nothing }
      ledger.unsafeSettle(1, settlement)
      assert.deepStrictEqual(sent, [{ _tag: "Settle", session: 1, ...settlement }])
    })
  }
})
