import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import type { Account } from "../../domain/Account.ts"
import * as Quotas from "../../domain/limits/Quotas.ts"
import type { Ledger } from "./Ledger.ts"

/**
 * The quotas of accounts: `domain/limits/Quotas.ts` with the waiting for a measurement.
 *
 * @since 0.1.0
 * @category models
 */
export interface QuotaBook {
  readonly reserve: Ledger["Type"]["reserve"]
  readonly usage: Ledger["Type"]["usage"]
  readonly settle: Ledger["Type"]["unsafeSettle"]
  readonly giveBack: (session: number, amount: Quotas.Amount) => void
  readonly release: (session: number) => void
  readonly lose: (session: number) => void
}

/** For how long a home's books are believed, in milliseconds: then they are made anew, as soon as nothing is reserved there. */
const trust = 3_600_000

/** How often a home is measured before a result will do that something changed under. */
const tries = 3

/**
 * Empty books. `accountOf` answers as whom a session is logged in, `unsafeNow` milliseconds of a clock that nobody sets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (accountOf: (session: number) => Account | undefined, unsafeNow: () => number): QuotaBook => {
  const quotas = Quotas.make()
  const measuredAt = new Map<string, number>()
  const measurements = new Map<string, Deferred.Deferred<void>>()

  /** Becomes the one that measures, if nobody is. */
  const begin = (home: string) =>
    Effect.sync(() => {
      if (quotas.state(home) !== "Unknown") return false
      quotas.begin(home)
      measurements.set(home, Deferred.unsafeMake(FiberId.none))
      return true
    })

  const end = (home: string) =>
    Effect.sync(() => {
      const waiting = measurements.get(home)
      measurements.delete(home)
      quotas.abandon(home)
      if (waiting !== undefined) Deferred.unsafeDone(waiting, Effect.void)
    })

  const measured = (home: string, measure: Effect.Effect<Quotas.Amount>, left: number): Effect.Effect<void> =>
    Effect.flatMap(measure, (found) =>
      quotas.measured(home, found, left <= 1)
        ? Effect.sync(() => void measuredAt.set(home, unsafeNow()))
        : measured(home, measure, left - 1)
    )

  const isOld = (home: string) => unsafeNow() - (measuredAt.get(home) ?? 0) >= trust && quotas.expire(home)

  /** Looks into the books of a home once it is known; whoever comes first measures it, the others wait. */
  const whenKnown = <A>(home: string, measure: Effect.Effect<Quotas.Amount>, look: () => A): Effect.Effect<A> =>
    Effect.suspend(() => {
      if (quotas.state(home) === "Known" && !isOld(home)) return Effect.succeed(look())
      const waiting = measurements.get(home)
      const turn =
        waiting === undefined
          ? Effect.acquireUseRelease(
              begin(home),
              (mine) => (mine ? measured(home, measure, tries) : Effect.void),
              (mine) => (mine ? end(home) : Effect.void)
            )
          : Deferred.await(waiting)
      return Effect.zipRight(turn, whenKnown(home, measure, look))
    })

  /** Those who wait for others of their home to settle: whatever happens in any home, they look again. */
  const patients = new Set<() => void>()
  const stir = () => {
    for (const wake of [...patients]) wake()
  }
  const stirred = Effect.async<void>((resume) => {
    const wake = () => {
      patients.delete(wake)
      resume(Effect.void)
    }
    patients.add(wake)
    return Effect.sync(() => patients.delete(wake))
  })
  const stirring =
    <A extends ReadonlyArray<unknown>>(change: (...args: A) => void) =>
    (...args: A): void => {
      change(...args)
      stir()
    }

  const reserve: QuotaBook["reserve"] = (session, amount, measure, patient = false) =>
    Effect.suspend(() => {
      const account = accountOf(session)
      if (account === undefined) return Effect.succeed(false)
      if (!hasQuota(account)) return Effect.succeed(true)
      const limits: Quotas.Limits = { bytes: account.limits.quotaBytes, files: account.limits.quotaFiles }
      const home = homeOf(account)
      const look = () => {
        if (accountOf(session) !== account) return "Refused"
        if (quotas.reserve(session, home, amount, limits)) {
          stir()
          return "Granted"
        }
        return patient && quotas.isFirst(session, home, amount, limits) ? "Wait" : "Refused"
      }
      return Effect.flatMap(whenKnown(home, measure, look), (verdict) =>
        verdict === "Wait"
          ? Effect.zipRight(stirred, reserve(session, amount, measure, patient))
          : Effect.succeed(verdict === "Granted")
      )
    })

  return {
    reserve,
    usage: (session, measure) =>
      Effect.suspend(() => {
        const account = accountOf(session)
        if (account === undefined || !hasQuota(account)) return Effect.succeed(undefined)
        return whenKnown(homeOf(account), measure, () => quotas.usage(homeOf(account)))
      }),
    settle: stirring((session, settlement) => quotas.settle(session, settlement.home, settlement)),
    giveBack: stirring(quotas.giveBack),
    release: stirring(quotas.release),
    lose: stirring(quotas.lose)
  }
}

const homeOf = ({ home = "" }: Account) => home

const hasQuota = ({ limits }: Account) => limits.quotaBytes !== undefined || limits.quotaFiles !== undefined
