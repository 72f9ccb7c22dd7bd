import type { Account, TlsPolicy } from "../Account.ts"
import type { Verb } from "../Command.ts"
import * as Reply from "../Reply.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"
import { initial, type Protection, type State, unprotected } from "./State.ts"

const mechanisms: Readonly<Record<string, Protection["data"]>> = { TLS: "C", "TLS-C": "C", SSL: "P", "TLS-P": "P" }

const withTls =
  <A>(verb: Verb, handle: (state: State, argument: A) => Decision.Decision) =>
  (state: State, argument: A): Decision.Decision =>
    state.settings.tls === undefined ? Decision.say(state, Reply.notOffered(verb)) : handle(state, argument)

const protect = (state: State, data: Protection["data"]): Decision.Decision =>
  Decision.say(
    { ...state, protection: { ...state.protection, data } },
    Reply.ok(data === "P" ? "Data connections are protected." : "Data connections are in clear.")
  )

/**
 * TLS for the control connection and for data: AUTH, PBSZ, PROT, CCC (RFC 2228, RFC 4217). AUTH throws away what waits behind it: it
 * came in clear, and may be somebody else's. So does CCC, where it is allowed: what counts next is what comes in clear.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"AUTH" | "PBSZ" | "PROT" | "CCC"> = {
  AUTH: withTls("AUTH", (state, mechanism: string) => {
    const data = mechanisms[mechanism.trim().toUpperCase()]
    if (data === undefined) return Decision.say(state, Reply.badParameter("AUTH TLS is offered."))
    if (state.protection.control) return Decision.say(state, Reply.badSequence("TLS is on already."))
    return {
      state: { ...state, data: undefined, deferred: [], work: { _tag: "Securing", data } },
      replies: [Reply.securing],
      actions: [{ _tag: "DropData" }, { _tag: "StartTls", follows: state.deferred.length === 0 }]
    }
  }),
  PBSZ: withTls("PBSZ", (state) =>
    state.protection.control
      ? Decision.say({ ...state, protection: { ...state.protection, sized: true } }, Reply.ok("PBSZ=0"))
      : Decision.say(state, Reply.badSequence("Give AUTH TLS first."))
  ),
  PROT: withTls("PROT", (state, level: string) => {
    if (!state.protection.sized) return Decision.say(state, Reply.badSequence("Give PBSZ 0 first."))
    switch (level.trim().toUpperCase()) {
      case "P":
        return protect(state, "P")
      case "C":
        return isAsked(state, "data")
          ? Decision.say(state, Reply.policy("Data connections must be protected: PROT P."))
          : protect(state, "C")
      case "S":
      case "E":
        return Decision.say(state, Reply.make(536, "With TLS the levels are C and P."))
      default:
        return Decision.say(state, Reply.badParameter("The levels are C and P."))
    }
  }),
  CCC: withTls("CCC", (state) => {
    if (!state.protection.control) return Decision.say(state, Reply.make(533, "The control connection is in clear."))
    if (!mayClear(state)) return Decision.say(state, Reply.policy("The control connection stays protected."))
    return {
      state: { ...state, deferred: [], work: { _tag: "Clearing" } },
      replies: [Reply.ok("The control connection is in clear from here on.")],
      actions: [{ _tag: "EndTls" }]
    }
  })
}

/** The implicit port is one where nothing is in clear. */
const mayClear = (state: State): boolean => {
  const { ccc, implicit } = state.settings.tls ?? { ccc: "never", implicit: false }
  if (implicit || ccc === "never") return false
  return ccc === "always" || !(isAsked(state, "login") || isAsked(state, "data"))
}

/** Whether the server asks it of everybody, or the account of itself. */
const isAsked = ({ account, settings }: State, policy: TlsPolicy): boolean =>
  settings.tls?.required === policy || account?.tls === policy

const moving: ReadonlySet<Verb> = new Set<Verb>(["RETR", "STOR", "STOU", "APPE", "LIST", "NLST", "MLSD"])

/**
 * What the policy has against a command as things stand: a login in clear, or data in clear (RFC 4217 section 9). What an account
 * asks for itself is found out by its login, see {@link isInClear}.
 *
 * @since 0.1.0
 * @category gates
 */
export const refusal = (state: State, verb: Verb): Reply.Reply | undefined => {
  const { protection, settings } = state
  const isLogin = verb === "USER" || verb === "PASS"
  if (isLogin && !protection.control && (settings.tls?.required ?? "none") !== "none") return Reply.needTls
  return protection.data === "C" && isAsked(state, "data") && moving.has(verb) ? Reply.needProtectedData : undefined
}

/** Whether an account asks for TLS and its login came without. @since 0.1.0 @category predicates */
export const isInClear = ({ protection }: State, { tls = "none" }: Account): boolean =>
  tls !== "none" && !protection.control

/** Begins a session whose port has TLS from the first byte on. @since 0.1.0 @category events */
export const implicit = (state: State): Decision.Decision =>
  Decision.act({ ...state, work: { _tag: "Securing", data: "P" } }, { _tag: "StartTls", follows: true })

/**
 * TLS is on: whatever was said before in clear counts no more (RFC 2228 section 3, AUTH).
 *
 * @since 0.1.0
 * @category events
 */
export const secured = (state: State, data: Protection["data"], certificate: string | undefined): Decision.Decision => {
  const { draining, epsvAll, failedLogins, settings } = state
  const protection: Protection = { control: true, sized: data === "P", data, certificate, fresh: true }
  const next: State = { ...initial(settings), draining, epsvAll, failedLogins, protection }
  return settings.tls?.implicit === true ? Decision.say(next, Reply.ready(settings.greeting)) : Decision.stay(next)
}

/**
 * TLS is off the control connection. Data stays as protected as it was; PBSZ and PROT want TLS again, so that nobody can change that in
 * clear, and a certificate names nobody any more.
 *
 * @since 0.1.0
 * @category events
 */
export const cleared = (state: State): Decision.Decision =>
  Decision.stay({ ...state, work: undefined, protection: { ...unprotected, data: state.protection.data } })

/**
 * REIN leaves TLS on the control connection and takes back what was agreed on for data.
 *
 * @since 0.1.0
 * @category conversions
 */
export const afterRein = ({ protection, settings }: State): Protection =>
  settings.tls?.implicit === true ? protection : { ...protection, sized: false, data: "C" }
