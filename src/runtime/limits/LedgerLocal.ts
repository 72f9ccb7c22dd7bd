import * as Effect from "effect/Effect"
import * as Accounts from "../accounts/Accounts.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { LastBan } from "./LastBan.ts"
import type { Ledger, Welcome } from "./Ledger.ts"

/**
 * Whose logins each thread may decide for itself: those that are always welcome, where no limit counts the sessions or the attempts of
 * all threads. `undefined` where the owner of the ledger has to be asked each time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const deciding = (
  config: Pick<FtpConfig, "loginRate" | "maxSessionsPerAccount">,
  accounts: Accounts.Accounts["Type"]
): Accounts.Passwordless | undefined =>
  config.loginRate === 0 && config.maxSessionsPerAccount === 0 ? accounts.passwordless : undefined

/**
 * The owner's ledger, as a thread uses it that may decide these logins itself; the owner's own where there are none. Everybody else's,
 * and all of them while somebody may be banned, are the owner's, and so are quotas. The owner does not hear of those who are welcomed
 * here: it has nothing to count of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const over = (
  owner: Ledger["Type"],
  options: {
    readonly passwordless: Accounts.Passwordless | undefined
    readonly lastBan: LastBan
    /** Milliseconds since the epoch. */
    readonly unsafeNow: () => number
  }
): Ledger["Type"] => {
  const { lastBan, passwordless, unsafeNow } = options
  if (passwordless === undefined) return owner
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
    const account = Accounts.passwordless(passwordless, name)
    if (account === undefined) return undefined
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
    recognise: (session, who) => knock(session, owner.recognise(session, who)),
    unsafeLogout
  }
}
