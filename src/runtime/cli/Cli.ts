import * as Fs from "node:fs"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ConfigError } from "../config/ConfigError.ts"
import * as Argv from "./Argv.ts"
import { grammars } from "./Grammars.ts"
import * as Help from "./Help.ts"
import type { Surroundings } from "./Load.ts"
import type { Server } from "./Serve.ts"

const Package = Schema.parseJson(Schema.Struct({ version: Schema.String }))

const version = Effect.sync(
  () => Schema.decodeSync(Package)(Fs.readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version
)

/**
 * The `weft` program. `words` are what followed its name, `serve` is the server to run. A new command is a file beside this one,
 * a row in `Grammars` and its name in `Commands`. Fails with `ConfigError` and prints nothing about that: see `Report`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly words: ReadonlyArray<string>
  readonly serve: Server
  readonly surroundings: Surroundings
}): Effect.Effect<void, ConfigError> =>
  Effect.gen(function* () {
    const request = yield* Argv.parse(grammars, options.words)
    if (request._tag === "Help") {
      const width = Math.min(120, process.stdout.columns ?? 120)
      const { grammar, group } = request
      return yield* Console.log(
        group === undefined ? Help.text(grammars, grammar, width) : Help.group(grammars, group, width)
      )
    }
    if (request._tag === "Version") return yield* Console.log(yield* version)
    const words = request._tag === "Run" ? request.words : ["--completions", request.shell]
    const Commands = yield* Effect.promise(() => import("./Commands.ts"))
    return yield* Commands.run({ ...options, words, version: yield* version })
  })
