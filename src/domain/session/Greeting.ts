import * as HostPort from "../HostPort.ts"
import * as Reply from "../Reply.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"

const hostName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*\\.?$`, "i")

const address = /^\[[0-9a-f:.]{2,45}\]$/i

const english = /^en(-[a-z0-9]{1,8})*$/i

/**
 * What client and server tell each other about themselves: CLNT, CSID, HOST (RFC 7151), LANG (RFC 2640).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"CLNT" | "CSID" | "HOST" | "LANG"> = {
  CLNT: (state) => Decision.say(state, Reply.ok("Noted.")),
  CSID: (state, text) =>
    Decision.say(
      state,
      text.includes("=") ? Reply.ok("Name=Weft; DirSep=/;") : Reply.syntaxError("CSID <SP> <name=value; ...>")
    ),
  HOST: (state, text) => {
    if (state.user !== undefined || state.account !== undefined) {
      return Decision.say(state, Reply.badSequence("HOST comes before USER."))
    }
    const name = text.trim()
    return Decision.say(
      state,
      hostName.test(name) || address.test(name) || HostPort.isIPv6(name)
        ? Reply.ready(state.settings.greeting)
        : Reply.badParameter("That is no host name.")
    )
  },
  LANG: (state, text) => {
    const wanted = text.trim()
    return Decision.say(
      state,
      wanted === "" || english.test(wanted) ? Reply.ok("Replies are in English.") : Reply.badParameter("English only.")
    )
  }
}
