/**
 * Wrong passwords, by the address block (see `AddressBlock`) they came from. Each is remembered for a while. Times are
 * milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Penalties {
  /** Notes a wrong password and says what it costs. */
  readonly fail: (block: string, name: string, now: number) => Penalty
  /**
   * A right password: forgives this block the wrong ones for this account. Those for others stay, so that nobody buys guesses with
   * an account of their own.
   */
  readonly forgive: (block: string, name: string) => void
  /** Wrong passwords of a block that are remembered. */
  readonly count: (block: string, now: number) => number
  /** Address blocks that are remembered. */
  readonly size: () => number
}

/**
 * How long the answer is held back, and whether the block is to be banned; a ban wipes the slate, for it is the penalty.
 *
 * @since 0.1.0
 * @category models
 */
export interface Penalty {
  readonly delay: number
  readonly banned: boolean
}

/** Address blocks remembered at once; beyond that the one that has been quiet longest is forgotten. @since 0.1.0 @category constants */
export const capacity = 100_000

/** Wrong passwords remembered of one block where they do not lead to a ban; the delay grows no further than that. */
const enough = 16
const longestName = 128
const firstDelay = 250
const longestDelay = 5000

/** The delay after the `n`th wrong password: 250 ms, doubled each time, 5 s at most. @since 0.1.0 @category getters */
export const delay = (n: number): number => Math.min(longestDelay, firstDelay * 2 ** Math.max(0, n - 1))

interface Failure {
  readonly name: string
  readonly at: number
}

/**
 * Nobody has guessed yet. After `banAfter` wrong passwords within `memory` comes a ban; 0 is never.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly banAfter: number
  readonly memory: number
  readonly capacity?: number
}): Penalties => {
  const most = options.capacity ?? capacity
  const kept = options.banAfter > 0 ? options.banAfter : enough
  const blocks = new Map<string, ReadonlyArray<Failure>>()

  const remembered = (block: string, now: number) =>
    (blocks.get(block) ?? []).filter(({ at }) => now - at < options.memory)

  return {
    fail: (block, name, now) => {
      const failures = [...remembered(block, now), { name: name.slice(0, longestName), at: now }].slice(-kept)
      const banned = options.banAfter > 0 && failures.length >= options.banAfter
      blocks.delete(block)
      if (!banned) blocks.set(block, failures)
      const [quietest] = blocks.keys()
      if (blocks.size > most && quietest !== undefined) blocks.delete(quietest)
      return { delay: delay(failures.length), banned }
    },
    forgive: (block, name) => {
      const failures = blocks.get(block)
      if (failures === undefined) return
      const left = failures.filter((failure) => failure.name !== name.slice(0, longestName))
      if (left.length > 0) blocks.set(block, left)
      else blocks.delete(block)
    },
    count: (block, now) => remembered(block, now).length,
    size: () => blocks.size
  }
}
