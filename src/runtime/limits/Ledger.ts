import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Account } from "../../domain/Account.ts"
import type { Amount } from "../../domain/limits/Quotas.ts"
import type { Certified, Credentials } from "../accounts/Accounts.ts"

/**
 * Why a login was not decided in the client's favour: `Refused` is a verdict, `Limited` one about the moment, with the limit named in
 * `limit` for people, `Unavailable` the lack of one.
 *
 * @since 0.1.0
 * @category errors
 */
export class LoginError extends Schema.TaggedError<LoginError>()("LoginError", {
  reason: Schema.Literal("Refused", "Limited", "Unavailable"),
  limit: Schema.optional(Schema.String)
}) {}

/**
 * A session that is logged in. The buckets belong to the account and are shared by all of its sessions on all threads (see
 * `domain/TokenBucket.ts`); `undefined` where its rate is not limited.
 *
 * @since 0.1.0
 * @category models
 */
export interface Welcome {
  readonly account: Account
  readonly upload: SharedArrayBuffer | undefined
  readonly download: SharedArrayBuffer | undefined
}

/**
 * Reserved room that is given back, and what has really changed in a home, more or less.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settlement {
  /** The home of the account it was done for, which the session may have left by now; "" where it has none of its own. */
  readonly home: string
  readonly reserved: Amount
  readonly changed: Amount
}

/**
 * The one set of books that every session on every thread is entered in: who is logged in how often, who guessed passwords, what quotas
 * are used. One owner keeps it, on the main thread, one entry at a time, so that no limit can be passed by two at once. What no limit
 * depends on may be decided elsewhere; see `LedgerLocal`.
 *
 * @since 0.1.0
 * @category tags
 */
export class Ledger extends Context.Tag("weft/Ledger")<
  Ledger,
  {
    /**
     * Asks who somebody is and whether they may come in now. May take its time: wrong passwords are answered late. `session` is the
     * session's number; an earlier login of it is over.
     */
    readonly login: (session: number, credentials: Credentials) => Effect.Effect<Welcome, LoginError>
    /**
     * As `login`, where the answer is a welcome that needs nobody to be asked; `undefined`, and nothing was entered, where `login` has to
     * decide. Absent: it always has.
     */
    readonly unsafeLogin?: (session: number, credentials: Credentials) => Welcome | undefined
    /** Whether the owner of the books may know the session; where this is absent, it does. */
    readonly unsafeIsKnown?: (session: number) => boolean
    /** As `login`, for whom a certificate names: where the accounts do not know it, that is `Refused` and no guess. */
    readonly recognise: (session: number, who: Certified) => Effect.Effect<Welcome, LoginError>
    /** The session is logged out, and what it had reserved is free again. Harmless when repeated. */
    readonly unsafeLogout: (session: number) => void
    /**
     * Reserves room in the quota of the session's account; `false` where that is used up. Always granted where there is no quota.
     * `measure` finds out what the account's home holds; it is run at most once for all sessions of a home, if nobody knows yet. Where
     * it is `patient`, and only what others have reserved is in the way, the one that has most waits until they have settled.
     */
    readonly reserve: (
      session: number,
      amount: Amount,
      measure: Effect.Effect<Amount>,
      patient?: boolean
    ) => Effect.Effect<boolean>
    /** Also from sessions without a quota: others may have one for the same home. */
    readonly unsafeSettle: (session: number, settlement: Settlement) => void
    /** What the home of the session's account holds, where it has a quota; `undefined` otherwise. */
    readonly usage: (session: number, measure: Effect.Effect<Amount>) => Effect.Effect<Amount | undefined>
  }
>() {}
