import * as Effect from "effect/Effect"
import type { Limits } from "../../domain/Account.ts"
import { nothing } from "../../domain/limits/Quotas.ts"
import type { StoreOptions } from "../storage/Storage.ts"
import * as Quota from "../transfer/Quota.ts"
import type { Actor } from "./Actor.ts"

const granted = Effect.succeed(true)

const isLimited = (limits: Limits | undefined): boolean =>
  limits?.quotaBytes !== undefined || limits?.quotaFiles !== undefined

/** Tells whether the session's account has a quota. @since 0.1.0 @category predicates */
export const areLimited = ({ lodging }: Actor): boolean => isLimited(lodging.welcome?.account.limits)

/**
 * The quota of the account that the session has now, also for when it has gone. What is measured for it counts as movement of the task
 * that waits.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (actor: Actor): Quota.Quota => {
  const { client, house, lodging } = actor
  const { home = "", limits } = lodging.welcome?.account ?? {}
  return {
    isLimited: isLimited(limits),
    reserve: isLimited(limits)
      ? (amount, patient) => house.ledger.reserve(client.id, amount, measure(actor), patient)
      : () => granted,
    unsafeSettle: ({ changed, reserved }) => {
      if (isLimited(limits) || changed.bytes !== 0 || changed.files !== 0) {
        house.ledger.unsafeSettle(client.id, { home, reserved: isLimited(limits) ? reserved : nothing, changed })
      }
    }
  }
}

/**
 * What becomes of the session's uploads that are cut. An account with a quota keeps none of them: they would fill its home uncounted.
 *
 * @since 0.1.0
 * @category getters
 */
export const partials = (actor: Actor): StoreOptions["partial"] =>
  areLimited(actor) ? "discard" : actor.house.config.partialUploads

/** Counts what the account's home holds. @since 0.1.0 @category operations */
export const measure = (actor: Actor) => {
  const { progress } = actor
  const { timers } = actor.house
  return Quota.measure(actor.lodging.storage, () => {
    if (progress !== undefined) progress.movedAt = timers.unsafeNow()
  })
}
