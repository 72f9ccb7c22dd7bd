import { assert, describe, it, vi } from "@effect/vitest"
import { Cause, Effect, FastCheck, Logger } from "effect"
import * as Logging from "../../src/runtime/observe/Logging.ts"

const logged = (effect: Effect.Effect<void>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.map(Logging.pretty, (line) => void lines.push(line))
    return effect.pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)), Effect.as(lines))
  })

describe("Logging.layer", () => {
  const written = (config: Parameters<typeof Logging.layer>[0]) =>
    Effect.gen(function* () {
      const write = vi.spyOn(process.stderr, "write").mockReturnValue(true)
      yield* Effect.logDebug("quiet").pipe(
        Effect.zipRight(Effect.logWarning("loud")),
        Effect.provide(Logging.layer(config))
      )
      const lines = write.mock.calls.map(([line]) => String(line))
      write.mockRestore()
      return lines
    })

  it.effect("writes to standard error, from the level on and in the form asked for", () =>
    Effect.gen(function* () {
      const [quiet, loud] = yield* written({ logLevel: "debug", logFormat: "json" })
      assert.propertyVal(JSON.parse(quiet ?? ""), "message", "quiet")
      assert.propertyVal(JSON.parse(loud ?? ""), "logLevel", "WARN")
      const pretty = yield* written({ logLevel: "warning", logFormat: "pretty" })
      assert.strictEqual(pretty.length, 1, "the logger before is gone")
      assert.match(pretty[0] ?? "", / WARN {2}loud\n$/)
      assert.deepStrictEqual(yield* written({ logLevel: "none", logFormat: "pretty" }), [])
    })
  )
})

describe("Logging.pretty", () => {
  it.effect("writes time, level, message and annotations in one line", () =>
    Effect.gen(function* () {
      const lines = yield* logged(
        Effect.log("login", 7).pipe(Effect.annotateLogs({ session: 3, peer: "::1", file: "a b.txt" }))
      )
      assert.match(lines.join("\n"), /^1970-01-01T00:00:00\.000Z INFO {2}login 7 /)
      for (const part of ["session=3", "peer=::1", 'file="a b.txt"']) assert.include(lines[0], part)
    })
  )

  it.effect.prop(
    "nothing a client can name breaks the line",
    [FastCheck.fullUnicodeString()],
    ([name]) =>
      Effect.gen(function* () {
        const lines = yield* logged(Effect.log(name).pipe(Effect.annotateLogs("file", name)))
        assert.notMatch(lines.join(""), /[\p{Cc}\u2028\u2029]/u)
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("shows a cause below", () =>
    Effect.gen(function* () {
      const lines = yield* logged(Effect.logError("session crashed", Cause.die(new Error("boom"))))
      assert.match(lines.join(""), /session crashed\n.*boom/)
    })
  )
})
