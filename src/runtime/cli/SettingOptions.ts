import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"
import * as ConfigFile from "../config/ConfigFile.ts"
import type { AnySetting, Key } from "../config/Setting.ts"
import { all, settings } from "../config/Settings.ts"

/**
 * What the command line said about the configuration, not yet understood.
 *
 * @since 0.1.0
 * @category models
 */
export interface Given {
  readonly config: Option.Option<string>
  readonly flags: { readonly [K in Key]?: string }
}

/** The option of one row. @since 0.1.0 @category options */
export const optionOf = (
  row: Pick<AnySetting, "flag" | "alias" | "metavar" | "description">,
  choices?: ReadonlyArray<string>
): Options.Options<Option.Option<string>> => {
  const name = row.flag.slice(2)
  const plain =
    choices === undefined ? Options.text(name).pipe(Options.withPseudoName(row.metavar)) : Options.choice(name, choices)
  const described = Options.withDescription(plain, row.description)
  return Options.optional(row.alias === undefined ? described : Options.withAlias(described, row.alias))
}

const given = (flags: Readonly<Record<string, Option.Option<string>>>): Given["flags"] =>
  Object.fromEntries(
    Object.entries(flags).flatMap(([key, value]) => (Option.isSome(value) ? [[key, value.value]] : []))
  )

/** The options of every command that needs a configuration. @since 0.1.0 @category options */
export const options: Options.Options<Given> = Options.all({
  config: optionOf(ConfigFile.option),
  flags: Options.all(Object.fromEntries(all.map((row) => [row.key, optionOf(row, row.codec.choices)]))).pipe(
    Options.map(given)
  )
})

/** The options of a command that needs one setting alone. @since 0.1.0 @category options */
export const only = <K extends Key>(key: K): Options.Options<Given> =>
  Options.all({
    config: optionOf(ConfigFile.option),
    flags: Options.map(optionOf(settings[key], settings[key].codec.choices), (value) => given({ [key]: value }))
  })
