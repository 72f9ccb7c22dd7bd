import * as Path from "node:path"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Fields from "../accounts/AccountFields.ts"
import * as AccountsEdit from "../accounts/AccountsEdit.ts"
import * as Password from "../accounts/Password.ts"
import { ConfigError } from "../config/ConfigError.ts"
import { quote } from "../observe/Printable.ts"
import * as AccountOptions from "./AccountOptions.ts"
import * as AccountStore from "./AccountStore.ts"
import * as AccountList from "./AccountsTable.ts"
import type { Grammar } from "./Argv.ts"
import * as Grammars from "./Grammars.ts"
import type { Surroundings } from "./Load.ts"
import * as Secret from "./Secret.ts"
import * as SettingOptions from "./SettingOptions.ts"

/** The last word of a command's name, which is all that its group does not say. @since 0.1.0 @category accessors */
export const ownName = ({ name }: Grammar): string => name.slice(name.indexOf(" ") + 1)

/** An option that is on or off. @since 0.1.0 @category options */
export const truth = (name: string): Options.Options<boolean> =>
  Options.choice(name, ["true", "false"]).pipe(
    Options.optional,
    Options.map((value) => Option.getOrUndefined(value) === "true")
  )

const given = SettingOptions.only("accounts")
const name = Args.text({ name: "NAME" })
const input = truth("password-stdin")

const fields = Options.all(
  Object.fromEntries(
    AccountOptions.flags.map((row) => [
      row.name,
      SettingOptions.optionOf({ flag: row.name as `--${string}`, metavar: row.metavar, description: row.description })
    ])
  )
)

const exists = (name: string): ConfigError =>
  new ConfigError({ reason: "Duplicate", message: `account ${quote(name)} is there already: see weft account passwd` })

const missing = (name: string): ConfigError =>
  new ConfigError({ reason: "Unknown", message: `there is no account ${quote(name)}` })

const goodName = (name: string): Effect.Effect<string, ConfigError> =>
  Either.mapLeft(
    Fields.name.parse(name),
    (expected) => new ConfigError({ reason: "Invalid", message: `NAME ${quote(name)}: expected ${expected}` })
  )

/** As the file has it: what is a list, a truth or a number is written as one. */
const plain = (field: string, text: string): unknown =>
  field === "permissions" && text.includes(",")
    ? text.split(",")
    : field === "certificate"
      ? text === "true"
      : /^\d+$/.test(text)
        ? Number(text)
        : text

const written = (name: string, values: Readonly<Record<string, Option.Option<string>>>, cwd: string) => {
  const account: Record<string, unknown> = {}
  const limits: Record<string, unknown> = {}
  for (const { name: flag, path } of AccountOptions.flags) {
    const text = Option.getOrUndefined(values[flag] ?? Option.none())
    const [field, limit] = path
    if (text === undefined) continue
    if (limit !== undefined) limits[limit] = plain(limit, text)
    else account[field] = field === "home" ? Path.resolve(cwd, text) : plain(field, text)
  }
  const { home, permissions = "read-only", ...others } = account
  return (password: string): AccountsEdit.Written => ({
    name,
    password,
    ...(home === undefined ? {} : { home }),
    permissions,
    ...others,
    ...(Object.keys(limits).length === 0 ? {} : { limits })
  })
}

const add = (surroundings: Surroundings) =>
  Command.make(ownName(Grammars.accountAdd), { name, given, input, fields }, (options) =>
    Effect.gen(function* () {
      const name = yield* goodName(options.name)
      const resolved = yield* AccountStore.resolve("accounts", options.given, surroundings)
      const account = written(name, options.fields, surroundings.cwd)
      if ((yield* AccountStore.book(resolved, true)).has(name)) return yield* exists(name)
      const secret = yield* Secret.read({ name, input: options.input })
      const hash = Password.print(yield* Password.hash(secret))
      const { home } = account(hash)
      if (typeof home === "string") yield* AccountStore.makeHome(home)
      yield* AccountStore.change(resolved, (text, json) =>
        Either.mapLeft(AccountsEdit.add(text, json, account(hash)), () => exists(name))
      )
      yield* Console.log(`weft: account ${quote(name)} added to ${resolved.config.accounts}`)
    })
  ).pipe(Command.withDescription(Grammars.accountAdd.description))

const passwd = (surroundings: Surroundings) =>
  Command.make(ownName(Grammars.accountPasswd), { name, given, input }, (options) =>
    Effect.gen(function* () {
      const { name } = options
      const resolved = yield* AccountStore.resolve("accounts", options.given, surroundings)
      if (!(yield* AccountStore.book(resolved)).has(name)) return yield* missing(name)
      const hash = Password.print(yield* Password.hash(yield* Secret.read({ name, input: options.input })))
      yield* AccountStore.change(resolved, (text, json) =>
        Either.mapLeft(AccountsEdit.setPassword(text, json, name, hash), () => missing(name))
      )
      yield* Console.log(`weft: account ${quote(name)} has a new password`)
    })
  ).pipe(Command.withDescription(Grammars.accountPasswd.description))

const remove = (surroundings: Surroundings) =>
  Command.make(ownName(Grammars.accountRemove), { name, given }, ({ given, name }) =>
    Effect.gen(function* () {
      const resolved = yield* AccountStore.resolve("accounts", given, surroundings)
      if (!(yield* AccountStore.book(resolved)).has(name)) return yield* missing(name)
      yield* AccountStore.change(resolved, (text, json) =>
        Either.mapLeft(AccountsEdit.remove(text, json, name), () => missing(name))
      )
      yield* Console.log(`weft: account ${quote(name)} removed from ${resolved.config.accounts}`)
    })
  ).pipe(Command.withDescription(Grammars.accountRemove.description))

const list = (surroundings: Surroundings) =>
  Command.make(ownName(Grammars.accountList), { given, json: truth("json") }, ({ given, json }) =>
    Effect.gen(function* () {
      const resolved = yield* AccountStore.resolve("accounts", given, surroundings)
      const entries = [...(yield* AccountStore.book(resolved)).values()]
      yield* Console.log(json ? AccountList.json(entries) : AccountList.text(entries))
    })
  ).pipe(Command.withDescription(Grammars.accountList.description))

/** `weft account`: makes and changes the accounts file. @since 0.1.0 @category commands */
export const make = (surroundings: Surroundings) =>
  Command.make("account").pipe(
    Command.withDescription("Accounts of the accounts file"),
    Command.withSubcommands([add(surroundings), passwd(surroundings), remove(surroundings), list(surroundings)])
  )
