import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Account } from "../../domain/Account.ts"
import type { Action } from "../../domain/session/Action.ts"
import type { Verdict } from "../../domain/session/Event.ts"
import { AccountsError } from "../accounts/Accounts.ts"
import type { Actor } from "./Actor.ts"

const unavailable: Verdict = { _tag: "Unavailable" }

type Ask = Effect.Effect<Account, AccountsError>

/**
 * Asks the accounts; answered by `LoginDecided`. Nobody hears of a login that its client did not wait for.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const authenticate = (
  actor: Actor,
  { name, password }: Extract<Action, { readonly _tag: "Authenticate" }>
): Effect.Effect<void> => {
  const { peer } = actor.state.settings
  return ask(actor, name, actor.house.accounts.authenticate({ name, password, peer }), true)
}

/**
 * Asks the accounts for whom a certificate names; answered by `LoginDecided`. A refusal is nobody's business: the password comes next.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const recognise = (
  actor: Actor,
  { name }: Extract<Action, { readonly _tag: "Recognise" }>
): Effect.Effect<void> => {
  const { peer } = actor.state.settings
  const known = actor.house.accounts.recognise?.({ name, peer })
  return ask(actor, name, known ?? Effect.fail(new AccountsError({ reason: "Refused" })), false)
}

const ask = (actor: Actor, name: string, account: Ask, tellsRefusal: boolean): Effect.Effect<void> => {
  const { peer } = actor.state.settings
  const told = (verdict: Verdict) => {
    const { id: session } = actor.client
    if (verdict._tag === "Refused" && !tellsRefusal) return verdict
    const at = actor.house.timers.unsafeNow()
    actor.house.unsafeTell(
      verdict._tag === "Welcome"
        ? { _tag: "LoggedIn", session, peer, at, account: verdict.account.name }
        : { _tag: "LoginRefused", session, peer, at, name, reason: verdict._tag }
    )
    return verdict
  }
  return actor.fork(
    account.pipe(
      Effect.match({
        onSuccess: (account): Verdict => ({ _tag: "Welcome", account }),
        onFailure: ({ reason }: AccountsError): Verdict => ({ _tag: reason })
      })
    ),
    (exit) => ({
      _tag: "LoginDecided",
      verdict: Exit.isInterrupted(exit) ? unavailable : told(Exit.getOrElse(exit, () => unavailable))
    })
  )
}
