import * as Either from "effect/Either"
import * as Command from "../Command.ts"
import * as Reply from "../Reply.ts"
import * as Access from "./Access.ts"
import * as Attributes from "./Attributes.ts"
import * as DataPorts from "./DataPorts.ts"
import * as Decision from "./Decision.ts"
import * as Digests from "./Digests.ts"
import type { Event } from "./Event.ts"
import * as Files from "./Files.ts"
import * as Gate from "./Gate.ts"
import * as Greeting from "./Greeting.ts"
import type { Handlers } from "./Handlers.ts"
import * as Information from "./Information.ts"
import * as Parameters from "./Parameters.ts"
import * as Room from "./Room.ts"
import * as Security from "./Security.ts"
import type { Received, State, Transferring } from "./State.ts"
import * as Transfers from "./Transfers.ts"
import * as Writing from "./Writing.ts"

const handlers: Handlers<Command.Verb> = {
  ...Access.handlers,
  ...Parameters.handlers,
  ...DataPorts.handlers,
  ...Transfers.handlers,
  ...Files.handlers,
  ...Information.handlers,
  ...Greeting.handlers,
  ...Security.handlers,
  ...Writing.handlers,
  ...Attributes.handlers,
  ...Digests.handlers,
  ...Room.handlers
}

/**
 * The whole conversation, with no socket in sight: what follows when `event` happens to a session in `state`. Total; every
 * command gets exactly one final reply, in the order of the commands, and nothing follows 221 or 421.
 *
 * @since 0.1.0
 * @category transitions
 */
export const step = (state: State, event: Event): Decision.Decision =>
  state.closed ? Decision.stay(state) : settle(decide(state, event))

const decide = (state: State, event: Event): Decision.Decision => {
  const { work } = state
  switch (event._tag) {
    case "Started":
      return state.settings.tls?.implicit === true
        ? Security.implicit(state)
        : Decision.say(state, Reply.ready(state.settings.greeting))
    case "LineRead":
      return work === undefined ? answer(state, event.line) : meanwhile(state, work, event.line)
    case "LoginDecided":
      return work?._tag === "LoggingIn" ? Access.decided(state, work, event.verdict) : Decision.stay(state)
    case "Secured":
      return work?._tag === "Securing" ? Security.secured(state, work.data, event.certificate) : Decision.stay(state)
    case "Cleared":
      return work?._tag === "Clearing" ? Security.cleared(state) : Decision.stay(state)
    case "SecuringFailed":
      return work?._tag === "Securing" || work?._tag === "Clearing" ? Decision.close(state) : Decision.stay(state)
    case "PassiveOpened":
      return work?._tag === "OpeningPassive" ? DataPorts.opened(state, work.command, event.host) : Decision.stay(state)
    case "PassiveFailed":
      return work?._tag === "OpeningPassive" ? DataPorts.failed(state, event.reason) : Decision.stay(state)
    case "Answered":
      return work?._tag === "Asking" ? Files.answered(state, work.question, event.answer) : Decision.stay(state)
    case "Changed":
      return work?._tag === "Changing" ? Writing.changed(state, work.done, event.result) : Decision.stay(state)
    case "Digested":
      return work?._tag === "Digesting" ? Digests.digested(state, work, event.result) : Decision.stay(state)
    case "Measured":
      return work?._tag === "Measuring" ? Room.measured(state, work.report, event.result) : Decision.stay(state)
    case "StatusListed":
      return work?._tag === "ListingStatus" ? Information.statusListed(state, event.ended) : Decision.stay(state)
    case "Progress":
      return Decision.say(state, Reply.make(211, "Status", ...event.lines, "End of status"))
    case "TransferOpened":
      return work?._tag === "Transferring"
        ? Transfers.opened(state, work, event.size, event.name)
        : Decision.stay(state)
    case "TransferEnded":
      return work?._tag === "Transferring" ? Transfers.ended(state, work, event.outcome) : Decision.stay(state)
    case "TimedOut":
      return Decision.close(
        state,
        Reply.closing(event.timer === "Login" ? "Login took too long." : "Idle for too long.")
      )
    case "Flooded":
      return work === undefined ? Decision.close(state, Reply.closing(event.limit)) : Decision.stay(state)
    case "DrainRequested":
      return Decision.stay({ ...state, draining: true })
  }
}

/** With nothing left to wait for, the next deferred line has its turn, or a drained session ends. */
const settle = (decision: Decision.Decision): Decision.Decision => {
  let settled = decision
  while (settled.state.work === undefined && !settled.state.closed) {
    const { state } = settled
    if (state.draining) return Decision.andThen(settled, Decision.close(state, Reply.closing("Server going down.")))
    if (state.deferred.length === 0) return settled
    const [line, ...deferred] = state.deferred
    if (line === undefined) return settled
    settled = Decision.andThen(settled, answer({ ...state, deferred }, line))
  }
  return settled
}

