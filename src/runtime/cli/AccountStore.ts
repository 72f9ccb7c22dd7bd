import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as AccountsFile from "../accounts/AccountsFile.ts"
import { ConfigError } from "../config/ConfigError.ts"
import * as Origin from "../config/Origin.ts"
import type { Resolved } from "../config/Resolved.ts"
import { settings } from "../config/Settings.ts"
import { quote } from "../observe/Printable.ts"
import * as StateFile from "../state/StateFile.ts"
import * as StateLock from "../state/StateLock.ts"
import { load, type Surroundings } from "./Load.ts"
import { warn } from "./Report.ts"
import type { Given } from "./SettingOptions.ts"

/** What a file of the configuration is to be called in an error. @since 0.1.0 @category rendering */
export const subject = ({ config, origins }: Resolved, key: "accounts" | "bans"): string =>
  Origin.subject(settings[key], origins[key], config[key])

/**
 * The configuration of a command that works on one of its files. Fails with `Missing` where none is named.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (
  key: "accounts" | "bans",
  given: Given,
  surroundings: Surroundings
): Effect.Effect<Resolved, ConfigError> =>
  Effect.filterOrFail(
    load(given, surroundings),
    ({ config }) => config[key] !== "",
    () => {
      const { flag, metavar, variable } = settings[key]
      const message = `${flag} is missing: expected ${flag} ${metavar}, ${variable}, or ${key} in a config file`
      return new ConfigError({ reason: "Missing", message })
    }
  )

/** What a file could not be used for, as the program tells it. @since 0.1.0 @category errors */
export const unusable =
  (resolved: Resolved, key: "accounts" | "bans") =>
  ({ detail }: StateFile.StateFileError): ConfigError =>
    new ConfigError({ reason: "File", message: `${subject(resolved, key)}: ${detail}` })

const broken = ({ message }: AccountsFile.AccountsFileError): ConfigError =>
  new ConfigError({ reason: "File", message })

const parse = (file: string, text: string): Either.Either<AccountsFile.Book, ConfigError> =>
  Either.mapLeft(
    AccountsFile.parse({ file, folder: Path.dirname(file), json: AccountsFile.isJson(file), text }),
    broken
  )

/**
 * The accounts of the file, for a command that shows them or is about to change them. `isNew` lets there be no file yet.
 *
 * @since 0.1.0
 * @category reading
 */
export const book = (resolved: Resolved, isNew = false): Effect.Effect<AccountsFile.Book, ConfigError> =>
  StateFile.load(resolved.config.accounts).pipe(
    Effect.tap(({ mode }) =>
      (mode & 0o044) === 0 ? Effect.void : warn(`${subject(resolved, "accounts")}: others may read it: chmod 600 it`)
    ),
    Effect.catchIf(
      ({ reason }) => isNew && reason === "NotFound",
      () => Effect.succeed({ text: "" })
    ),
    Effect.mapError(unusable(resolved, "accounts")),
    Effect.flatMap(({ text }) => parse(resolved.config.accounts, text))
  )

/**
 * Changes the accounts file, which must be in order before and after.
 *
 * @since 0.1.0
 * @category writing
 */
export const change = (
  resolved: Resolved,
  edit: (text: string, json: boolean) => Either.Either<string, ConfigError>
): Effect.Effect<void, ConfigError> => {
  const file = resolved.config.accounts
  return StateLock.update(file, (found = "") =>
    Either.gen(function* () {
      yield* parse(file, found)
      const text = yield* edit(found, AccountsFile.isJson(file))
      yield* parse(file, text)
      return text
    })
  ).pipe(Effect.mapError((error) => (error instanceof ConfigError ? error : unusable(resolved, "accounts")(error))))
}

/**
 * Fails where the accounts file of the configuration is broken; warns where others may read it, and of accounts that nobody can log in
 * to.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = (resolved: Resolved): Effect.Effect<void, ConfigError> => {
  const { accounts, tlsCert, tlsSelfSigned } = resolved.config
  if (accounts === "") return Effect.void
  const isOffered = tlsCert.length > 0 || tlsSelfSigned
  const isShut = ({ account: { tls = "none" } }: AccountsFile.Entry) => tls !== "none" && !isOffered
  return Effect.flatMap(book(resolved), (found) =>
    Effect.forEach(
      [...found.values()].filter(isShut),
      ({ account }) => warn(`account ${quote(account.name)} requires TLS, which is not offered`),
      { discard: true }
    )
  )
}

/** Node's own way to make the folders above too never ends below some file systems, such as `/proc`. */
const makeFolder = (folder: string): void => {
  const above = Path.dirname(folder)
  if (above !== folder && !Fs.existsSync(above)) makeFolder(above)
  Fs.mkdirSync(folder, { mode: 0o755 })
}

/**
 * Makes the folder an account is to see, where it is not there, and says so.
 *
 * @since 0.1.0
 * @category writing
 */
export const makeHome = (home: string): Effect.Effect<void, ConfigError> =>
  Effect.try({
    try: () => {
      const found = Fs.statSync(home, { throwIfNoEntry: false })
      if (found !== undefined && !found.isDirectory()) throw new Error("not a folder")
      if (found === undefined) makeFolder(home)
      return found === undefined
    },
    catch: (cause) => {
      const { code, message } = cause as NodeJS.ErrnoException
      const problem = code === "EACCES" || code === "EPERM" ? "permission denied" : (code ?? message)
      return new ConfigError({ reason: "Root", message: `--home ${quote(home)}: ${problem}` })
    }
  }).pipe(Effect.flatMap((made) => (made ? Console.log(`weft: created ${home}`) : Effect.void)))
