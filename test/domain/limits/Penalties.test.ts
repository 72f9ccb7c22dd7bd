import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Bans from "../../../src/domain/limits/Bans.ts"
import * as LoginRate from "../../../src/domain/limits/LoginRate.ts"
import * as Penalties from "../../../src/domain/limits/Penalties.ts"

const block = FastCheck.constantFrom("1.1.1.1", "2.2.2.2", "2001:db8::/64")
const name = FastCheck.constantFrom("alice", "bob", "carol")
const attempt = FastCheck.record({ block, name, right: FastCheck.boolean(), wait: FastCheck.nat(40) })

interface Wrong {
  readonly block: string
  readonly name: string
  readonly at: number
}

describe("Penalties", () => {
  it.prop(
    "agrees with a list of the wrong passwords that are remembered",
    [FastCheck.array(attempt, { maxLength: 60 }), FastCheck.integer({ min: 0, max: 5 })],
    ([attempts, banAfter]) => {
      const memory = 100
      const penalties = Penalties.make({ banAfter, memory })
      let wrong: ReadonlyArray<Wrong> = []
      let now = 0
      for (const { block, name, right, wait } of attempts) {
        now += wait
        wrong = wrong.filter(({ at }) => now - at < memory)
        if (right) {
          penalties.forgive(block, name)
          wrong = wrong.filter((one) => one.block !== block || one.name !== name)
        } else {
          const count = wrong.filter((one) => one.block === block).length + 1
          const penalty = penalties.fail(block, name, now)
          const banned = banAfter > 0 && count >= banAfter
          assert.deepStrictEqual(penalty, { delay: Math.min(5000, 250 * 2 ** (Math.min(count, 16) - 1)), banned })
          wrong = banned ? wrong.filter((one) => one.block !== block) : [...wrong, { block, name, at: now }]
        }
        const count = wrong.filter((one) => one.block === block).length
        assert.strictEqual(penalties.count(block, now), banAfter > 0 ? count : Math.min(count, 16))
      }
    }
  )

  it("holds the answer back for longer each time, and for 5 s at most", () => {
    const delays = [1, 2, 3, 4, 5, 6, 100].map(Penalties.delay)
    assert.deepStrictEqual(delays, [250, 500, 1000, 2000, 4000, 5000, 5000])
  })

  it("a right password for one account buys no guesses at another", () => {
    const penalties = Penalties.make({ banAfter: 3, memory: 1000 })
    penalties.fail("a", "alice", 0)
    penalties.forgive("a", "mine")
    penalties.fail("a", "alice", 1)
    penalties.forgive("a", "mine")
    assert.isTrue(penalties.fail("a", "alice", 2).banned)
  })

  it("forgets the address that has been quiet longest when there are too many", () => {
    const penalties = Penalties.make({ banAfter: 9, memory: 1000, capacity: 3 })
    for (const address of ["a", "b", "c", "a", "d"]) penalties.fail(address, "x", 0)
    assert.deepStrictEqual(
      ["a", "b", "c", "d"].map((address) => penalties.count(address, 0)),
      [2, 0, 1, 1]
    )
    assert.strictEqual(penalties.size(), 3)
  })
})

describe("LoginRate", () => {
  it.prop(
    "never takes more than its rate within any second, and every attempt that stays within it",
    [FastCheck.array(FastCheck.record({ block, wait: FastCheck.nat(400) }), { maxLength: 80 }), FastCheck.nat(4)],
    ([attempts, rate]) => {
      const book = LoginRate.make(rate)
      const taken: Array<{ readonly block: string; readonly at: number }> = []
      let now = 0
      for (const { block, wait } of attempts) {
        now += wait
        const recent = taken.filter((one) => one.block === block && now - one.at < 1000).length
        assert.strictEqual(book.take(block, now), rate === 0 || recent < rate)
        if (recent < rate) taken.push({ block, at: now })
        const awake = new Set(taken.filter(({ at }) => now - at < 1000).map((one) => one.block))
        if (recent < rate) assert.strictEqual(book.size(), awake.size)
      }
    }
  )

  it("remembers a bounded number of addresses", () => {
    const book = LoginRate.make(1, 3)
    for (const block of ["a", "b", "c", "d", "e"]) assert.isTrue(book.take(block, 0))
    assert.strictEqual(book.size(), 3)
    assert.isFalse(book.take("e", 1))
  })
})

describe("Bans", () => {
  it.prop(
    "agrees with a map of ends",
    [
      FastCheck.array(
        FastCheck.record({ block, op: FastCheck.constantFrom("ban", "lift", "look"), time: FastCheck.nat(30) }),
        { maxLength: 60 }
      )
    ],
    ([steps]) => {
      const bans = Bans.make()
      const ends = new Map<string, number>()
      let now = 0
      for (const { block, op, time } of steps) {
        now += op === "look" ? time : 0
        if (op === "ban") {
          bans.ban(block, now + time)
          ends.set(block, now + time)
        }
        if (op === "lift") {
          bans.lift(block)
          ends.delete(block)
        }
        for (const [block, until] of ends) if (until <= now) ends.delete(block)
        assert.strictEqual(bans.until(block, now), ends.get(block))
        assert.deepStrictEqual(new Map(bans.all(now)), ends)
      }
    }
  )

  it("keeps a bounded number, the last ones", () => {
    const bans = Bans.make(2)
    for (const block of ["a", "b", "a", "c"]) bans.ban(block, 10)
    assert.deepStrictEqual(bans.all(0), [
      ["a", 10],
      ["c", 10]
    ])
  })
})
