import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Timestamp from "../../src/domain/Timestamp.ts"

const earliest = Date.parse("0000-01-01T00:00:00Z")
const latest = Date.parse("9999-12-31T23:59:59.999Z")
const day = 86_400_000
const time = FastCheck.oneof(
  FastCheck.integer({ min: earliest, max: latest }),
  FastCheck.integer({ min: 0, max: 4_102_444_800_000 }),
  FastCheck.tuple(FastCheck.integer({ min: 16, max: 99 }), FastCheck.integer({ min: -2, max: 2 })).map(
    ([century, days]) => Date.UTC(century * 100, 2, 1) + days * day
  ),
  FastCheck.integer({ min: 0, max: 8000 }).map((days) => Date.UTC(2016, 1, 27) + days * day)
)
const many = { fastCheck: { numRuns: 1000 } }

describe("Timestamp", () => {
  it.prop(
    "print is the ISO date without its marks",
    [time],
    ([ms]) => {
      const iso = new Date(ms).toISOString().replace(/[-:TZ]/g, "")
      assert.strictEqual(Timestamp.print(ms, { milliseconds: true }), iso)
      assert.strictEqual(Timestamp.print(ms), iso.slice(0, 14))
    },
    many
  )

  it.prop("parse reads what print wrote", [time], ([ms]) => {
    assert.strictEqual(Timestamp.parse(Timestamp.print(ms, { milliseconds: true })), ms)
    assert.strictEqual(Timestamp.parse(Timestamp.print(ms)), Math.floor(ms / 1000) * 1000)
  })

  it.prop("print is total: fourteen digits, whatever the number", [FastCheck.double()], ([ms]) => {
    assert.match(Timestamp.print(ms), /^\d{14}$/)
    assert.strictEqual(Timestamp.long(0)(ms).length, 12)
  })

  it.prop(
    "parse takes a date exactly where there is one",
    [
      FastCheck.integer({ min: 0, max: 9999 }),
      FastCheck.integer({ min: 0, max: 14 }),
      FastCheck.integer({ min: 0, max: 33 }),
      FastCheck.integer({ min: 0, max: 25 }),
      FastCheck.integer({ min: 58, max: 61 }),
      FastCheck.integer({ min: 0, max: 59 })
    ],
    ([year, month, date, hours, minutes, seconds]) => {
      const pad = (value: number, width = 2) => String(value).padStart(width, "0")
      const iso = `${pad(year, 4)}-${pad(month)}-${pad(date)}T${pad(hours)}:${pad(minutes)}:${pad(seconds)}`
      const parsed = Date.parse(`${iso}Z`)
      const exists = !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(iso)
      assert.strictEqual(Timestamp.parse(iso.replace(/[-:T]/g, "")), exists ? parsed : undefined)
    },
    many
  )

  it.prop(
    "parse is total",
    [FastCheck.oneof(FastCheck.string(), FastCheck.stringMatching(/^\d{13,15}(\.\d*)?$/))],
    ([text]) => {
      const parsed = Timestamp.parse(text)
      if (parsed !== undefined) assert.match(text, /^\d{14}(\.\d+)?$/)
    }
  )

  it("parse reads fractions, leap days and leap seconds, and nothing else", () => {
    assert.strictEqual(Timestamp.parse("19700101000001.5"), 1500)
    assert.strictEqual(Timestamp.parse("19700101000001.0019999"), 1001)
    assert.strictEqual(Timestamp.parse("20240229000000"), Date.UTC(2024, 1, 29))
    assert.strictEqual(Timestamp.parse("20161231235960"), Date.UTC(2017, 0, 1))
    for (const text of ["", "20230229000000", "20231301000000", "20230230000000", "20230101240000", "20230101125960"]) {
      assert.isUndefined(Timestamp.parse(text), text)
    }
    for (const text of ["2023010100000", "20230101000000.", " 20230101000000", "20230101000000Z", "2023-01-01"]) {
      assert.isUndefined(Timestamp.parse(text), text)
    }
  })

  it.prop(
    "long has the time where it is recent, else the year",
    [time, FastCheck.integer({ min: -400, max: 400 })],
    ([now, days]) => {
      const ms = now + days * day
      FastCheck.pre(ms >= earliest && ms <= latest)
      const date = new Date(ms)
      const [, dayOfMonth = "", month = "", year = "", clock = ""] = date.toUTCString().split(/[ ]/)
      const head = `${month} ${dayOfMonth.replace(/^0/, " ")} `
      assert.strictEqual(Timestamp.long(now)(ms), head + (days >= -180 && days <= 1 ? clock.slice(0, 5) : ` ${year}`))
    }
  )

  it.prop(
    "what long and print write does not depend on what they wrote before",
    [
      FastCheck.oneof(time, FastCheck.double({ min: 0, max: latest })),
      FastCheck.array(
        FastCheck.tuple(
          FastCheck.constantFrom(-400, -181, -180, -179, 0, 1, 2),
          FastCheck.oneof(
            FastCheck.integer({ min: -61_000, max: 61_000 }),
            FastCheck.integer({ min: -1, max: 1 }),
            FastCheck.double({ min: -1, max: 1, noNaN: true })
          )
        )
      )
    ],
    ([now, all]) => {
      const long = Timestamp.long(now)
      for (const [days, rest] of all) {
        const ms = now + days * day + rest
        assert.strictEqual(long(ms), Timestamp.long(now)(ms))
        Timestamp.print(ms + 40 * day)
        const alone = Timestamp.print(ms)
        Timestamp.print(ms + rest)
        assert.strictEqual(Timestamp.print(ms), alone)
      }
    },
    many
  )

  it("long is what ls prints", () => {
    const now = Date.UTC(2025, 10, 22, 18)
    assert.strictEqual(Timestamp.long(now)(Date.UTC(2025, 10, 22, 16, 41)), "Nov 22 16:41")
    assert.strictEqual(Timestamp.long(now)(Date.UTC(2024, 0, 2, 3, 4)), "Jan  2  2024")
    assert.strictEqual(Timestamp.long(now)(now + 2 * day), "Nov 24  2025")
  })
})
