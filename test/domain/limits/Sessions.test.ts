import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Sessions from "../../../src/domain/limits/Sessions.ts"

const step = FastCheck.record({
  op: FastCheck.constantFrom("login", "login", "logout"),
  session: FastCheck.nat(9),
  account: FastCheck.constantFrom("a", "b"),
  limit: FastCheck.nat(3)
})

describe("Sessions", () => {
  it.prop("agrees with a map of sessions to accounts", [FastCheck.array(step, { maxLength: 80 })], ([steps]) => {
    const sessions = Sessions.make()
    const inside = new Map<number, string>()
    const count = (account: string) => [...inside.values()].filter((one) => one === account).length
    for (const { account, limit, op, session } of steps) {
      const before = inside.get(session)
      inside.delete(session)
      if (op === "logout") assert.strictEqual(sessions.logout(session), before)
      else {
        const fits = limit === 0 || count(account) < limit
        assert.strictEqual(sessions.login(session, account, limit), fits)
        if (fits) inside.set(session, account)
      }
      assert.deepStrictEqual([sessions.count("a"), sessions.count("b")], [count("a"), count("b")])
      assert.strictEqual(sessions.size(), inside.size)
    }
  })
})
