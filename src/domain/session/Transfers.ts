import * as Listing from "../Listing.ts"
import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import type { Payload, Upload } from "./Action.ts"
import * as Decision from "./Decision.ts"
import type { Outcome } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import * as Refusal from "./Refusal.ts"
import { type State, type Transferring, working } from "./State.ts"
import { may } from "./Writing.ts"

const transfer = (state: State, name: string, payload: Payload): Decision.Decision =>
  state.data === undefined
    ? Decision.say(state, Reply.needDataConnection)
    : Decision.act(working(state, { _tag: "Transferring", name, aborting: false, quitting: false }, undefined), {
        _tag: "Transfer",
        payload,
        data: state.data,
        representation: state.representation,
        mode: state.mode
      })

const listing =
  (style: "Long" | "Names") =>
  (state: State, argument: string, path: VirtualPath.VirtualPath): Decision.Decision => {
    const selection = Listing.parseArgument(argument)
    return transfer(state, style === "Long" ? "file list" : "name list", {
      _tag: "Listing",
      path,
      itself: selection.directoryItself,
      style,
      written: selection.path
    })
  }

const upload =
  (how: Upload["how"]) =>
  (state: State, _: string, path: VirtualPath.VirtualPath): Decision.Decision => {
    if (state.range !== undefined) return Decision.say(state, Reply.badSequence("RANG goes before RETR and HASH only."))
    if (how === "Unique" && state.restart > 0) return Decision.say(state, Reply.badSequence("STOU begins a new file."))
    // The marker counts bytes as stored; what a client counts where line ends are converted is something else.
    if (how === "Replace" && state.restart > 0 && state.representation === "A") {
      return Decision.say(state, Reply.make(554, "An upload goes on in TYPE I only."))
    }
    return transfer(state, VirtualPath.basename(path), {
      _tag: "Upload",
      path,
      how,
      offset: how === "Replace" ? state.restart : 0,
      ...(how === "Append" && state.sized === path && state.representation === "I" ? { resumes: true } : {}),
      create: may(state, "write", path),
      replace: how === "Append" || (how === "Replace" && may(state, "overwrite", path))
    })
  }

/**
 * What moves over a data connection: RETR, STOR, STOU, APPE, REST, LIST, NLST (RFC 959 section 4.1.3), MLSD (RFC 3659 section 7), RANG
 * (draft-bryan-ftp-range), and ABOR.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<
  "RETR" | "STOR" | "STOU" | "APPE" | "REST" | "RANG" | "LIST" | "NLST" | "MLSD" | "ABOR"
> = {
  RETR: (state, _, path) =>
    transfer(state, VirtualPath.basename(path), {
      _tag: "File",
      path,
      ...(state.range === undefined ? { offset: state.restart } : { offset: state.range.start, end: state.range.end })
    }),
  STOR: upload("Replace"),
  STOU: upload("Unique"),
  APPE: upload("Append"),
  REST: (state, offset) => Decision.say({ ...state, restart: offset }, Reply.restartAt(offset)),
  RANG: (state, range) =>
    range === "Whole"
      ? Decision.say({ ...state, range: undefined }, Reply.make(350, "The whole file."))
      : Decision.say({ ...state, range }, Reply.make(350, `From byte ${range.start} to byte ${range.end - 1}.`)),
  LIST: listing("Long"),
  NLST: listing("Names"),
  MLSD: (state, _, path) => transfer(state, "fact list", { _tag: "Facts", path, facts: state.facts }),
  ABOR: (state) => ({
    state: { ...state, data: undefined },
    replies: [Reply.aborted],
    actions: [{ _tag: "DropData" }]
  })
}

/**
 * The file or directory is found, or there is room for an upload under `name`, and the data connection is about to be used.
 *
 * @since 0.1.0
 * @category events
 */
export const opened = (
  state: State,
  work: Transferring,
  size: number | undefined,
  name: string | undefined
): Decision.Decision => {
  // RFC 1123 section 4.1.2.9 lays down these words.
  if (name !== undefined) return Decision.say(state, Reply.opening(`FILE: ${name}`))
  const mode = state.representation === "A" ? "ASCII" : "BINARY"
  const bytes = size === undefined ? "" : ` (${size} bytes)`
  return Decision.say(state, Reply.opening(`Opening ${mode} mode data connection for ${work.name}${bytes}.`))
}

/**
 * The transfer's own reply, and then those that ABOR, QUIT or a drain made wait for it.
 *
 * @since 0.1.0
 * @category events
 */
export const ended = (state: State, work: Transferring, outcome: Outcome): Decision.Decision => {
  const reply = replyTo(state, outcome)
  const next = working(state, undefined, state.data)
  if (work.quitting) return Decision.close(next, reply, Reply.goodbye)
  return work.aborting ? Decision.say(next, reply, Reply.aborted) : Decision.say(next, reply)
}

const replyTo = (state: State, outcome: Outcome): Reply.Reply => {
  switch (outcome._tag) {
    case "Done":
      return Reply.transferDone
    case "Cancelled":
      return Reply.transferCut("Transfer cut.")
    case "NoConnection":
      return Reply.noDataConnection(outcome.reason)
    case "Unprotected":
      return Reply.unprotected(outcome.reason)
    case "Cut":
      return Reply.transferCut(outcome.reason)
    case "Fault":
      return Refusal.ofFault(state, outcome.fault)
    case "BadRestart":
      return Reply.ofFault("BadRestart")
    case "NotADirectory":
      return Reply.invalidArgument("Not a directory.")
    case "BadData":
      return Reply.localError(outcome.reason)
    case "Defect":
      return Reply.localError("The server failed; the transfer is void.")
  }
}
