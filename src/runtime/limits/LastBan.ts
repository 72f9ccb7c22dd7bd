import type { Hearer } from "./BanList.ts"

/** @since 0.1.0 @category constants */
export const sharedBytes = 4

const latest = 0xffff_ffff

/**
 * When the last ban ends, in memory that all threads share: a thread that does not know the bans knows by it whether there can be any.
 *
 * @since 0.1.0
 * @category models
 */
export interface LastBan extends Hearer {
  /** Nobody is banned; `now` is in milliseconds since the epoch. */
  readonly unsafeIsOver: (now: number) => boolean
}

/** No ban yet, where the memory is fresh. A ban that is lifted counts until it would have ended. @since 0.1.0 @category constructors */
export const make = (shared: SharedArrayBuffer): LastBan => {
  const seconds = new Uint32Array(shared)
  return {
    ban: (_block, until) => {
      const end = Math.min(latest, Math.ceil(until / 1000))
      if (end > Atomics.load(seconds, 0)) Atomics.store(seconds, 0, end)
    },
    lift: () => {},
    unsafeIsOver: (now) => {
      const end = Atomics.load(seconds, 0)
      return end < latest && end * 1000 <= now
    }
  }
}
