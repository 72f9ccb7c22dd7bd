import * as Command from "../Command.ts"
import * as Facts from "../Facts.ts"
import * as Reply from "../Reply.ts"
import { table } from "../Verbs.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Decision from "./Decision.ts"
import type { Event } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import { withPath } from "./Paths.ts"
import type { State } from "./State.ts"

const isThere = ({ settings }: State, verb: Command.Verb): boolean =>
  Command.rowOf(verb).needsTls !== true || settings.tls !== undefined

const features = (state: State): ReadonlyArray<string> =>
  Command.verbs
    .filter((verb) => isThere(state, verb))
    .flatMap((verb) => Command.rowOf(verb).features ?? [])
    .map((feature) => (feature === "MLST" ? Facts.feature(state.facts) : feature))
    .sort()

const columns = (words: ReadonlyArray<string>, width: number): ReadonlyArray<string> =>
  Array.from({ length: Math.ceil(words.length / width) }, (_, row) =>
    words
      .slice(row * width, (row + 1) * width)
      .map((word) => word.padEnd(5))
      .join(" ")
      .trimEnd()
  )

const protection = ({ protection: { control, data } }: State): string =>
  `Control connection ${control ? "protected by TLS" : "in clear"}; data connections ${data === "P" ? "protected by TLS" : "in clear"}`

const status = (state: State): Reply.Reply =>
  Reply.make(
    211,
    "Status",
    `Connected from ${state.settings.peer}`,
    state.account === undefined ? "Not logged in" : `Logged in as ${state.account.name}`,
    ...(state.settings.tls === undefined ? [] : [protection(state)]),
    `TYPE: ${state.representation === "A" ? "ASCII" : "Image"}; STRUcture: File; transfer MODE: Stream`,
    ...(state.account === undefined ? [] : [`Working directory: ${VirtualPath.quote(state.directory)}`]),
    state.data === undefined
      ? "No data connection"
      : state.data._tag === "Passive"
        ? "Waiting for a passive data connection"
        : `Will connect to ${state.data.target.address} port ${state.data.target.port}`,
    "End of status"
  )

const explain = (verb: Command.Verb): Reply.Reply => {
  const { help, rfc } = Command.rowOf(verb)
  return Reply.make(214, `Syntax: ${Command.syntax(verb)} - ${help} (${rfc}).`)
}

/**
 * What the client learns about the server, and tells it about itself: FEAT, OPTS, HELP, SITE, STAT, SYST, NOOP, ALLO, CLNT.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"FEAT" | "OPTS" | "HELP" | "SITE" | "STAT" | "SYST" | "NOOP" | "ALLO" | "CLNT"> = {
  FEAT: (state) => Decision.say(state, Reply.make(211, "Extensions supported", ...features(state), "END")),
  OPTS: (state, { rest, word }) => {
    if (word === "MLST") {
      const facts = Facts.select(rest)
      return Decision.say({ ...state, facts }, Reply.ok(Facts.responseToOpts(facts)))
    }
    if (word === "UTF8" || word === "UTF-8") {
      return Decision.say(
        state,
        rest.trim().toUpperCase() === "OFF"
          ? Reply.invalidArgument("UTF-8 is always on.")
          : Reply.ok("UTF-8 is always on.")
      )
    }
    return Decision.say(state, Reply.invalidArgument(`${word} has no options here.`))
  },
  HELP: (state, text) => {
    if (text.trim() === "") {
      const there = Command.offered.filter((verb) => isThere(state, verb))
      const offered = there.flatMap((verb) => [verb, ...(Command.rowOf(verb).aliases ?? [])]).sort()
      return Decision.say(
        state,
        Reply.make(214, "Commands", ...columns(offered, 10), "HELP <SP> command explains one.")
      )
    }
    const verb = Command.spelled(text.trim())
    return Decision.say(state, verb === undefined ? Reply.notOffered(text.trim()) : explain(verb))
  },
  SITE: (state, { word }) => {
    if (word === "HELP") return Decision.say(state, Reply.make(214, "SITE commands", "HELP", "End"))
    return Decision.say(state, word === "CHMOD" || word === "UTIME" ? Reply.readOnly : Reply.notOffered(`SITE ${word}`))
  },
  STAT: (state, text) =>
    text === ""
      ? Decision.say(state, status(state))
      : withPath(state, text, (path) =>
          Decision.act({ ...state, work: { _tag: "ListingStatus" } }, { _tag: "ListStatus", path })
        ),
  SYST: (state) => Decision.say(state, Reply.make(215, "UNIX Type: L8")),
  NOOP: (state) => Decision.say(state, Reply.ok("Still here.")),
  ALLO: (state, text) =>
    Decision.say(
      state,
      /^\d{1,15}( R \d{1,15})?$/i.test(text.trim())
        ? Reply.superfluous("No room need be reserved.")
        : Reply.syntaxError(`ALLO <SP> ${table.ALLO.argument.syntax} [<SP> R <SP> <bytes>]`)
    ),
  CLNT: (state) => Decision.say(state, Reply.ok("Noted."))
}

/**
 * The last line of a listing on the control connection, or why there is none.
 *
 * @since 0.1.0
 * @category events
 */
export const statusListed = (
  state: State,
  ended: Extract<Event, { readonly _tag: "StatusListed" }>["ended"]
): Decision.Decision =>
  Decision.say(
    { ...state, work: undefined },
    ended === "Whole"
      ? Reply.fileStatus("End of status")
      : ended === "CutShort"
        ? Reply.fileStatus("End of status, cut short: reading the storage failed")
        : Reply.ofFault(ended)
  )
