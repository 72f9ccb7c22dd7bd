import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Account from "../../domain/Account.ts"
import * as Rights from "../../domain/Rights.ts"

/**
 * Why a login was not decided in the client's favour: `Refused` is a verdict, `Limited` one about the moment, with the limit named in
 * `limit` for people, `Unavailable` the lack of one.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccountsError extends Schema.TaggedError<AccountsError>()("AccountsError", {
  reason: Schema.Literal("Refused", "Limited", "Unavailable"),
  limit: Schema.optional(Schema.String),
  cause: Schema.optional(Schema.Defect)
}) {}

/**
 * What a client gives to prove who it is; `peer` is its address.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly name: string
  readonly password: Redacted.Redacted<string>
  readonly peer: string
  /** The address has lately been wrong: where logins have to wait, others go first. */
  readonly suspect?: boolean
}

/**
 * A client that proved who it is by a certificate that is believed and has its name.
 *
 * @since 0.1.0
 * @category models
 */
export type Certified = Pick<Credentials, "name" | "peer">

/**
 * Who is welcomed with any password: `anybody` under any name, or `anonymous` alone.
 *
 * @since 0.1.0
 * @category models
 */
export const Passwordless = Schema.Literal("anybody", "anonymous")

/** @since 0.1.0 @category models */
export type Passwordless = typeof Passwordless.Type

/**
 * Who may log in. A host's own authentication is one layer of this.
 *
 * @since 0.1.0
 * @category tags
 */
export class Accounts extends Context.Tag("weft/Accounts")<
  Accounts,
  {
    /** May take its time: the session's login timeout bounds it. */
    readonly authenticate: (credentials: Credentials) => Effect.Effect<Account.Account, AccountsError>
    /** The account of a client whose certificate has this name and is believed. Absent: certificates open no accounts. */
    readonly recognise?: (who: Certified) => Effect.Effect<Account.Account, AccountsError>
    /**
     * Says of `authenticate`, for threads that cannot call it, whom it welcomes as `passwordless` does, whenever the `door` is open.
     * Absent: it has to be asked each time.
     */
    readonly passwordless?: Passwordless
    /** The memory of a `Door`, where that may change. Absent: it is always open. */
    readonly door?: SharedArrayBuffer
  }
>() {}

/**
 * The account of one who says to be nobody in particular (RFC 1635): `anonymous` or `ftp`, in any letter case; `undefined` for any
 * other name.
 *
 * @since 0.1.0
 * @category constructors
 */
export const anonymousAccount = (name: string): Account.Account | undefined =>
  /^(?:anonymous|ftp)$/i.test(name) ? Account.make(name.toLowerCase(), Rights.readOnly) : undefined

/**
 * The account that a name opens without a password, if it does; it may look and fetch.
 *
 * @since 0.1.0
 * @category constructors
 */
export const passwordless = (who: Passwordless, name: string): Account.Account | undefined =>
  who === "anybody" ? Account.make(name, Rights.readOnly) : anonymousAccount(name)

const layerPasswordless = (who: Passwordless): Layer.Layer<Accounts> =>
  Layer.succeed(
    Accounts,
    Accounts.of({
      authenticate: ({ name }) => {
        const account = passwordless(who, name)
        return account === undefined ? new AccountsError({ reason: "Refused" }) : Effect.succeed(account)
      },
      passwordless: who
    })
  )

/**
 * Welcomes any name with any password, and lets it look and fetch.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOpen: Layer.Layer<Accounts> = layerPasswordless("anybody")

/**
 * Welcomes `anonymous` and `ftp` with any password, lets them look and fetch, and refuses everybody else.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerAnonymous: Layer.Layer<Accounts> = layerPasswordless("anonymous")
