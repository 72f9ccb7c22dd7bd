import type { TokenBucket } from "../../domain/TokenBucket.ts"
import type * as Progress from "../transfer/Progress.ts"
import * as Throttle from "../transfer/Throttle.ts"
import type { Actor } from "./Actor.ts"

/** The largest file the session may store, in bytes. @since 0.1.0 @category getters */
export const largestUpload = ({ house, lodging }: Actor): number => {
  const ofServer = house.config.maxUploadSize === 0 ? Number.POSITIVE_INFINITY : house.config.maxUploadSize
  return Math.min(ofServer, lodging.welcome?.account.limits.uploadSize ?? Number.POSITIVE_INFINITY)
}

const rates = (bucket: TokenBucket | undefined, rate: number | undefined): ReadonlyArray<Throttle.Rate> =>
  bucket === undefined || rate === undefined || rate === 0 ? [] : [{ bucket, rate }]

/** Which way a transfer's bytes go. @since 0.1.0 @category models */
export type Direction = "upload" | "download"

const own = ({ house: { config } }: Actor, direction: Direction): number =>
  direction === "upload" ? config.uploadRate : config.downloadRate

const shared = ({ lodging: { welcome } }: Actor, direction: Direction): ReadonlyArray<Throttle.Rate> => {
  const limits = welcome?.account.limits
  return rates(welcome?.[direction], direction === "upload" ? limits?.uploadRate : limits?.downloadRate)
}

/** Tells whether anything paces the session's transfers. @since 0.1.0 @category predicates */
export const paces = (actor: Actor, direction: Direction): boolean =>
  own(actor, direction) > 0 || shared(actor, direction).length > 0

/**
 * What paces a transfer of the session; `undefined` where nothing does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const throttle = (
  actor: Actor,
  direction: Direction,
  progress: Progress.Progress
): Throttle.Throttle | undefined => {
  const { timers } = actor.house
  return Throttle.make({
    own: own(actor, direction),
    shared: shared(actor, direction),
    progress,
    unsafeNow: timers.unsafeNow,
    unsafeSteady: timers.unsafeSteady
  })
}
