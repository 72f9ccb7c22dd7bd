import * as Effect from "effect/Effect"
import * as Accounts from "../accounts/Accounts.ts"
import * as Door from "../accounts/Door.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { LastBan } from "./LastBan.ts"
import type { Ledger, Welcome } from "./Ledger.ts"

/**
 * Whose logins a thread may decide for itself, and the memory of the `Door` that says whether it may right now; always, where there is
 * none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Local {
  readonly passwordless: Accounts.Passwordless
  readonly door: SharedArrayBuffer | undefined
}

/**
 * What each thread may decide for itself: logins that need no password, where no limit counts the sessions or the attempts of all
 * threads. `undefined` where the owner of the ledger has to be asked each time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deciding = (
  config: Pick<FtpConfig, "loginRate" | "maxSessionsPerAccount">,
  { door, passwordless }: Accounts.Accounts["Type"]
): Local | undefined =>
  passwordless !== undefined && config.loginRate === 0 && config.maxSessionsPerAccount === 0
    ? { passwordless, door }
    : undefined

/**
 * The owner's ledger, as a thread uses it that may decide these logins itself; the owner's own where there are none. Everybody else's,
 * and all of them while somebody may be banned or the door is shut, are the owner's, and so are quotas. The owner does not hear of
 * those who are welcomed here: it has nothing to count of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const over = (
  owner: Ledger["Type"],
  options: {
    readonly local: Local | undefined
    readonly lastBan: LastBan
    /** Milliseconds since the epoch. */
    readonly unsafeNow: () => number
  }
): Ledger["Type"] => {
  const { lastBan, local, unsafeNow } = options
  if (local === undefined) return owner
  const door = local.door && Door.of(local.door)
  /** Sessions that the owner may know. */
  const known = new Set<number>()

  const knock = <A, E>(session: number, login: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      known.add(session)
      return login
    })

  const unsafeLogout = (session: number) => {
    if (known.delete(session)) owner.unsafeLogout(session)
  }

  const unsafeLogin = (session: number, { name }: Accounts.Credentials): Welcome | undefined => {
    if (!lastBan.unsafeIsOver(unsafeNow())) return undefined
    const account = Accounts.passwordless(local.passwordless, name)
    // The door is looked at last: nothing lies between the look and the welcome.
    if (account === undefined || door?.unsafeIsOpen() === false) return undefined
    unsafeLogout(session)
    return { account, upload: undefined, download: undefined }
  }

  return {
    ...owner,
    login: (session, credentials) =>
      Effect.suspend(() => {
        const welcome = unsafeLogin(session, credentials)
        return welcome === undefined ? knock(session, owner.login(session, credentials)) : Effect.succeed(welcome)
      }),
    unsafeLogin,
    unsafeIsKnown: (session) => known.has(session),
    recognise: (session, who) => knock(session, owner.recognise(session, who)),
    unsafeLogout
  }
}
