/**
 * How often something may be started again: at most `limit` times within `within` milliseconds. What dies more often than that is
 * broken in a way no restart mends, and whoever supervises it has to give up.
 *
 * @since 0.1.0
 * @category models
 */
export interface RestartIntensity {
  readonly limit: number
  readonly within: number
}

/**
 * The default for a number of shards: three restarts and one more for each doubling of their number, within ten seconds. A shard
 * takes a few tenths of a second to start, so one that dies at each start is given up after about a second.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forShards = (shards: number): RestartIntensity => ({
  limit: 3 + Math.ceil(Math.log2(Math.max(1, shards))),
  within: 10_000
})

/**
 * Keeps count; each call asks whether one more restart is allowed at this time, and books it if so.
 *
 * @since 0.1.0
 * @category operations
 */
export const counter = ({ limit, within }: RestartIntensity): ((now: number) => boolean) => {
  let restarts: Array<number> = []
  return (now) => {
    restarts = restarts.filter((at) => now - at < within)
    if (restarts.length >= limit) return false
    restarts.push(now)
    return true
  }
}
