import * as Schema from "effect/Schema"
import { Rights } from "./Rights.ts"

const count = Schema.NonNegativeInt
const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/**
 * What an account may use up; what is absent is not limited by the account. Sizes are bytes, rates bytes a second.
 *
 * @since 0.1.0
 * @category models
 */
export const Limits = Schema.Struct({
  /** Sessions logged in at once. */
  sessions: optional(count),
  /** Of all its transfers together. */
  uploadRate: optional(count),
  downloadRate: optional(count),
  /** Of one file. */
  uploadSize: optional(count),
  /** Everything below its home, whoever put it there. */
  quotaBytes: optional(count),
  quotaFiles: optional(count)
})

/** @since 0.1.0 @category models */
export type Limits = typeof Limits.Type

/** No limit at all. @since 0.1.0 @category constants */
export const unlimited: Limits = {}

/**
 * What of a session must not be in clear: nothing, its login, or its login and its data.
 *
 * @since 0.1.0
 * @category models
 */
export const TlsPolicy = Schema.Literal("none", "login", "data")

/** @since 0.1.0 @category models */
export type TlsPolicy = typeof TlsPolicy.Type

/**
 * Who is logged in, where their files are and what they may do.
 *
 * @since 0.1.0
 * @category models
 */
export const Account = Schema.Struct({
  name: Schema.String,
  /** What the storage calls the tree that the account sees as "/"; absent, it is the storage's own. */
  home: optional(Schema.String),
  rights: Rights,
  limits: Limits,
  /** What is asked of it beyond what the server asks of everybody. */
  tls: optional(TlsPolicy)
})

/** @since 0.1.0 @category models */
export type Account = typeof Account.Type

/** An account without limits or a home of its own. @since 0.1.0 @category constructors */
export const make = (name: string, rights: Rights): Account => ({ name, rights, limits: unlimited })
