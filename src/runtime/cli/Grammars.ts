import * as Either from "effect/Either"
import * as ConfigFile from "../config/ConfigFile.ts"
import type { Key } from "../config/Setting.ts"
import { all, defaultText, settings } from "../config/Settings.ts"
import type { Flag, Grammar } from "./Argv.ts"

const plainly = <K extends Key>(key: K, text: string): Either.Either<string, string> =>
  Either.map(settings[key].codec.parse(text), settings[key].codec.print)

const expected = "the path of a config file"

const config: Flag = {
  name: ConfigFile.option.flag,
  alias: ConfigFile.option.alias,
  metavar: ConfigFile.option.metavar,
  description: `${ConfigFile.option.description} [${ConfigFile.option.variable}]`,
  expected,
  parse: (text) => (text === "" ? Either.left(expected) : Either.right(text))
}

const flags: ReadonlyArray<Flag> = [
  config,
  ...all.map(({ alias, codec, description, flag, key, metavar, variable }): Flag => {
    const words = codec.choices === undefined || codec.alone !== undefined ? "" : `: ${codec.choices.join(", ")}`
    return {
      name: flag,
      alias,
      alone: codec.alone,
      metavar: codec.alone === undefined ? metavar : "",
      description: `${description}${words} (${defaultText(key)}) [${variable}]`,
      expected: codec.expected,
      parse: (text) => plainly(key, text)
    }
  })
]

/** @since 0.1.0 @category commands */
export const serve: Grammar = {
  name: "serve",
  description: "Serves a folder by FTP until it is told to stop",
  flags,
  positionals: []
}

/** @since 0.1.0 @category commands */
export const check: Grammar = {
  name: "check",
  description: "Checks the configuration and shows every setting and where it came from",
  flags,
  positionals: []
}

/** Every command, in the order help shows them. @since 0.1.0 @category commands */
export const grammars: ReadonlyArray<Grammar> = [serve, check]
