import { stripVTControlCharacters } from "node:util"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { ConfigError } from "../config/ConfigError.ts"
import * as Account from "./Account.ts"
import * as Ban from "./Ban.ts"
import * as Check from "./Check.ts"
import type { Surroundings } from "./Load.ts"
import * as Serve from "./Serve.ts"

const usage = (error: ValidationError.ValidationError): ConfigError =>
  new ConfigError({ reason: "Usage", message: stripVTControlCharacters(HelpDoc.toAnsiText(error.error)) })

// The built-in options that `Argv` does not let through must not be offered either.
const offered = (script: string): string =>
  script
    .split("\n")
    .filter((line) => !/Start wizard mode|Sets the minimum log level for a command/.test(line))
    .map((line) =>
      line.replace("--completions --log-level --help --wizard --version", "--completions --help --version")
    )
    .join("\n")

const environment = Layer.mergeAll(
  NodeFileSystem.layer,
  NodePath.layer,
  NodeTerminal.layer,
  CliConfig.layer({ isCaseSensitive: true })
)

/**
 * The commands as `@effect/cli` runs and completes them. Apart from `Cli`, because that library takes longer to load than all
 * the rest. `words` have been through `Argv`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = (options: {
  readonly words: ReadonlyArray<string>
  readonly version: string
  readonly serve: Serve.Server
  readonly surroundings: Surroundings
}): Effect.Effect<void, ConfigError> =>
  Console.consoleWith((console) => {
    const weft = Command.make("weft").pipe(
      Command.withDescription("An FTP server"),
      Command.withSubcommands([
        Serve.make(options.serve, options.surroundings),
        Check.make(options.surroundings),
        Account.make(options.surroundings),
        Ban.make(options.surroundings)
      ])
    )
    const completing = options.words[0] === "--completions"
    return Command.run(weft, { name: "weft", version: options.version })(["node", "weft", ...options.words]).pipe(
      Effect.withConsole({
        ...console,
        log: (text: unknown) => console.log(completing ? offered(String(text)) : text),
        // It tells its own errors in several lines; `Report` tells them in one.
        error: () => Effect.void
      }),
      Effect.mapError((error) => (ValidationError.isValidationError(error) ? usage(error) : error)),
      Effect.provide(environment)
    )
  })