/** What serves the next command only, and the two that set it at once; RNFR's name is there when storage has answered. */
const unmarked = { restart: 0, range: undefined } as const
const sets: { readonly [V in Command.Verb]?: keyof typeof unmarked } = { REST: "restart", RANG: "range" }

/**
 * What sets up a transfer and is none: clients say it between REST, RANG or SIZE and the command that those are for, and a marker lost
 * there would make a whole file of the rest of one.
 */
const settingUp: ReadonlySet<Command.Verb> = new Set(["PASV", "EPSV", "PORT", "EPRT", "TYPE"])

/**
 * A line's turn has come. Whatever it is, it uses up what was left for it, unless it sets that anew or only sets up a transfer. RFC
 * 3659 section 5.3 leaves it to the server what becomes of a marker that is not followed by its transfer at once.
 */
const answer = (before: State, line: Received): Decision.Decision => {
  const { protection } = before
  // A browser or a mail client that was led here: what it says next is somebody's secret, not a command.
  if (protection.fresh && Either.isLeft(line) && line.left._tag === "Foreign") {
    return Decision.close(before, Reply.closing("This is FTP."))
  }
  const state = protection.fresh ? { ...before, protection: { ...protection, fresh: false } } : before
  const decision = Either.isRight(line)
    ? admit(state, line.right)
    : Decision.say(state, replyToBadLine(state, line.left))
  const { range, renaming, restart } = decision.state
  const isMarked = restart !== 0 || range !== undefined || renaming !== undefined || decision.state.sized !== undefined
  if (!isMarked) return decision
  const set = Either.isRight(line) ? sets[line.right._tag] : undefined
  if (Either.isRight(line) && settingUp.has(line.right._tag)) {
    return renaming === undefined ? decision : { ...decision, state: { ...decision.state, renaming: undefined } }
  }
  const kept = set === undefined ? {} : { [set]: decision.state[set] }
  return { ...decision, state: { ...decision.state, ...unmarked, ...kept, renaming: undefined, sized: undefined } }
}

/** Through the gate to the handler, or the gate's own answer. */
const admit = (state: State, command: Command.Command): Decision.Decision => {
  const paths = Gate.admit(state, command)
  return Either.isLeft(paths)
    ? Decision.say(state, paths.left)
    : handlers[command._tag](state, command.argument as never, ...paths.right)
}

type BadLine = Either.Either.Left<Received>

const replyToBadLine = (state: State, line: BadLine): Reply.Reply => {
  switch (line._tag) {
    case "TooLong":
      return Reply.lineTooLong
    case "Unknown":
    case "Foreign":
      return Reply.unknownCommand
    case "NotOffered":
      return Reply.notOffered(line.verb)
    case "BadSyntax":
      return state.account === undefined && Command.rowOf(line.verb).beforeLogin !== true
        ? Reply.notLoggedIn
        : Reply.syntaxError(Command.syntax(line.verb))
  }
}

/** A line while the session waits for something: it is heard at once only if nobody is ahead of it. */
const meanwhile = (state: State, work: NonNullable<State["work"]>, line: Received): Decision.Decision => {
  const command = Either.isRight(line) ? line.right : undefined
  if (work._tag === "Transferring") {
    if (work.quitting)
      return command?._tag === "ABOR" ? Decision.act(state, { _tag: "CancelTransfer" }) : Decision.stay(state)
    if (state.deferred.length === 0 && !work.aborting && command !== undefined) {
      const heard = duringTransfer(state, work, command)
      if (heard !== undefined) return heard
    }
  }
  const next: State = { ...state, deferred: [...state.deferred, line] }
  return command?._tag === "ABOR" && work._tag === "Transferring"
    ? Decision.act(next, { _tag: "CancelTransfer" })
    : Decision.stay(next)
}

const duringTransfer = (state: State, work: Transferring, command: Command.Command): Decision.Decision | undefined => {
  if (Command.rowOf(command._tag).duringTransfer !== true) return undefined
  switch (command._tag) {
    case "NOOP":
      return handlers.NOOP(state, command.argument, state.directory)
    case "STAT":
      return command.argument === "" ? Decision.act(state, { _tag: "ReportProgress" }) : undefined
    case "ABOR":
      return Decision.act({ ...state, work: { ...work, aborting: true } }, { _tag: "CancelTransfer" })
    case "QUIT":
      return Decision.stay({ ...state, work: { ...work, quitting: true } })
    default:
      return undefined
  }
}
