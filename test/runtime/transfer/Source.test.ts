import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, FastCheck, Stream } from "effect"
import * as Ascii from "../../../src/domain/Ascii.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import * as Pull from "../../../src/runtime/storage/Pull.ts"
import type { OpenFile, Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Source from "../../../src/runtime/transfer/Source.ts"
import { path } from "../session/Fixture.ts"

/** Mostly ends of lines, so that chunks end within them. */
const bytes = FastCheck.array(FastCheck.constantFrom(10, 13, 97, 98), { maxLength: 12 })

const joined = (chunks: ReadonlyArray<ReadonlyArray<number>>) => Uint8Array.from(chunks.flat())

/** A file that is read from its beginning, in these chunks, some of them at once. */
const fileOf = (chunks: ReadonlyArray<ReadonlyArray<number>>): Storage["Type"] => {
  const parts = [chunks.slice(0, 2), chunks.slice(2)]
  const read = parts.map((part) => Chunk.fromIterable(part.map((chunk) => Uint8Array.from(chunk))))
  const bytes = (offset: number) => (offset === 0 ? Stream.fromChunks(...read) : Stream.empty)
  const file = { entry: { kind: "file", size: joined(chunks).length }, bytes } as unknown as OpenFile
  return { open: () => Effect.succeed(file) } as unknown as Storage["Type"]
}

describe("a file that is sent in TYPE A", () => {
  it.effect.prop(
    "is the part that was asked for of its text as it is sent whole, wherever its chunks end",
    [FastCheck.array(bytes, { maxLength: 5 }), FastCheck.nat(40), FastCheck.option(FastCheck.nat(40))],
    ([chunks, offset, length]) =>
      Effect.gen(function* () {
        const end = length === null ? undefined : offset + length
        const payload = { _tag: "File", path: path("/file"), offset, ...(end === undefined ? {} : { end }) } as const
        const options = { representation: "A", rights: Rights.readWrite, now: 0 } as const
        const source = yield* Source.open(fileOf(chunks), payload, options)
        const sent: Array<number> = []
        yield* Pull.forEach(yield* source.bytes, (chunk) => Effect.sync(() => void sent.push(...chunk)))
        const stored = joined(chunks)
        const whole = new Uint8Array(2 * stored.length)
        const size = Ascii.encodeInto(whole, 0, stored, false)
        assert.deepStrictEqual(sent, [...whole.subarray(Math.min(offset, size), Math.min(end ?? size, size))])
        assert.isUndefined(source.size)
      }).pipe(Effect.scoped)
  )
})
