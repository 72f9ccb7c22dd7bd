import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Action } from "../../domain/session/Action.ts"
import type { Verdict } from "../../domain/session/Event.ts"
import type { AccountsError } from "../accounts/Accounts.ts"
import type { Actor } from "./Actor.ts"

const unavailable: Verdict = { _tag: "Unavailable" }

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
  const told = (verdict: Verdict) => {
    const { id: session } = actor.client
    const at = actor.house.timers.unsafeNow()
    actor.house.unsafeTell(
      verdict._tag === "Welcome"
        ? { _tag: "LoggedIn", session, peer, at, account: verdict.account.name }
        : { _tag: "LoginRefused", session, peer, at, name, reason: verdict._tag }
    )
    return verdict
  }
  return actor.fork(
    actor.house.accounts.authenticate({ name, password, peer }).pipe(
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
