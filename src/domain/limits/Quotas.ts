import * as Schema from "effect/Schema"

/** Room in a storage, in bytes and files. @since 0.1.0 @category models */
export const Amount = Schema.Struct({ bytes: Schema.Number, files: Schema.Number })

/** @since 0.1.0 @category models */
export type Amount = typeof Amount.Type

/** No room at all. @since 0.1.0 @category constants */
export const nothing: Amount = { bytes: 0, files: 0 }

/** What a home may hold; what is absent is not limited. @since 0.1.0 @category models */
export interface Limits {
  readonly bytes?: number | undefined
  readonly files?: number | undefined
}

/**
 * What is in each home, and what its sessions have reserved there. What a home holds is unknown until somebody has measured it;
 * one measures, the others wait for that.
 *
 * @since 0.1.0
 * @category models
 */
export interface Quotas {
  readonly state: (home: string) => "Unknown" | "Measuring" | "Known"
  /** Unknown becomes measuring. */
  readonly begin: (home: string) => void
  /**
   * What the measurement found. `false` where something has changed meanwhile, which it may have seen or not: then it is to be done
   * again, unless `anyway` says that it will do.
   */
  readonly measured: (home: string, found: Amount, anyway?: boolean) => boolean
  /** Whoever measured has given up: the home is unknown again. */
  readonly abandon: (home: string) => void
  /** A known home in which nothing is reserved is to be measured again. `false` in any other. */
  readonly expire: (home: string) => boolean
  /** What a known home holds, reservations left out. */
  readonly usage: (home: string) => Amount | undefined
  /**
   * Reserves room in a known home, if it and all that is reserved there stays within the limits. An amount of nothing is granted
   * even beyond them. `false` in a home that is not known.
   */
  readonly reserve: (session: number, home: string, amount: Amount, limits: Limits) => boolean
  /**
   * Whether only what others have reserved is in the way, and who asks has reserved more than any of them (the older session, where
   * two have the same): of many that grow at once one waits for the others to give up, and they do not wait for it.
   */
  readonly isFirst: (session: number, home: string, amount: Amount, limits: Limits) => boolean
  /** Gives back part of what the session has reserved, and counts what has really changed. */
  readonly settle: (
    session: number,
    home: string,
    settlement: { readonly reserved: Amount; readonly changed: Amount }
  ) => void
  /** Gives back part of what the session has reserved. */
  readonly giveBack: (session: number, amount: Amount) => void
  /** Gives back all that a session has reserved. */
  readonly release: (session: number) => void
  /** As `release`, of a session that died: what it did to its home last nobody knows, so that is to be measured again. */
  readonly lose: (session: number) => void
  /** All that is reserved in a home. */
  readonly reserved: (home: string) => Amount
}

interface Home {
  state: "Unknown" | "Measuring" | "Known"
  used: Amount
  reserved: Amount
  changed: boolean
}

const plus = (one: Amount, other: Amount, sign: 1 | -1 = 1): Amount => ({
  bytes: Math.max(0, one.bytes + sign * other.bytes),
  files: Math.max(0, one.files + sign * other.files)
})

const least = (one: Amount, other: Amount): Amount => ({
  bytes: Math.min(one.bytes, other.bytes),
  files: Math.min(one.files, other.files)
})

const fits = (wanted: number, taken: number, limit: number | undefined) =>
  limit === undefined || wanted <= 0 || taken + wanted <= limit

/** Nothing is known and nothing reserved. @since 0.1.0 @category constructors */
export const make = (): Quotas => {
  const homes = new Map<string, Home>()
  const held = new Map<number, { readonly home: string; amount: Amount }>()

  const homeOf = (name: string): Home => {
    const known = homes.get(name)
    if (known !== undefined) return known
    const home: Home = { state: "Unknown", used: nothing, reserved: nothing, changed: false }
    homes.set(name, home)
    return home
  }

  /** Takes from what a session holds in a home; never more than that. */
  const giveBack = (session: number, name: string, amount: Amount) => {
    const mine = held.get(session)
    if (mine === undefined || mine.home !== name) return
    const given = least(mine.amount, amount)
    mine.amount = plus(mine.amount, given, -1)
    if (mine.amount.bytes === 0 && mine.amount.files === 0) held.delete(session)
    const home = homeOf(name)
    home.reserved = plus(home.reserved, given, -1)
  }

  const release = (session: number) => {
    const mine = held.get(session)
    if (mine !== undefined) giveBack(session, mine.home, mine.amount)
  }

  const become = (name: string, state: Home["state"]) => {
    const home = homeOf(name)
    home.state = state
    home.changed = false
  }

  return {
    state: (name) => homes.get(name)?.state ?? "Unknown",
    begin: (name) => become(name, "Measuring"),
    measured: (name, found, anyway = false) => {
      const home = homeOf(name)
      if (home.state !== "Measuring") return true
      if (home.changed && !anyway) {
        home.changed = false
        return false
      }
      home.used = found
      become(name, "Known")
      return true
    },
    abandon: (name) => {
      if (homes.get(name)?.state === "Measuring") become(name, "Unknown")
    },
    expire: (name) => {
      const home = homes.get(name)
      if (home?.state !== "Known" || home.reserved.bytes > 0 || home.reserved.files > 0) return false
      become(name, "Unknown")
      return true
    },
    usage: (name) => {
      const home = homes.get(name)
      return home?.state === "Known" ? home.used : undefined
    },
    reserve: (session, name, amount, limits) => {
      const home = homeOf(name)
      if (home.state !== "Known") return false
      const { bytes, files } = plus(home.used, home.reserved)
      if (!fits(amount.bytes, bytes, limits.bytes) || !fits(amount.files, files, limits.files)) return false
      const mine = held.get(session)
      if (mine !== undefined && mine.home !== name) release(session)
      held.set(session, { home: name, amount: plus(mine?.home === name ? mine.amount : nothing, amount) })
      home.reserved = plus(home.reserved, amount)
      return true
    },
    isFirst: (session, name, amount, limits) => {
      const home = homes.get(name)
      const mine = held.get(session)
      if (home?.state !== "Known" || mine?.home !== name) return false
      const { bytes, files } = plus(home.used, mine.amount)
      if (!fits(amount.bytes, bytes, limits.bytes) || !fits(amount.files, files, limits.files)) return false
      let others = 0
      for (const [other, { amount: theirs, home }] of held) {
        if (other === session || home !== name) continue
        if (theirs.bytes > mine.amount.bytes || (theirs.bytes === mine.amount.bytes && other < session)) return false
        others += 1
      }
      return others > 0
    },
    settle: (session, name, { changed, reserved }) => {
      giveBack(session, name, reserved)
      const home = homes.get(name)
      if (home === undefined || (changed.bytes === 0 && changed.files === 0)) return
      if (home.state === "Known") home.used = plus(home.used, changed)
      home.changed = true
    },
    giveBack: (session, amount) => giveBack(session, held.get(session)?.home ?? "", amount),
    release,
    lose: (session) => {
      const mine = held.get(session)
      if (mine === undefined) return
      release(session)
      const home = homeOf(mine.home)
      if (home.state === "Known") become(mine.home, "Unknown")
      else home.changed = true
    },
    reserved: (name) => homes.get(name)?.reserved ?? nothing
  }
}
