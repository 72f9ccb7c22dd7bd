import * as LimitText from "../limits/LimitText.ts"
import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Decision from "./Decision.ts"
import type { Verdict } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import * as Security from "./Security.ts"
import { initial, type State, type Work } from "./State.ts"

/** Failed logins after which the session ends. */
const patience = 5

/**
 * Who the client is: USER, PASS, ACCT, REIN, QUIT (RFC 959 section 4.1.1).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"USER" | "PASS" | "ACCT" | "REIN" | "QUIT"> = {
  USER: (state, name) => {
    const next: State = { ...state, user: name, account: undefined, directory: VirtualPath.root }
    return state.settings.tls?.certificateLogin === true && state.protection.certificate === name
      ? Decision.act({ ...next, work: { _tag: "LoggingIn", name, certified: true } }, { _tag: "Recognise", name })
      : Decision.say(next, Reply.needPassword)
  },
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
      protection: Security.afterRein(state),
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
export const decided = (
  state: State,
  { certified, name }: Extract<Work, { readonly _tag: "LoggingIn" }>,
  verdict: Verdict
): Decision.Decision => {
  const next: State = { ...state, work: undefined }
  // A certificate that opens no account leaves the password.
  if (certified === true && verdict._tag === "Refused") return Decision.say(next, Reply.needPassword)
  switch (verdict._tag) {
    case "Welcome":
      return Decision.say(
        { ...next, user: undefined, account: verdict.account, failedLogins: 0 },
        certified === true ? Reply.recognised(name) : Reply.loggedIn(name)
      )
    case "InClear":
      return Decision.say(next, Reply.accountNeedsTls)
    case "Limited":
      return Decision.close(next, Reply.closing(verdict.reason))
    case "Unavailable":
      return Decision.close(next, Reply.loginUnavailable)
    case "Refused": {
      const failedLogins = state.failedLogins + 1
      return failedLogins >= patience
        ? Decision.close(next, Reply.closing(LimitText.failures(patience)))
        : Decision.say({ ...next, failedLogins }, Reply.loginRefused)
    }
  }
}
