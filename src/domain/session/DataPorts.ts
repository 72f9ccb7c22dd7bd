import * as ActiveTarget from "../ActiveTarget.ts"
import * as HostPort from "../HostPort.ts"
import * as Reply from "../Reply.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"
import { type DataPlan, type State, working } from "./State.ts"

const passive: DataPlan = { _tag: "Passive" }

const afterEpsvAll = Reply.badSequence("EPSV ALL was given: only EPSV is taken.")

const refusals = {
  Foreign: Reply.badParameter("The data connection goes to your own address only."),
  Privileged: Reply.badParameter("The data connection goes to ports from 1024 up only.")
} as const

const active = (state: State, named: HostPort.HostPort): Decision.Decision => {
  if (state.epsvAll) return Decision.say(state, afterEpsvAll)
  const target = ActiveTarget.meant(named, state.settings.peer)
  const refusal = ActiveTarget.refuse(target, state.settings.peer, state.settings)
  if (refusal !== undefined) return Decision.say(state, refusals[refusal])
  const next: State = { ...state, data: { _tag: "Active", target } }
  return { state: next, replies: [Reply.ok("Port noted.")], actions: [{ _tag: "DropData" }] }
}

const listen = (state: State, command: "PASV" | "EPSV"): Decision.Decision =>
  Decision.act(working(state, { _tag: "OpeningPassive", command }, undefined), { _tag: "OpenPassive", command })

/**
 * Where data flows: PORT and PASV (RFC 959 section 4.1.2), EPRT and EPSV (RFC 2428).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"PORT" | "PASV" | "EPRT" | "EPSV"> = {
  PORT: active,
  EPRT: (state, target) =>
    target === "UnsupportedProtocol" ? Decision.say(state, Reply.unsupportedProtocol) : active(state, target),
  PASV: (state) => (state.epsvAll ? Decision.say(state, afterEpsvAll) : listen(state, "PASV")),
  EPSV: (state, choice) => {
    if (choice === "ALL") return Decision.say({ ...state, epsvAll: true }, Reply.ok("EPSV only from now on."))
    const spoken = state.settings.peer.includes(":") ? 2 : 1
    return choice === null || choice === spoken
      ? listen(state, "EPSV")
      : Decision.say(state, Reply.make(522, `Network protocol not supported, use (${spoken})`))
  }
}

/**
 * The passive port is there: say where.
 *
 * @since 0.1.0
 * @category events
 */
export const opened = (state: State, command: "PASV" | "EPSV", host: HostPort.HostPort): Decision.Decision =>
  Decision.say(
    working(state, undefined, passive),
    command === "PASV"
      ? Reply.make(227, `Entering Passive Mode (${HostPort.printPort(host)}).`)
      : Reply.make(229, `Entering Extended Passive Mode (|||${host.port}|)`)
  )

/**
 * There is no passive port to be had.
 *
 * @since 0.1.0
 * @category events
 */
export const failed = (state: State, reason: string): Decision.Decision =>
  Decision.say({ ...state, work: undefined }, Reply.noDataConnection(reason))
