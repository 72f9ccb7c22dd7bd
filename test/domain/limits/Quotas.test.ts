import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Quotas from "../../../src/domain/limits/Quotas.ts"

const amount = FastCheck.record({ bytes: FastCheck.nat(6), files: FastCheck.nat(2) })
const home = FastCheck.constantFrom("h", "i")
const session = FastCheck.nat(4)
const step = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.record({ op: FastCheck.constant("reserve" as const), session, home, amount }) },
  {
    weight: 3,
    arbitrary: FastCheck.record({ op: FastCheck.constant("settle" as const), session, home, amount, changed: amount })
  },
  { weight: 1, arbitrary: FastCheck.record({ op: FastCheck.constant("release" as const), session }) },
  { weight: 1, arbitrary: FastCheck.record({ op: FastCheck.constant("lose" as const), session }) },
  { weight: 2, arbitrary: FastCheck.record({ op: FastCheck.constant("measure" as const), home }) }
)
const limits = { bytes: 20, files: 5 }
const none = { bytes: 0, files: 0 }

const sum = (amounts: Iterable<Quotas.Amount>): Quotas.Amount => {
  let [bytes, files] = [0, 0]
  for (const one of amounts) {
    bytes += one.bytes
    files += one.files
  }
  return { bytes, files }
}

describe("Quotas", () => {
  it.prop(
    "what is there and what is reserved never pass the limits, whoever leaves or dies meanwhile",
    [FastCheck.array(step, { maxLength: 100 })],
    ([steps]) => {
      const quotas = Quotas.make()
      /** What the disk really holds, and what each session still holds, by home. */
      const disk: Record<string, Quotas.Amount> = { h: none, i: none }
      const held = new Map<number, { readonly home: string; readonly amount: Quotas.Amount }>()
      const heldIn = (home: string) =>
        sum([...held.values()].filter((one) => one.home === home).map((one) => one.amount))
      for (const one of steps) {
        switch (one.op) {
          case "measure":
            if (quotas.state(one.home) !== "Unknown") break
            quotas.begin(one.home)
            assert.isTrue(quotas.measured(one.home, disk[one.home] ?? none))
            break
          case "reserve": {
            const known = quotas.state(one.home) === "Known"
            const all = sum([disk[one.home] ?? none, heldIn(one.home), one.amount])
            const fits =
              (one.amount.bytes === 0 || all.bytes <= limits.bytes) &&
              (one.amount.files === 0 || all.files <= limits.files)
            assert.strictEqual(quotas.reserve(one.session, one.home, one.amount, limits), known && fits)
            if (!known || !fits) break
            const mine = held.get(one.session)
            held.set(one.session, {
              home: one.home,
              amount: sum([mine?.home === one.home ? mine.amount : none, one.amount])
            })
            break
          }
          case "settle": {
            const mine = held.get(one.session)
            if (mine === undefined || mine.home !== one.home) break
            const reserved = {
              bytes: Math.min(one.amount.bytes, mine.amount.bytes),
              files: Math.min(one.amount.files, mine.amount.files)
            }
            /** No more is ever stored than was reserved. */
            const changed = {
              bytes: Math.min(one.changed.bytes, reserved.bytes),
              files: Math.min(one.changed.files, reserved.files)
            }
            quotas.settle(one.session, one.home, { reserved, changed })
            disk[one.home] = sum([disk[one.home] ?? none, changed])
            held.set(one.session, {
              home: one.home,
              amount: { bytes: mine.amount.bytes - reserved.bytes, files: mine.amount.files - reserved.files }
            })
            break
          }
          case "release":
            quotas.release(one.session)
            held.delete(one.session)
            break
          case "lose": {
            const mine = held.get(one.session)
            quotas.lose(one.session)
            held.delete(one.session)
            if (mine !== undefined && mine.amount.bytes + mine.amount.files > 0) {
              assert.notStrictEqual(quotas.state(mine.home), "Known")
              /** What it stored last and could not tell. */
              disk[mine.home] = sum([disk[mine.home] ?? none, mine.amount])
            }
          }
        }
        for (const home of ["h", "i"]) {
          assert.deepStrictEqual(quotas.reserved(home), heldIn(home))
          const used = quotas.usage(home)
          if (used === undefined) continue
          assert.deepStrictEqual(used, disk[home])
          const all = sum([used, quotas.reserved(home)])
          assert.isTrue(all.bytes <= limits.bytes && all.files <= limits.files, JSON.stringify(all))
        }
      }
    }
  )

  it("measures again what something changed under, unless it will do anyway", () => {
    const quotas = Quotas.make()
    quotas.begin("h")
    quotas.settle(1, "h", { reserved: none, changed: { bytes: -3, files: 0 } })
    assert.isFalse(quotas.measured("h", { bytes: 10, files: 1 }))
    assert.strictEqual(quotas.state("h"), "Measuring")
    assert.isTrue(quotas.measured("h", { bytes: 7, files: 1 }))
    assert.deepStrictEqual(quotas.usage("h"), { bytes: 7, files: 1 })
    quotas.begin("i")
    quotas.settle(1, "i", { reserved: none, changed: { bytes: 1, files: 0 } })
    assert.isTrue(quotas.measured("i", none, true))
  })

  it("an abandoned measurement leaves the home unknown, and nothing is granted there", () => {
    const quotas = Quotas.make()
    quotas.begin("h")
    quotas.abandon("h")
    assert.strictEqual(quotas.state("h"), "Unknown")
    assert.isFalse(quotas.reserve(1, "h", { bytes: 1, files: 0 }, limits))
    quotas.begin("h")
    quotas.measured("h", { bytes: 30, files: 0 })
    assert.isFalse(quotas.reserve(1, "h", { bytes: 1, files: 0 }, limits))
    assert.isTrue(quotas.reserve(1, "h", { bytes: 0, files: 5 }, limits))
    assert.isTrue(quotas.reserve(1, "h", { bytes: 1e9, files: 9 }, {}))
  })

  it("frees room when files go", () => {
    const quotas = Quotas.make()
    quotas.begin("h")
    quotas.measured("h", { bytes: 20, files: 5 })
    quotas.settle(1, "h", { reserved: none, changed: { bytes: -5, files: -1 } })
    assert.isTrue(quotas.reserve(1, "h", { bytes: 5, files: 1 }, limits))
    assert.isFalse(quotas.reserve(2, "h", { bytes: 1, files: 0 }, limits))
  })
})
