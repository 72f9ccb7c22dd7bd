import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ConfigError } from "../config/ConfigError.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import { Origin } from "../config/Origin.ts"
import * as Resolved from "../config/Resolved.ts"
import { warn } from "./Report.ts"
import type { Given } from "./SettingOptions.ts"

/**
 * What the process was started in. Only `main` reads it from the process itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly parallelism: number
}

/**
 * The configuration that command line, environment and config file make together. Warns of misspelt variables.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (given: Given, surroundings: Surroundings): Effect.Effect<Resolved.Resolved, ConfigError> =>
  Effect.gen(function* () {
    const { cwd, environment } = surroundings
    yield* Effect.forEach(Resolved.unknownVariables(environment), warn, { discard: true })
    const variable = environment[ConfigFile.option.variable]
    const origin = Option.isSome(given.config) ? Origin.Flag() : Origin.Environment()
    const path = Option.getOrElse(given.config, () => variable)
    const file = path === undefined ? undefined : yield* ConfigFile.load(path, { cwd, origin })
    return yield* Resolved.resolve({ ...surroundings, flags: given.flags, file })
  })
