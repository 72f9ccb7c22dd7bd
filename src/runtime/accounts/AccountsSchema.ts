import * as Schema from "effect/Schema"
import * as Fields from "./AccountFields.ts"

const optional = <A, I, R>(schema: Schema.Schema<A, I, R>) => Schema.optionalWith(schema, { exact: true })

const expecting = (expected: string) => ({ message: () => `expected ${expected}` })

/**
 * What an account may use up, as the accounts file has it. `none`, or nothing, is no limit.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Limits = Schema.Struct({
  sessions: optional(Fields.sessions.native),
  uploadRate: optional(Fields.bytes.native),
  downloadRate: optional(Fields.bytes.native),
  uploadSize: optional(Fields.bytes.native),
  quotaBytes: optional(Fields.bytes.native),
  quotaFiles: optional(Fields.files.native)
}).annotations(expecting("limits such as { sessions: 4, quotaBytes: 10GiB }"))

/**
 * One account of the file.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AccountEntry = Schema.Struct({
  name: Fields.name.text,
  password: Fields.password,
  home: optional(Fields.home.text),
  permissions: optional(Fields.permissions.native),
  paths: optional(Fields.paths),
  denied: optional(Fields.denied),
  disabled: optional(Fields.truth.native),
  certificate: optional(Fields.truth.native),
  tls: optional(Fields.tls.native),
  limits: optional(Limits)
}).annotations(expecting("an account with a name and a password"))

/** @since 0.1.0 @category schemas */
export type AccountEntry = typeof AccountEntry.Type

/**
 * The whole file. No other field may be there, and no name twice.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AccountsContents = Schema.Struct({
  accounts: Schema.Array(AccountEntry)
    .annotations(expecting("a list of accounts"))
    .pipe(
      Schema.filter((accounts) => {
        const seen = new Set<string>()
        return accounts.flatMap(({ name }, index) => {
          if (seen.has(name)) return [{ path: [index, "name"], message: "is given twice" }]
          seen.add(name)
          return []
        })
      })
    )
}).annotations({
  identifier: "weft/AccountsFile",
  ...expecting('accounts, as in "accounts: []"'),
  parseOptions: { onExcessProperty: "error", errors: "all" }
})
