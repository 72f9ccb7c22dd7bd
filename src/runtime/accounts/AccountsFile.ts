import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { toStringUnknown } from "effect/Inspectable"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type * as Account from "../../domain/Account.ts"
import { readOnly } from "../../domain/Permission.ts"
import { didYouMean } from "../config/Suggest.ts"
import { quote } from "../observe/Printable.ts"
import * as StateFile from "../state/StateFile.ts"
import * as Fields from "./AccountFields.ts"
import { AccountEntry, AccountsContents, Limits } from "./AccountsSchema.ts"
import * as Located from "./Located.ts"
import type { Password } from "./Password.ts"

/**
 * Why an accounts file cannot be used, as one line: its name, and for `Invalid` the line, the account and the field, what was found
 * there and what was expected.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccountsFileError extends Schema.TaggedError<AccountsFileError>()("AccountsFileError", {
  reason: Schema.Literal("Unreadable", "Invalid"),
  message: Schema.String
}) {}

/** One account with what proves it. @since 0.1.0 @category models */
export interface Entry {
  readonly account: Account.Account
  readonly password: Password
  readonly disabled: boolean
  /** Whether a client certificate with its name opens it too. */
  readonly certificate: boolean
}

/** An accounts file that holds together, by name and in its order. @since 0.1.0 @category models */
export type Book = ReadonlyMap<string, Entry>

const limitsOf = (limits: AccountEntry["limits"] = {}): Account.Limits =>
  Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit > 0))

const entryOf = (found: AccountEntry, folder: string): Entry => ({
  account: {
    name: found.name,
    ...(found.home === undefined ? {} : { home: Path.resolve(folder, found.home) }),
    rights: {
      permissions: found.permissions ?? readOnly,
      prefixes: Object.entries(found.paths ?? {}).flatMap(([text, permissions]) =>
        Option.match(Fields.prefix(text), { onNone: () => [], onSome: (path) => [{ path, permissions }] })
      ),
      denied: found.denied ?? []
    },
    limits: limitsOf(found.limits),
    ...(found.tls === undefined ? {} : { tls: found.tls })
  },
  password: found.password,
  disabled: found.disabled ?? false,
  certificate: found.certificate ?? false
})

const known = (path: ReadonlyArray<PropertyKey>): ReadonlyArray<string> => {
  if (path.length === 1) return Object.keys(AccountsContents.fields)
  return Object.keys(path.length === 3 ? AccountEntry.fields : Limits.fields)
}

const at = (value: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (found, step) =>
      typeof found === "object" && found !== null && Object.hasOwn(found, step)
        ? (found as Record<PropertyKey, unknown>)[step]
        : undefined,
    value
  )

const owner = (value: unknown, path: ReadonlyArray<PropertyKey>): string => {
  if (path.length < 2) return ""
  const name = at(value, [...path.slice(0, 2), "name"])
  return `account ${typeof name === "string" ? quote(name) : Number(path[1]) + 1}: `
}

/** A hash is nothing to be shown. */
const shown = (value: unknown, field: string): string =>
  field === "password" || value === undefined ? "" : ` ${quote(toStringUnknown(value, 0))}`

/** A field may be missing because another is misspelt: then that is what to tell. */
const rank = ({ _tag }: ParseResult.ArrayFormatterIssue): number => (_tag === "Missing" ? 1 : 0)

const describe = (value: unknown, { _tag, message, path }: ParseResult.ArrayFormatterIssue): string => {
  const field = path
    .slice(path.length > 1 ? 2 : 0)
    .map(String)
    .join(".")
  const whose = owner(value, path)
  if (_tag === "Unexpected") {
    return `${whose}unknown field ${quote(field)}${didYouMean(String(path.at(-1)), known(path))}`
  }
  if (_tag === "Missing") return `${whose}${field} is missing`
  const subject = `${whose}${quote(field)}${shown(at(value, path), field)}`
  return message.startsWith("expected") && field !== ""
    ? `${subject}: ${message}`
    : `${field === "" ? whose : `${subject} `}${message}`
}

/**
 * Reads the text of an accounts file. `file` is the name that errors bear, `folder` what a relative home starts from. Fails on the
 * first thing wrong, and on a name that promises TOML.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (options: {
  readonly file: string
  readonly folder: string
  readonly json: boolean
  readonly text: string
}): Either.Either<Book, AccountsFileError> => {
  const invalid = (line: number, problem: string) =>
    Either.left(new AccountsFileError({ reason: "Invalid", message: `${quote(options.file)}:${line}: ${problem}` }))
  if (Path.extname(options.file).toLowerCase() === ".toml") {
    const message = `${quote(options.file)}: accounts are kept as YAML or JSON, not as TOML`
    return Either.left(new AccountsFileError({ reason: "Invalid", message }))
  }
  const located = Located.parse(options.text, options.json)
  if ("problem" in located) return invalid(located.line, located.problem)
  if (located.value === null) return Either.right(new Map())
  const isBare = at(located.value, ["accounts"]) === null
  const value = isBare ? { ...located.value, accounts: [] } : located.value
  const decoded = Schema.decodeUnknownEither(AccountsContents)(value)
  if (Either.isRight(decoded)) {
    const entries = decoded.right.accounts.map((found) => entryOf(found, options.folder))
    return Either.right(new Map(entries.map((entry) => [entry.account.name, entry])))
  }
  const [first] = ParseResult.ArrayFormatter.formatErrorSync(decoded.left)
    .map((issue) => ({ issue, line: located.line(issue.path) }))
    .sort((a, b) => rank(a.issue) - rank(b.issue) || a.line - b.line)
  return first === undefined ? invalid(1, "cannot be used") : invalid(first.line, describe(located.value, first.issue))
}

/** Whether a file of this name is read as JSON; every other one is YAML. @since 0.1.0 @category predicates */
export const isJson = (file: string): boolean => Path.extname(file).toLowerCase() === ".json"

/**
 * Reads an accounts file and says whether anybody but its owner may read it. Fails with `Unreadable` or `Invalid`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (
  file: string
): Effect.Effect<{ readonly book: Book; readonly text: string; readonly isOpen: boolean }, AccountsFileError> =>
  Effect.gen(function* () {
    const { mode, text } = yield* Effect.mapError(
      StateFile.load(file),
      ({ detail }) => new AccountsFileError({ reason: "Unreadable", message: `${quote(file)}: ${detail}` })
    )
    const book = yield* parse({ file, folder: Path.dirname(Path.resolve(file)), json: isJson(file), text })
    return { book, text, isOpen: (mode & 0o044) !== 0 }
  })
