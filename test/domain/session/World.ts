import { Either } from "effect"
import type { Account } from "../../../src/domain/Account.ts"
import type { Algorithm } from "../../../src/domain/Digest.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import type { FileFault } from "../../../src/domain/FileFault.ts"
import { HostPort } from "../../../src/domain/HostPort.ts"
import type { Reply } from "../../../src/domain/Reply.ts"
import type { Action } from "../../../src/domain/session/Action.ts"
import type { Digested, Event, Outcome, Space } from "../../../src/domain/session/Event.ts"
import * as Session from "../../../src/domain/session/Session.ts"
import * as State from "../../../src/domain/session/State.ts"

const entry = (kind: Entry["kind"]): Entry => ({
  name: "x",
  kind,
  size: 5,
  modified: 0,
  mode: 0o644,
  links: 1,
  owner: "o",
  group: "g",
  unique: "1"
})

/** The settings of every session here. */
export const settings: State.Settings = {
  greeting: "Hello",
  peer: "127.0.0.1",
  maxUploadSize: 3000,
  allowForeignActive: false,
  allowPrivilegedActive: false
}

/** Faults that storage may answer any question with, and those that changes add. */
const reading: ReadonlyArray<FileFault> = ["NotFound", "Io", "PermissionDenied", "Busy", "NameTooLong", "TimedOut"]
const changing: ReadonlyArray<FileFault> = [
  ...reading,
  "NoSpace",
  "QuotaExceeded",
  "QuotaBytes",
  "QuotaFiles",
  "Unconfirmed",
  "TooLarge",
  "Exists",
  "ReadOnlyStorage"
]

const digests: { readonly [A in Algorithm]: string } = {
  CRC32: "00000000",
  MD5: "0".repeat(32),
  "SHA-1": "0".repeat(40),
  "SHA-256": "0".repeat(64),
  "SHA-512": "0".repeat(128)
}

/** How a pretended world answers an action: chosen by a number, so that fast-check can shrink it. */
export const answerTo = (action: Action, choice: number, account: Account): ReadonlyArray<Event> => {
  const pick = <A>(...all: ReadonlyArray<A>): A => all[choice % all.length] as A
  switch (action._tag) {
    case "Authenticate":
      return [
        {
          _tag: "LoginDecided",
          verdict: pick(
            { _tag: "Welcome", account },
            { _tag: "Refused" },
            { _tag: "Welcome", account },
            { _tag: "Unavailable" },
            { _tag: "Limited", reason: "You have too many sessions." }
          )
        }
      ]
    case "OpenPassive":
      return [
        pick<Event>(
          { _tag: "PassiveOpened", host: new HostPort({ protocol: 1, address: "127.0.0.1", port: 50000 }) },
          { _tag: "PassiveFailed", reason: "none left" },
          { _tag: "PassiveOpened", host: new HostPort({ protocol: 1, address: "127.0.0.1", port: 50001 }) }
        )
      ]
    case "Ask":
      return [
        {
          _tag: "Answered",
          answer: pick<Either.Either<Entry, FileFault>>(
            Either.right(entry(action.question.command === "SIZE" ? "file" : "directory")),
            Either.right(entry("file")),
            ...reading.map((fault) => Either.left(fault))
          )
        }
      ]
    case "Change":
      return [
        {
          _tag: "Changed",
          result: pick<Either.Either<void, FileFault>>(Either.void, ...changing.map((fault) => Either.left(fault)))
        }
      ]
    case "Digest":
      return [
        {
          _tag: "Digested",
          result: pick<Either.Either<Digested, FileFault>>(
            Either.right({
              digest: { algorithm: action.algorithm, value: digests[action.algorithm] },
              start: action.range?.start ?? 0,
              end: action.range?.end ?? choice
            }),
            ...[...reading, "BadRestart" as const].map((fault) => Either.left(fault))
          )
        }
      ]
    case "Measure":
      return [
        {
          _tag: "Measured",
          result: pick<Either.Either<Space, FileFault>>(
            Either.right({ available: 1000, used: { bytes: 10, files: 1 } }),
            Either.right({ available: undefined, used: undefined }),
            Either.right({ available: 0, used: { bytes: 10, files: 1 } }),
            ...reading.map((fault) => Either.left(fault))
          )
        }
      ]
    case "ListStatus":
      return [{ _tag: "StatusListed", ended: pick("Whole", "CutShort", "NotFound") }]
    case "Transfer": {
      const ended = (outcome: Outcome): Event => ({ _tag: "TransferEnded", outcome })
      const stored = action.payload._tag === "Upload"
      const opened: Event =
        action.payload._tag === "Upload" && action.payload.how === "Unique"
          ? { _tag: "TransferOpened", size: undefined, name: "upload.1" }
          : { _tag: "TransferOpened", size: stored ? undefined : 5 }
      return pick(
        [opened, ended({ _tag: "Done" })],
        [ended({ _tag: "Fault", fault: "NotFound" })],
        [opened, ended({ _tag: "NoConnection", reason: "late" })],
        [opened, ended({ _tag: "Cut", reason: "reset" })],
        [ended({ _tag: action.payload._tag === "File" ? "BadRestart" : "Done" })],
        [ended({ _tag: action.payload._tag === "Facts" ? "NotADirectory" : "Done" })],
        [opened, ended({ _tag: "Defect" })],
        ...(stored ? changing.map((fault) => [opened, ended({ _tag: "Fault", fault })]) : []),
        ...(stored ? [[opened, ended({ _tag: "BadData", reason: "no deflate" })], [ended({ _tag: "BadRestart" })]] : [])
      )
    }
    case "ReportProgress":
      return [{ _tag: "Progress", lines: ["5 bytes"] }]
    default:
      return []
  }
}

/** A reply, and the session before what led to it. */
export interface Said {
  readonly reply: Reply
  readonly state: State.State
}

/** A session in a pretended world. Answers to actions wait until the test lets them happen. */
export const make = (account: Account) => {
  let state = State.initial(settings)
  const said: Array<Said> = []
  const done: Array<{ readonly action: Action; readonly before: State.State }> = []
  const pending: Array<{ readonly action: Action; events: Array<Event> }> = []
  const tell = (event: Event, choice = 0) => {
    const before = state
    const decision = Session.step(state, event)
    state = decision.state
    for (const reply of decision.replies) said.push({ reply, state: before })
    for (const action of decision.actions) {
      done.push({ action, before })
      if (action._tag === "CancelTransfer") {
        const transfer = pending.find((entry) => entry.action._tag === "Transfer")
        if (transfer !== undefined) transfer.events = [{ _tag: "TransferEnded", outcome: { _tag: "Cancelled" } }]
      }
      const events = answerTo(action, choice, account)
      if (action._tag === "ReportProgress") for (const event of events) tell(event)
      else if (events.length > 0) pending.push({ action, events: [...events] })
    }
  }
  /** Lets the oldest pending answer's next event happen. */
  const happen = (choice = 0) => {
    const first = pending[0]
    const event = first?.events.shift()
    if (first !== undefined && first.events.length === 0) pending.shift()
    if (event !== undefined) tell(event, choice)
    return event !== undefined
  }
  const quiesce = () => {
    while (happen());
  }
  const exchange = (line: State.Received, choice = 0) => {
    tell({ _tag: "LineRead", line }, choice)
    quiesce()
  }
  tell({ _tag: "Started" })
  return { exchange, tell, happen, quiesce, said, done, state: () => state, pending }
}
