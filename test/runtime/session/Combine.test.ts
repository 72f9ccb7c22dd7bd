import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { layer, loggedIn, Put, path } from "./Fixture.ts"
import { content, heard } from "./Uploading.ts"

const put = (name: string, text: string | { readonly link: string }) =>
  Effect.flatMap(Put, (put) => put(path(name), text))

const read = (name: string) => Effect.map(content(name), (bytes) => (bytes === undefined ? undefined : String(bytes)))

const combined = Effect.map(heard, (of) => of("FilesChanged").length)

describe("COMB", () => {
  it.scoped("refuses two names of one file, and takes nothing away", () =>
    Effect.gen(function* () {
      yield* put("/a/x", "12345")
      yield* put("/a/y", "6")
      yield* put("/b", { link: "a" })
      yield* put("/x", { link: "a/x" })
      const joe = yield* loggedIn()
      for (const line of ["COMB a/x b/x", "COMB a/x a/y b/x", "COMB x a/x", "COMB a/t a/y b/y", "COMB a/x x"]) {
        assert.strictEqual((yield* joe.ask(line)).code, 550, line)
      }
      assert.strictEqual(yield* read("/a/x"), "12345")
      assert.strictEqual(yield* read("/a/y"), "6")
      assert.isUndefined(yield* read("/a/t"))
      assert.strictEqual(yield* combined, 0)
      assert.strictEqual((yield* joe.ask("COMB b/x a/y")).code, 250)
      assert.strictEqual(yield* read("/a/x"), "123456")
      assert.isUndefined(yield* read("/a/y"))
      assert.strictEqual(yield* combined, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("leaves a source that somebody has stored anew meanwhile", () =>
    Effect.gen(function* () {
      yield* put("/swapped", "old")
      const joe = yield* loggedIn()
      assert.strictEqual((yield* joe.ask("COMB whole swapped a.txt")).code, 250)
      assert.strictEqual(yield* read("/whole"), "oldone\ntwo\r\nthree")
      assert.strictEqual(yield* read("/swapped"), "newer")
      assert.isUndefined(yield* read("/a.txt"))
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("takes nothing away where the disk does not confirm the whole", () =>
    Effect.gen(function* () {
      yield* put("/unsure", "1")
      const joe = yield* loggedIn()
      assert.strictEqual((yield* joe.ask("COMB unsure a.txt")).code, 451)
      assert.strictEqual(yield* read("/unsure"), "1one\ntwo\r\nthree")
      assert.strictEqual(yield* read("/a.txt"), "one\ntwo\r\nthree")
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("is told of when the whole is there, also where a source cannot be removed", () =>
    Effect.gen(function* () {
      yield* put("/stays", "1")
      const joe = yield* loggedIn()
      assert.strictEqual((yield* joe.ask("COMB whole stays a.txt")).code, 451)
      assert.strictEqual(yield* read("/whole"), "1one\ntwo\r\nthree")
      assert.isUndefined(yield* read("/a.txt"))
      assert.strictEqual(yield* combined, 1)
    }).pipe(Effect.provide(layer()))
  )
})
