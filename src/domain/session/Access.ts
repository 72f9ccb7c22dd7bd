import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Decision from "./Decision.ts"
import type { Verdict } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import { initial, type State } from "./State.ts"

/** Failed logins after which the session ends. */
const patience = 5

/**
 * Who the client is: USER, PASS, ACCT, REIN, QUIT (RFC 959 section 4.1.1).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"USER" | "PASS" | "ACCT" | "REIN" | "QUIT"> = {
  USER: (state, name) =>
    Decision.say({ ...state, user: name, account: undefined, directory: VirtualPath.root }, Reply.needPassword),
  PASS: (state, password) =>
    state.user === undefined
      ? Decision.say(state, Reply.badSequence("Give USER first."))
      : Decision.act(
          { ...state, user: undefined, work: { _tag: "LoggingIn", name: state.user } },
          { _tag: "Authenticate", name: state.user, password }
        ),
  ACCT: (state) => Decision.say(state, Reply.superfluous("No account is needed.")),
  REIN: (state) => ({
    state: {
      ...initial(state.settings),
      failedLogins: state.failedLogins,
      epsvAll: state.epsvAll,
      deferred: state.deferred,
      draining: state.draining
    },
    replies: [Reply.ready(state.settings.greeting)],
    actions: [{ _tag: "DropData" }]
  }),
  QUIT: (state) => Decision.close(state, Reply.goodbye)
}

/**
 * What a login's verdict does to the session that waits for it.
 *
 * @since 0.1.0
 * @category events
 */
export const decided = (state: State, name: string, verdict: Verdict): Decision.Decision => {
  const next: State = { ...state, work: undefined }
  switch (verdict._tag) {
    case "Welcome":
      return Decision.say({ ...next, account: verdict.account, failedLogins: 0 }, Reply.loggedIn(name))
    case "Limited":
      return Decision.close(next, Reply.closing(verdict.reason))
    case "Unavailable":
      return Decision.close(next, Reply.loginUnavailable)
    case "Refused": {
      const failedLogins = state.failedLogins + 1
      return failedLogins >= patience
        ? Decision.close(next, Reply.closing("Too many failed logins; closing."))
        : Decision.say({ ...next, failedLogins }, Reply.loginRefused)
    }
  }
}
