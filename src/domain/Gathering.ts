/** In processors: where fewer are idle, threads may have to wait for one another. */
const scarce = 0.4

/**
 * In processors: where more are idle, another thread may find one, and where more than `plenty` are, it does. With a `whole` one the threads
 * are not in one another's way.
 */
const ample = 0.35
const plenty = 0.5
const whole = 1

/** As much of its processor a shard uses that is never idle for long. */
const saturated = 0.8

/**
 * Commands a second of one processor: where more are heard, they take so little that to wake a thread for each counts. Transfers are not
 * for gathering: who is in the middle of a long one stays, and would have a shard to itself.
 */
const short = 80_000

/** In processors, beyond one for each that is open: where more is used, sessions are at work that could not move to those. */
const besides = 0.3

/** How many times as many commands have to be heard for a change to have been a good one. */
const gain = 1.08

/**
 * Periods: to tell whether it was and whether another may be, and to say that processors are idle. What is measured in one alone says
 * little, of idle ones above all.
 */
const verdict = 2
const lull = 4

/** Periods between two trials: twice as many after each that failed. */
const shortest = 6
const longest = 512

/**
 * What was measured in one period: how many processors were `idle`, how many this process `used`, and how many commands a second were
 * `heard`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly idle: number
  readonly used: number
  readonly heard: number
}

/**
 * On how many shards sessions are at work, and what that goes by. The other shards are spare.
 *
 * @since 0.1.0
 * @category models
 */
export interface Gathering {
  readonly open: number
  /** How many were open before, and how many commands a second were heard then, while it is tried whether this is better. */
  readonly trial: { readonly open: number; readonly heard: number } | undefined
  /** Sessions may still be moving. */
  readonly isFresh: boolean
  /** Of so many periods since then, the last of which count most. */
  readonly periods: number
  readonly mean: Reading
  /** Periods until the next trial may begin, and how many they were last. */
  readonly rest: number
  readonly pause: number
}

const nothing: Reading = { idle: 0, used: 0, heard: 0 }

/**
 * All shards are open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const spread = (shards: number): Gathering => ({
  open: shards,
  trial: undefined,
  isFresh: false,
  periods: 0,
  mean: nothing,
  rest: 0,
  pause: shortest
})

const take = (self: Gathering, reading: Reading): Gathering => {
  const periods = self.periods + 1
  const share = 1 / Math.min(periods, lull)
  const blend = (key: keyof Reading) => self.mean[key] + share * (reading[key] - self.mean[key])
  return { ...self, periods, mean: { idle: blend("idle"), used: blend("used"), heard: blend("heard") } }
}

const change = (self: Gathering, open: number, trial: Gathering["trial"]): Gathering => ({
  ...self,
  open,
  trial,
  isFresh: true,
  periods: 0,
  mean: nothing
})

const goBack = (self: Gathering, open: number): Gathering => ({
  ...change(self, open, undefined),
  rest: self.pause,
  pause: Math.min(2 * self.pause, longest)
})

const isShort = ({ mean }: Gathering): boolean => mean.heard > short * mean.used

const isInVain = ({ mean, open }: Gathering, shards: number): boolean => open < shards && mean.used > open + besides

const judge = (self: Gathering, shards: number, trial: NonNullable<Gathering["trial"]>): Gathering =>
  self.mean.heard > gain * trial.heard && isShort(self) && !isInVain(self, shards)
    ? { ...self, trial: undefined, pause: shortest }
    : goBack(self, trial.open)

/** How many shards might do better than those that are open now. */
const candidate = (self: Gathering, shards: number): number => {
  const { open, periods } = self
  const { idle, used } = self.mean
  // One of them may be saturated while the others are not.
  const full = idle > whole ? saturated : saturated * open
  if (open < shards && idle > ample && used > full) return periods < lull ? open : open + 1
  const isTight = idle < scarce && used > saturated && used < open - 0.7
  return open > 1 && isTight && isShort(self) ? open - 1 : open
}

/**
 * What follows from a period; `undefined` is one with next to nothing to do. Where commands are short, hardly a processor is idle, and the
 * shards use fewer processors than they are, they may be more in one another's way than of help; where the open ones are saturated beside
 * an idle processor, they may be too few. Then one less, or one more, is tried, and kept if more commands are heard. Beside plenty of
 * idle processors there is nothing to try, and where commands take their time all shards are open.
 *
 * @since 0.1.0
 * @category combinators
 */
export const next = (self: Gathering, shards: number, reading: Reading | undefined): Gathering => {
  if (reading === undefined) return { ...change(self, self.trial?.open ?? self.open, undefined), isFresh: false }
  if (self.isFresh) return { ...self, isFresh: false }
  const known = take(self, reading)
  const { mean, open, periods, trial } = known
  if (periods < verdict) return known
  if (trial !== undefined) return judge(known, shards, trial)
  if (open < shards && !isShort(known)) return change(known, shards, undefined)
  if (isInVain(known, shards)) return goBack(known, open + 1)
  const wanted = candidate(known, shards)
  if (wanted > open && mean.idle > plenty) return change(known, wanted, undefined)
  if (known.rest > 0) return { ...known, rest: known.rest - 1 }
  return wanted === open ? known : change(known, wanted, { open, heard: mean.heard })
}
