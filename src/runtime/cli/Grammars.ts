import * as Either from "effect/Either"
import * as Codecs from "../config/Codecs.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import type { Key } from "../config/Setting.ts"
import { all, defaultText, settings } from "../config/Settings.ts"
import * as AccountOptions from "./AccountOptions.ts"
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

const setting = (name: string): ReadonlyArray<Flag> => flags.filter((flag) => flag.name === name)

const ofAccounts: ReadonlyArray<Flag> = [...setting("--accounts"), config]

const ofBans: ReadonlyArray<Flag> = [...setting("--bans"), config]

const switchOf = (name: string, description: string): Flag => ({
  name,
  alone: "true",
  metavar: "",
  description,
  expected: "true or false",
  parse: (text) => Either.map(Codecs.truth.parse(text), Codecs.truth.print)
})

const passwordStdin = switchOf("--password-stdin", "Takes the password from standard input instead of asking for it")

const json = switchOf("--json", "As a JSON list")

/** @since 0.1.0 @category commands */
export const accountAdd: Grammar = {
  name: "account add",
  description: "Adds an account to the accounts file",
  flags: [...AccountOptions.flags, passwordStdin, ...ofAccounts],
  positionals: ["NAME"]
}

/** @since 0.1.0 @category commands */
export const accountPasswd: Grammar = {
  name: "account passwd",
  description: "Gives an account another password",
  flags: [passwordStdin, ...ofAccounts],
  positionals: ["NAME"]
}

/** @since 0.1.0 @category commands */
export const accountRemove: Grammar = {
  name: "account remove",
  description: "Removes an account; its files stay",
  flags: ofAccounts,
  positionals: ["NAME"]
}

/** @since 0.1.0 @category commands */
export const accountList: Grammar = {
  name: "account list",
  description: "Shows the accounts of the accounts file",
  flags: [json, ...ofAccounts],
  positionals: []
}

/** @since 0.1.0 @category commands */
export const banList: Grammar = {
  name: "ban list",
  description: "Shows the addresses that are banned, and until when",
  flags: [json, ...ofBans],
  positionals: []
}

/** @since 0.1.0 @category commands */
export const banLift: Grammar = {
  name: "ban lift",
  description: "Lets a banned address in again, also at a running server",
  flags: ofBans,
  positionals: ["ADDRESS"]
}

/** Every command, in the order help shows them. @since 0.1.0 @category commands */
export const grammars: ReadonlyArray<Grammar> = [
  serve,
  check,
  accountAdd,
  accountPasswd,
  accountRemove,
  accountList,
  banList,
  banLift
]
