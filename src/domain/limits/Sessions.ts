/**
 * Which sessions are logged in, and as whom. A login and its count are one step, so no two sessions can take the same last place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sessions {
  /**
   * Enters a session under an account that has fewer than `limit` (0 is no limit); `false` where it has not. An earlier login of
   * the session is over either way.
   */
  readonly login: (session: number, account: string, limit: number) => boolean
  /** Gives the place back; answers the account it was in, `undefined` for none (any more). */
  readonly logout: (session: number) => string | undefined
  /** Sessions of an account. */
  readonly count: (account: string) => number
  /** All sessions that are logged in. */
  readonly size: () => number
}

/** @since 0.1.0 @category constructors */
export const make = (): Sessions => {
  const sessions = new Map<number, string>()
  const accounts = new Map<string, number>()
  const count = (account: string) => accounts.get(account) ?? 0

  const logout = (session: number) => {
    const account = sessions.get(session)
    if (account === undefined) return undefined
    sessions.delete(session)
    const left = count(account) - 1
    if (left > 0) accounts.set(account, left)
    else accounts.delete(account)
    return account
  }

  return {
    login: (session, account, limit) => {
      logout(session)
      if (limit > 0 && count(account) >= limit) return false
      sessions.set(session, account)
      accounts.set(account, count(account) + 1)
      return true
    },
    logout,
    count,
    size: () => sessions.size
  }
}
