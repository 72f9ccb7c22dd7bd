import * as Command from "../Command.ts"
import * as Facts from "../Facts.ts"
import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Attributes from "./Attributes.ts"
import * as Decision from "./Decision.ts"
import * as Digests from "./Digests.ts"
import type { Event } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import * as Room from "./Room.ts"
import type { State } from "./State.ts"

const isThere = ({ settings }: State, verb: Command.Verb): boolean =>
  Command.rowOf(verb).needsTls !== true || settings.tls !== undefined

const features = (state: State): ReadonlyArray<string> =>
  Command.verbs
    .filter((verb) => isThere(state, verb))
    .flatMap((verb) => Command.rowOf(verb).features ?? [])
    .map((feature) =>
      feature === "MLST" ? Facts.feature(state.facts) : feature === "HASH" ? Digests.feature(state) : feature
    )
    .sort()

const columns = (words: ReadonlyArray<string>, width: number): ReadonlyArray<string> =>
  Array.from({ length: Math.ceil(words.length / width) }, (_, row) =>
    words
      .slice(row * width, (row + 1) * width)
      .map((word) => word.padEnd(7))
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
    `TYPE: ${state.representation === "A" ? "ASCII" : "Image"}; STRUcture: File; transfer MODE: ${state.mode === "S" ? "Stream" : "Deflate"}`,
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
 * What the client learns and sets about the server: FEAT, OPTS, HELP, SITE, STAT, SYST, NOOP.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"FEAT" | "OPTS" | "HELP" | "SITE" | "STAT" | "SYST" | "NOOP"> = {
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
    if (word === "HASH") return Digests.choose(state, rest)
    if (word === "MODE") {
      return Decision.say(
        state,
        /^Z +LEVEL +[0-9]$/i.test(rest.trim())
          ? Reply.ok("The server chooses the level.")
          : Reply.syntaxError("OPTS MODE Z LEVEL <0-9>")
      )
    }
    return Decision.say(state, Reply.invalidArgument(`${word} has no options here.`))
  },
  HELP: (state, text) => {
    if (text.trim() === "") {
      const there = Command.verbs.filter((verb) => isThere(state, verb))
      const offered = there.flatMap((verb) => [verb, ...(Command.rowOf(verb).aliases ?? [])]).sort()
      return Decision.say(state, Reply.make(214, "Commands", ...columns(offered, 8), "HELP <SP> command explains one."))
    }
    const verb = Command.spelled(text.trim())
    return Decision.say(state, verb === undefined ? Reply.notOffered(text.trim()) : explain(verb))
  },
  SITE: (state, site, path) => {
    switch (site._tag) {
      case "Help":
        return Decision.say(state, Reply.make(214, "SITE commands", "CHMOD HELP QUOTA UTIME", "End"))
      case "Quota":
        return Room.measure(state, path, { _tag: "QUOTA" })
      case "Chmod":
        return Attributes.set(state, path, site, Reply.ok("Mode set."))
      case "Utime":
        return Attributes.set(state, path, site, Reply.ok("Times set."))
      case "Other":
        return Decision.say(state, Reply.notOffered(`SITE ${site.word}`))
    }
  },
  STAT: (state, text, path) =>
    text === ""
      ? Decision.say(state, status(state))
      : Decision.act({ ...state, work: { _tag: "ListingStatus" } }, { _tag: "ListStatus", path }),
  SYST: (state) => Decision.say(state, Reply.make(215, "UNIX Type: L8")),
  NOOP: (state) => Decision.say(state, Reply.stillHere)
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
