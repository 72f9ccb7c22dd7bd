import * as Zlib from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { big, layer, loggedIn } from "./Fixture.ts"
import { content, fates, upload } from "./Uploading.ts"

const compressed = Effect.tap(loggedIn(), (joe) =>
  Effect.zipRight(
    joe.ask("TYPE I"),
    Effect.map(joe.ask("MODE Z"), ({ code }) => assert.strictEqual(code, 200))
  )
)

describe("MODE Z", () => {
  it.scoped("packs files and listings, and unpacks uploads", () =>
    Effect.gen(function* () {
      const joe = yield* compressed
      const fetch = (command: string) =>
        Effect.gen(function* () {
          const data = yield* joe.passive
          yield* joe.ask(command)
          const bytes = Zlib.inflateSync(yield* data.takeAll)
          assert.strictEqual((yield* joe.reply).code, 226)
          return bytes
        })
      assert.isTrue((yield* fetch("RETR big.bin")).equals(big))
      assert.strictEqual(String(yield* fetch("NLST dir")), "dir/b c.txt\r\ndir/d.txt\r\n")
      assert.strictEqual(yield* upload(joe, "STOR new", Zlib.deflateSync(big)), 226)
      assert.isTrue((yield* content("/new"))?.equals(big))
      assert.strictEqual(yield* upload(joe, "STOR none", Zlib.deflateSync("")), 226)
      assert.strictEqual((yield* content("/none"))?.length, 0)
      yield* joe.ask("TYPE A")
      assert.strictEqual(yield* upload(joe, "STOR lines", Zlib.deflateSync("one\r\ntwo\r")), 226)
      assert.strictEqual(String(yield* content("/lines")), "one\ntwo\r")
    }).pipe(Effect.provide(layer({}, { segment: 1000 })))
  )

  it.scoped("stores nothing of what is broken, ends too early or goes on after its end", () =>
    Effect.gen(function* () {
      const joe = yield* compressed
      const packed = Zlib.deflateSync(big)
      const bad = [
        Buffer.from("this is no deflate data"),
        packed.subarray(0, packed.length - 2),
        Buffer.alloc(0),
        Buffer.concat([packed, Buffer.from("and more")])
      ]
      for (const bytes of bad) {
        const code = yield* upload(joe, "STOR a.txt", bytes)
        assert.isAtLeast(code, 400)
        assert.strictEqual(String(yield* content("/a.txt")), "one\ntwo\r\nthree")
      }
      assert.deepStrictEqual(yield* fates, { completed: 0, interrupted: bad.length })
      assert.strictEqual((yield* joe.ask("NOOP")).code, 200)
    }).pipe(Effect.provide(layer({ partialUploads: "keep" })))
  )

  it.scoped("holds the size of an upload against what it unpacks to", () =>
    Effect.gen(function* () {
      const joe = yield* compressed
      assert.strictEqual(yield* upload(joe, "STOR new", Zlib.deflateSync(new Uint8Array(1_000_001))), 552)
      assert.strictEqual(yield* upload(joe, "STOR new", Zlib.deflateSync(new Uint8Array(1_000_000))), 226)
    }).pipe(Effect.provide(layer({ maxUploadSize: 1_000_000 })))
  )

  it.scoped("takes no bomb, even where nothing is limited", () =>
    Effect.gen(function* () {
      const joe = yield* compressed
      assert.strictEqual(yield* upload(joe, "STOR new", Zlib.deflateSync(new Uint8Array(70 * 2 ** 20))), 552)
      assert.isUndefined(yield* content("/new"))
    }).pipe(Effect.provide(layer()))
  )
})
