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

/** Tells whether anything paces the session's downloads. @since 0.1.0 @category predicates */
export const pacesDownloads = ({ house, lodging: { welcome } }: Actor): boolean =>
  house.config.downloadRate > 0 || rates(welcome?.download, welcome?.account.limits.downloadRate).length > 0

/**
 * What paces a transfer of the session; `undefined` where nothing does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const throttle = (
  { house, lodging: { welcome } }: Actor,
  direction: "upload" | "download",
  progress: Progress.Progress
): Throttle.Throttle | undefined => {
  const { config, timers } = house
  const limits = welcome?.account.limits
  const isUpload = direction === "upload"
  return Throttle.make({
    own: isUpload ? config.uploadRate : config.downloadRate,
    shared: rates(welcome?.[direction], isUpload ? limits?.uploadRate : limits?.downloadRate),
    progress,
    unsafeNow: timers.unsafeNow,
    unsafeSteady: timers.unsafeSteady
  })
}
