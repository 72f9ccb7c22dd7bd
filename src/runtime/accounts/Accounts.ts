import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { Account } from "../../domain/Account.ts"
import { readOnly } from "../../domain/Permission.ts"

/**
 * Why a login was not decided in the client's favour: `Refused` is a verdict, `Unavailable` the lack of one.
 *
 * @since 0.1.0
 * @category errors
 */
export class AccountsError extends Schema.TaggedError<AccountsError>()("AccountsError", {
  reason: Schema.Literal("Refused", "Unavailable"),
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
}

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
    readonly authenticate: (credentials: Credentials) => Effect.Effect<Account, AccountsError>
    /** The account of a client whose certificate has this name and is believed. Absent: certificates open no accounts. */
    readonly recognise?: (who: Pick<Credentials, "name" | "peer">) => Effect.Effect<Account, AccountsError>
  }
>() {}

/**
 * Welcomes any name with any password, and lets it look and fetch.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerOpen: Layer.Layer<Accounts> = Layer.succeed(
  Accounts,
  Accounts.of({
    authenticate: ({ name }) => Effect.succeed({ name, permissions: readOnly }),
    recognise: ({ name }) => Effect.succeed({ name, permissions: readOnly })
  })
)
