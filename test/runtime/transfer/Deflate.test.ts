import * as Zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck } from "effect"
import * as Deflate from "../../../src/runtime/transfer/Deflate.ts"

const pieces = (bytes: Uint8Array, size: number): ReadonlyArray<Uint8Array> =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))

const through = (make: typeof Deflate.deflate, input: ReadonlyArray<Uint8Array>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* make
      const out: Array<Buffer> = []
      const use = (bytes: Uint8Array) => Effect.sync(() => void out.push(Buffer.from(bytes)))
      for (const piece of input) yield* engine.feed(piece, use)
      yield* engine.finish(use)
      return Buffer.concat(out)
    })
  )

const reason = (input: ReadonlyArray<Uint8Array>) =>
  Effect.map(Effect.flip(through(Deflate.inflate, input)), ({ reason }) => reason)

describe("Deflate", () => {
  it.effect.prop(
    "gives back what went in, however both are cut",
    [
      FastCheck.uint8Array({ maxLength: 3000 }),
      FastCheck.integer({ min: 1, max: 4000 }),
      FastCheck.integer({ min: 1, max: 400 })
    ],
    ([bytes, size, cut]) =>
      Effect.gen(function* () {
        const packed = yield* through(Deflate.deflate, pieces(bytes, size))
        assert.deepStrictEqual(Zlib.inflateSync(packed), Buffer.from(bytes))
        assert.deepStrictEqual(yield* through(Deflate.inflate, pieces(packed, cut)), Buffer.from(bytes))
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("makes no more than is used", () =>
    Effect.gen(function* () {
      const packed = Zlib.deflateSync(new Uint8Array(64 * 1024 * 1024))
      const engine = yield* Deflate.inflate
      let seen = 0
      const failure = yield* Effect.flip(
        engine.feed(packed, (bytes) => {
          seen += bytes.length
          return seen > 1_000_000 ? Effect.fail("enough" as const) : Effect.void
        })
      )
      assert.strictEqual(failure, "enough")
      assert.isBelow(seen, 1_200_000)
    }).pipe(Effect.scoped)
  )

  it.effect("tells broken data, data that end too early, and what comes after their end", () =>
    Effect.gen(function* () {
      const packed = Zlib.deflateSync("a".repeat(100_000))
      assert.strictEqual(yield* reason([Buffer.from("this is not deflate data")]), "Broken")
      assert.strictEqual(yield* reason([packed.subarray(0, packed.length - 3)]), "Truncated")
      assert.strictEqual(yield* reason([]), "Truncated")
      assert.strictEqual(yield* reason([Buffer.concat([packed, Buffer.from("more")])]), "Trailing")
      assert.strictEqual(yield* reason([packed, Buffer.from("more")]), "Trailing")
    })
  )
})
