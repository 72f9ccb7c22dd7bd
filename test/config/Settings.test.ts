import { assert, describe, it } from "@effect/vitest"
import { Duration, Either, FastCheck, Schema } from "effect"
import type { Codec } from "../../src/runtime/config/Codec.ts"
import { FtpConfig } from "../../src/runtime/config/FtpConfig.ts"
import type { Key } from "../../src/runtime/config/Setting.ts"
import { all, print, settings } from "../../src/runtime/config/Settings.ts"
import { values } from "./Arbitraries.ts"

const keys = Object.keys(settings) as ReadonlyArray<Key>

const roundTrip = <A>(key: string, codec: Codec<A>, values: FastCheck.Arbitrary<A>): void =>
  it.prop(`${key}: parse(print(value)) is the value, from text and from a file`, [values], ([value]) => {
    const text = codec.print(value)
    assert.deepStrictEqual(Either.getOrThrow(codec.parse(text)), value)
    assert.deepStrictEqual(Schema.decodeSync(codec.native)(text), value)
    assert.strictEqual(Schema.encodeSync(codec.text)(value), text)
  })

describe("the table of settings", () => {
  it("has a row for every field of the configuration and names it in one way", () => {
    assert.deepStrictEqual([...keys].sort(), Object.keys(FtpConfig.fields).sort())
    for (const row of all) {
      const words = row.key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
      assert.strictEqual(row.flag, `--${words}`)
      assert.strictEqual(row.variable, `WEFT_${words.toUpperCase().replaceAll("-", "_")}`)
      assert.strictEqual(settings[row.key], row)
    }
  })

  it("uses each letter once", () => {
    const letters = all.flatMap(({ alias }) => alias ?? [])
    assert.strictEqual(new Set([...letters, "c", "h"]).size, letters.length + 2)
  })

  it("has defaults that its own codecs accept", () => {
    for (const row of all) {
      for (const parallelism of [1, 2, 64]) {
        const value = row.fallback({ parallelism, given: {} })
        assert.deepStrictEqual(
          row.codec.parse(print(row.key, { [row.key]: value } as never)),
          Either.right(value) as never
        )
      }
    }
  })

  const roundTripOf = <K extends Key>(key: K): void => roundTrip(key, settings[key].codec, values[key])
  for (const key of keys) roundTripOf(key)

  it.prop(
    "what is not understood is told as what was expected, and nothing throws",
    [FastCheck.constantFrom(...all), FastCheck.oneof(FastCheck.fullUnicodeString(), FastCheck.string())],
    ([row, text]) => {
      const parsed: Either.Either<unknown, string> = row.codec.parse(text)
      if (Either.isLeft(parsed)) assert.strictEqual(parsed.left, row.codec.expected)
    }
  )
})

const parses = (key: Key, text: string): boolean => {
  const parsed: Either.Either<unknown, string> = settings[key].codec.parse(text)
  return Either.isRight(parsed)
}

describe("codecs", () => {
  const accepts = (key: Key, ...texts: ReadonlyArray<string>) =>
    it(`${key} takes ${texts.join(" ")}`, () => {
      for (const text of texts) assert.isTrue(parses(key, text), text)
    })
  const refuses = (key: Key, ...texts: ReadonlyArray<string>) =>
    it(`${key} refuses ${texts.map((text) => JSON.stringify(text)).join(" ")}`, () => {
      for (const text of texts) assert.isFalse(parses(key, text), text)
    })
  const millis = (text: string): number => Duration.toMillis(Either.getOrThrow(settings.idleTimeout.codec.parse(text)))

  it("times are read with their unit, and as seconds without", () => {
    const read = [
      ["30 seconds", 30_000],
      ["5m", 300_000],
      ["90s", 90_000],
      ["1h", 3_600_000],
      ["90", 90_000],
      ["1.5", 1500],
      ["250ms", 250],
      ["1h30m", 5_400_000],
      ["1 hour 30 minutes", 5_400_000],
      ["2 DAYS", 172_800_000],
      ["1 min", 60_000]
    ] as const
    for (const [text, expected] of read) assert.strictEqual(millis(text), expected, text)
  })

  refuses(
    "idleTimeout",
    "",
    "0",
    "5 parsecs",
    "-1s",
    "1e3",
    "Infinity",
    "25 days",
    "0.0001s",
    "1h30",
    "s",
    ".",
    "1..5s"
  )
  accepts("drainTimeout", "0", "0s")
  refuses("port", "", "-1", "65536", "1.5", "0x50", "1e3", " 21", "٢١", "21a")
  refuses("threads", "0", "4097")
  accepts("shards", "0")
  accepts("host", "::", "0.0.0.0", "::ffff:1.2.3.4", "localhost", "ftp.example.com", "a-b.example.")
  refuses("host", "", "[::]", "256.1.1.1", "1.2.3", "a b", "-a", "http://x", "a:b")
  accepts("passivePorts", "50000-50255", "50000", "0-0", "0", "1 - 2")
  refuses("passivePorts", "", "2-1", "0-5", "1-65536", "1-2-3", "a-b", "-")
  accepts(
    "passiveAddress",
    "none",
    "203.0.113.5",
    "10.0.0.0/8=10.0.0.5,203.0.113.5",
    "10.0.0.0/8=10.0.0.5",
    "0.0.0.0/0=1.2.3.4"
  )
  refuses(
    "passiveAddress",
    "",
    "::1",
    "1.2.3.4,5.6.7.8",
    "1.2.3.4,10.0.0.0/8=1.2.3.4",
    "10.0.0.0/33=1.2.3.4",
    "10.0.0.0=1.2.3.4"
  )
  refuses("passiveAddress", "1.2.3.4,", "01.2.3.4", "10.0.0.0/8=", "a.b.c.d", "1.2.3.4/8", "10.0.0.0/8=1.2.3.4=5.6.7.8")
  accepts("allowForeignActive", "true", "FALSE", "yes", "0", "off")
  refuses("allowForeignActive", "", "maybe", "2")
  accepts("logLevel", "info", "WARNING")
  refuses("logLevel", "", "loud", "constructor")
  refuses("root", "", "a\0b")
})
