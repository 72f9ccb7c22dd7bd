import * as Listing from "../Listing.ts"
import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import type { Payload } from "./Action.ts"
import * as Decision from "./Decision.ts"
import type { Outcome } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import { withOptionalPath, withPath } from "./Paths.ts"
import type { State, Transferring } from "./State.ts"

const transfer = (state: State, name: string, payload: Payload): Decision.Decision =>
  state.data === undefined
    ? Decision.say(state, Reply.needDataConnection)
    : Decision.act(
        { ...state, data: undefined, work: { _tag: "Transferring", name, aborting: false, quitting: false } },
        { _tag: "Transfer", payload, data: state.data, representation: state.representation }
      )

const listing = (style: "Long" | "Names") => (state: State, argument: string) => {
  const selection = Listing.parseArgument(argument)
  return withOptionalPath(state, selection.path, (path) =>
    transfer(state, style === "Long" ? "file list" : "name list", {
      _tag: "Listing",
      path,
      itself: selection.directoryItself,
      style,
      written: selection.path
    })
  )
}

/**
 * What moves over a data connection: RETR, REST, LIST, NLST (RFC 959 section 4.1.3), MLSD (RFC 3659 section 7), and ABOR.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"RETR" | "REST" | "LIST" | "NLST" | "MLSD" | "ABOR"> = {
  RETR: (state, text) =>
    withPath(state, text, (path) =>
      transfer(state, VirtualPath.basename(path), { _tag: "File", path, offset: state.restart })
    ),
  REST: (state, offset) => Decision.say({ ...state, restart: offset }, Reply.restartAt(offset)),
  LIST: listing("Long"),
  NLST: listing("Names"),
  MLSD: (state, text) =>
    withOptionalPath(state, text, (path) => transfer(state, "fact list", { _tag: "Facts", path, facts: state.facts })),
  ABOR: (state) => ({
    state: { ...state, data: undefined },
    replies: [Reply.aborted],
    actions: [{ _tag: "DropData" }]
  })
}

/**
 * The file or directory is found and the data connection is about to be used.
 *
 * @since 0.1.0
 * @category events
 */
export const opened = (state: State, work: Transferring, size: number | undefined): Decision.Decision => {
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
  const reply = replyTo(outcome)
  const next: State = { ...state, work: undefined }
  if (work.quitting) return Decision.close(next, reply, Reply.goodbye)
  return work.aborting ? Decision.say(next, reply, Reply.aborted) : Decision.say(next, reply)
}

const replyTo = (outcome: Outcome): Reply.Reply => {
  switch (outcome._tag) {
    case "Done":
      return Reply.transferDone
    case "Cancelled":
      return Reply.transferCut("Transfer cut as asked.")
    case "NoConnection":
      return Reply.noDataConnection(outcome.reason)
    case "Unprotected":
      return Reply.unprotected(outcome.reason)
    case "Cut":
      return Reply.transferCut(outcome.reason)
    case "Fault":
      return Reply.ofFault(outcome.fault)
    case "BadRestart":
      return Reply.badRestart
    case "NotADirectory":
      return Reply.invalidArgument("Not a directory.")
    case "Defect":
      return Reply.localError("The server failed; the transfer is void.")
  }
}
