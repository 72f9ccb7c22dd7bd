import { assert, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as ChunkPool from "../../../src/runtime/storage/ChunkPool.ts"

const KiB = 1024

it.prop(
  "a chunk has room for what was asked, up to the largest, and is a power of two",
  [FastCheck.integer({ min: 0, max: KiB * KiB })],
  ([bytes]) => {
    const chunk = ChunkPool.make().take(bytes)
    assert.isAtLeast(chunk.length, Math.min(bytes, 256 * KiB))
    assert.isAtMost(chunk.length, Math.max(2 * bytes, 4 * KiB))
    assert.include([4, 8, 16, 32, 64, 128, 256], chunk.length / KiB)
  }
)

it.prop(
  "no chunk is out twice, and the books balance",
  [FastCheck.array(FastCheck.oneof(FastCheck.integer({ min: 1, max: 40 * KiB }), FastCheck.constant("give" as const)))],
  ([steps]) => {
    const pool = ChunkPool.make({ budget: 256 * KiB, retained: 64 * KiB })
    const out: Array<Buffer> = []
    for (const step of steps) {
      if (step === "give") {
        const chunk = out.shift()
        if (chunk !== undefined) pool.give(chunk)
      } else {
        const chunk = pool.take(step)
        assert.notInclude(out, chunk)
        out.push(chunk)
      }
      const bytes = out.reduce((sum, chunk) => sum + chunk.length, 0)
      assert.deepStrictEqual(pool.outstanding(), { chunks: out.length, bytes })
    }
  }
)

it("beyond the budget chunks get small instead of late", () => {
  const pool = ChunkPool.make({ budget: 512 * KiB })
  const sizes = Array.from({ length: 4 }, () => pool.take(256 * KiB).length / KiB)
  assert.deepStrictEqual(sizes, [256, 256, 16, 16])
})

it("a chunk is used again, but not more of them kept than allowed, nor given back twice", () => {
  const pool = ChunkPool.make({ retained: 8 * KiB })
  const chunks = [pool.take(1), pool.take(1), pool.take(1)]
  for (const chunk of [...chunks, ...chunks]) pool.give(chunk)
  const again = [pool.take(1), pool.take(1), pool.take(1)]
  assert.strictEqual(new Set([...chunks, ...again]).size, 4)
  assert.strictEqual(new Set(again).size, 3)
})
