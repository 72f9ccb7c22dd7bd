import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Action } from "../../domain/session/Action.ts"
import type { Verdict } from "../../domain/session/Event.ts"
import * as Security from "../../domain/session/Security.ts"
import { LoginError, type Welcome } from "../limits/Ledger.ts"
import type { Actor } from "./Actor.ts"

const unavailable: Verdict = { _tag: "Unavailable" }

/**
 * As `unsafeAuthenticate`, where the ledger needs to ask nobody and there is no home to open; `false`, and nothing was done, where it is not
 * so.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeWelcome = (
  actor: Actor,
  { name, password }: Extract<Action, { readonly _tag: "Authenticate" }>
): boolean => {
  const { client, house, lodging, state } = actor
  const welcome = house.ledger.unsafeLogin?.(client.id, { name, password, peer: state.settings.peer })
  if (welcome === undefined || welcome.account.home !== undefined || Security.isInClear(state, welcome.account)) {
    return false
  }
  lodging.unsafeKnock()
  lodging.welcome = welcome
  const verdict: Verdict = { _tag: "Welcome", account: welcome.account }
  tell(actor, name, verdict)
  actor.unsafeTell({ _tag: "LoginDecided", verdict })
  return true
}

/**
 * Asks the ledger, and opens the account's home; answered by `LoginDecided`. Nobody hears of a login that its client did not wait for.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeAuthenticate = (actor: Actor, action: Extract<Action, { readonly _tag: "Authenticate" }>): void => {
  if (unsafeWelcome(actor, action)) return
  const { client, house, state } = actor
  const { name, password } = action
  decide(actor, name, house.ledger.login(client.id, { name, password, peer: state.settings.peer }), true)
}

/**
 * As `unsafeAuthenticate`, for whom a certificate names. A refusal is nobody's business: the password comes next.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeRecognise = (actor: Actor, { name }: Extract<Action, { readonly _tag: "Recognise" }>): void => {
  const { client, house, state } = actor
  decide(actor, name, house.ledger.recognise(client.id, { name, peer: state.settings.peer }), false)
}

const decide = (actor: Actor, name: string, login: Effect.Effect<Welcome, LoginError>, tellsRefusal: boolean): void => {
  const { lodging } = actor
  lodging.unsafeKnock()
  const decided = Effect.flatMap(login, (welcome): Effect.Effect<Verdict, LoginError> => {
    const { account } = welcome
    // Only who knows the password learns that TLS is what is missing.
    if (Security.isInClear(actor.state, account)) return Effect.succeed({ _tag: "InClear" })
    return Effect.as(enter(actor, welcome), { _tag: "Welcome", account })
  }).pipe(Effect.catchAll((error) => Effect.succeed(toVerdict(error))))
  actor.unsafeStart(decided, (exit) => {
    const verdict = Exit.getOrElse(exit, () => unavailable)
    if (verdict._tag !== "Welcome") lodging.unsafeLeave()
    const isTold = !Exit.isInterrupted(exit) && (tellsRefusal || verdict._tag !== "Refused")
    if (isTold) tell(actor, name, verdict)
    return { _tag: "LoginDecided", verdict }
  })
}

const enter = (actor: Actor, welcome: Welcome): Effect.Effect<void, LoginError> =>
  actor.lodging.enter(welcome).pipe(
    Effect.tapError((cause) =>
      Effect.annotateLogs(Effect.logWarning("the home of an account cannot be opened"), {
        session: actor.client.id,
        peer: actor.state.settings.peer,
        account: welcome.account.name,
        home: welcome.account.home,
        reason: cause.reason
      })
    ),
    Effect.mapError(() => new LoginError({ reason: "Unavailable" }))
  )

const toVerdict = ({ limit, reason }: LoginError): Verdict =>
  reason === "Limited" ? { _tag: reason, reason: limit ?? "Too many logins; try again later." } : { _tag: reason }

const tell = (actor: Actor, name: string, verdict: Verdict) => {
  const { id: session } = actor.client
  const at = actor.house.timers.unsafeNow()
  const event = { session, peer: actor.state.settings.peer, at }
  switch (verdict._tag) {
    case "Welcome":
      return actor.house.unsafeTell({ _tag: "LoggedIn", ...event, account: verdict.account.name })
    case "Limited":
      return actor.house.unsafeTell({
        _tag: "LoginRefused",
        ...event,
        name,
        reason: verdict._tag,
        limit: verdict.reason
      })
    default:
      return actor.house.unsafeTell({ _tag: "LoginRefused", ...event, name, reason: verdict._tag })
  }
}
