import { type Limits, unlimited } from "../Account.ts"
import type { FileFault } from "../FileFault.ts"
import * as LimitText from "../limits/LimitText.ts"
import * as Reply from "../Reply.ts"
import type { State } from "./State.ts"

/** The account's limits, none above the server's. @since 0.1.0 @category getters */
export const limitsOf = ({ account, settings: { maxUploadSize } }: State): Limits => {
  const limits = account?.limits ?? unlimited
  return maxUploadSize === 0
    ? limits
    : { ...limits, uploadSize: Math.min(maxUploadSize, limits.uploadSize ?? Number.POSITIVE_INFINITY) }
}

/**
 * What the client of a session hears of a fault: where it is a limit that was hit, with the limit named.
 *
 * @since 0.1.0
 * @category replies
 */
export const ofFault = (state: State, fault: FileFault): Reply.Reply => {
  const { quotaBytes, quotaFiles, uploadSize } = limitsOf(state)
  const named = (limit: number | undefined, text: (limit: number) => string) =>
    limit === undefined ? Reply.ofFault(fault) : Reply.make(552, text(limit))
  switch (fault) {
    case "TooLarge":
      return named(uploadSize, LimitText.uploadSize)
    case "QuotaBytes":
      return named(quotaBytes, LimitText.quotaBytes)
    case "QuotaFiles":
      return named(quotaFiles, LimitText.quotaFiles)
    default:
      return Reply.ofFault(fault)
  }
}
