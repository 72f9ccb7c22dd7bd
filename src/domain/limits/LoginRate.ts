/**
 * How often an address block (see `AddressBlock`) may try to log in: never more than a number of times within any second.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoginRate {
  /** Takes an attempt, or says that it is one too many; those do not count. `now` is in milliseconds. */
  readonly take: (block: string, now: number) => boolean
  /** Address blocks that are remembered. */
  readonly size: () => number
}

/** Address blocks remembered at once; beyond that the one that tried longest ago is forgotten. @since 0.1.0 @category constants */
export const capacity = 100_000

const second = 1000

/**
 * Nobody has tried yet. `rate` is attempts a second; 0 is no limit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (rate: number, most: number = capacity): LoginRate => {
  /** The times of the last attempts of each block, and the blocks in the order of their last attempt. */
  const blocks = new Map<string, ReadonlyArray<number>>()

  const forget = (now: number) => {
    for (const [block, times] of blocks) {
      if (blocks.size <= most && now - (times[times.length - 1] ?? 0) < second) return
      blocks.delete(block)
    }
  }

  return {
    take: (block, now) => {
      if (rate === 0) return true
      const recent = (blocks.get(block) ?? []).filter((at) => now - at < second)
      if (recent.length >= rate) return false
      blocks.delete(block)
      blocks.set(block, [...recent, now])
      forget(now)
      return true
    },
    size: () => blocks.size
  }
}
