import * as Quota from "../transfer/Quota.ts"
import type { Actor } from "./Actor.ts"

/**
 * The quota of the session's account; `undefined` where it has none. What is measured for it counts as movement of the task that waits.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (actor: Actor): Quota.Quota | undefined => {
  const { client, house, lodging } = actor
  const limits = lodging.welcome?.account.limits
  if (limits?.quotaBytes === undefined && limits?.quotaFiles === undefined) return undefined
  return {
    reserve: (amount) => house.ledger.reserve(client.id, amount, measure(actor)),
    unsafeSettle: (settlement) => house.ledger.unsafeSettle(client.id, settlement)
  }
}

/** Counts what the account's home holds. @since 0.1.0 @category operations */
export const measure = (actor: Actor) => {
  const { progress } = actor
  const { timers } = actor.house
  return Quota.measure(actor.lodging.storage, () => {
    if (progress !== undefined) progress.movedAt = timers.unsafeNow()
  })
}
