/**
 * The address blocks (see `AddressBlock`) that are told 421, each until a time in milliseconds since the epoch. Synchronous, so
 * that the thread that accepts can keep a copy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bans {
  readonly ban: (block: string, until: number) => void
  /** `false` where there was no ban to lift. */
  readonly lift: (block: string) => boolean
  /** When the ban ends; `undefined` where there is none (any more). */
  readonly until: (block: string, now: number) => number | undefined
  /** All that still hold. */
  readonly all: (now: number) => ReadonlyArray<readonly [block: string, until: number]>
}

/** Bans kept at once; beyond that the one that was made first goes. @since 0.1.0 @category constants */
export const capacity = 10_000

/** @since 0.1.0 @category constructors */
export const make = (most: number = capacity): Bans => {
  const bans = new Map<string, number>()

  const until = (block: string, now: number) => {
    const end = bans.get(block)
    if (end === undefined || now < end) return end
    bans.delete(block)
    return undefined
  }

  return {
    ban: (block, end) => {
      bans.delete(block)
      bans.set(block, end)
      const [first] = bans.keys()
      if (bans.size > most && first !== undefined) bans.delete(first)
    },
    lift: (block) => bans.delete(block),
    until,
    all: (now) => {
      for (const [block, end] of bans) if (end <= now) bans.delete(block)
      return [...bans]
    }
  }
}
