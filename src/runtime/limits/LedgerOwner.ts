import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Account } from "../../domain/Account.ts"
import * as AddressBlock from "../../domain/limits/AddressBlock.ts"
import * as LimitText from "../../domain/limits/LimitText.ts"
import * as LoginRate from "../../domain/limits/LoginRate.ts"
import * as Penalties from "../../domain/limits/Penalties.ts"
import type { Amount } from "../../domain/limits/Quotas.ts"
import * as Sessions from "../../domain/limits/Sessions.ts"
import { Accounts, AccountsError, type Certified, type Credentials } from "../accounts/Accounts.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import { Events } from "../observe/Events.ts"
import * as SteadyClock from "../platform/SteadyClock.ts"
import * as StateFile from "../state/StateFile.ts"
import * as StateLock from "../state/StateLock.ts"
import * as StateWatch from "../state/StateWatch.ts"
import * as BanList from "./BanList.ts"
import * as Buckets from "./Buckets.ts"
import { Ledger, LoginError, type Welcome } from "./Ledger.ts"
import * as QuotaBook from "./QuotaBook.ts"

/**
 * The one owner of the books: what sessions see of them, and what only the server does.
 *
 * @since 0.1.0
 * @category models
 */
export interface LedgerOwner {
  readonly ledger: Ledger["Type"]
  /** As `unsafeLogout`, of a session whose thread died: nobody knows what it did last. */
  readonly unsafeLose: (session: number) => void
  /** What the session was granted last never reached whoever asked for it. */
  readonly unsafeReturn: (session: number, amount: Amount) => void
  readonly bans: BanList.BanList
}

type Config = Pick<FtpConfig, "maxSessionsPerAccount" | "loginRate" | "banAfter" | "banTime" | "bans">

interface Attempt {
  readonly session: number
  /** Which of the session's. */
  readonly attempt: object
  readonly block: string
  readonly name: string
}

/** Wrong passwords whose answers are held back at once. */
const mostDelayed = 4096

const ofAccounts = ({ limit, reason }: AccountsError) =>
  new LoginError({ reason, ...(limit === undefined ? {} : { limit }) })

const limited = (limit: string) => Effect.fail(new LoginError({ reason: "Limited", limit }))

/**
 * Empty books over the accounts of the host, for as long as the scope. It tells `AddressBanned` to the `Events` of its fiber.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (config: Config): Effect.Effect<LedgerOwner, never, Accounts | Scope.Scope> =>
  Effect.gen(function* () {
    const accounts = yield* Accounts
    const events = yield* Events
    const clock = yield* Effect.clock
    const steady = yield* SteadyClock.make
    const banTime = Duration.toMillis(config.banTime)
    const bans = yield* BanList.make(config.bans === "" ? undefined : held(config.bans))
    const penalties = Penalties.make({ banAfter: config.banAfter, memory: banTime })
    const rate = LoginRate.make(config.loginRate)
    const sessions = Sessions.make()
    const buckets = Buckets.make()
    const inside = new Map<number, Account>()
    const quotas = QuotaBook.make((session) => inside.get(session), steady.unsafeNow)
    /** The login each session waits for; one that is not its session's any more enters nobody. */
    const attempts = new Map<number, object>()
    /** The logins of each address block whose passwords are being compared; a ban ends them all. */
    const compared = new Map<string, Set<Deferred.Deferred<never, LoginError>>>()
    let delayed = 0

    const isBanned = (block: string) => bans.unsafeUntil(block, clock.unsafeCurrentTimeMillis()) !== undefined

    const leave = (session: number) => {
      attempts.delete(session)
      inside.delete(session)
      const account = sessions.logout(session)
      if (account !== undefined && sessions.count(account) === 0) buckets.forget(account)
    }

    const unsafeLogout = (session: number) => {
      quotas.release(session)
      leave(session)
    }

    const ban = (block: string) => {
      const at = clock.unsafeCurrentTimeMillis()
      bans.unsafeBan(block, at + banTime)
      events.unsafeTell({ _tag: "AddressBanned", peer: block, at, until: at + banTime })
      return limited(LimitText.banned(banTime))
    }

    const holdBack = (milliseconds: number): Effect.Effect<never, LoginError> => {
      if (delayed >= mostDelayed) return limited(LimitText.delayed(mostDelayed))
      return Effect.acquireUseRelease(
        Effect.sync(() => void delayed++),
        () => Effect.sleep(milliseconds),
        () => Effect.sync(() => void delayed--)
      ).pipe(Effect.zipRight(Effect.fail(new LoginError({ reason: "Refused" }))))
    }

    const punish = (block: string, name: string): Effect.Effect<never, LoginError> => {
      if (isBanned(block)) return limited(LimitText.banned(banTime))
      const { banned, delay } = penalties.fail(block, name, steady.unsafeNow())
      return banned ? ban(block) : holdBack(delay)
    }

    /** Counted in the step that looks at the limit, and only once the password was right. */
    const enter = (session: number, account: Account): Effect.Effect<Welcome, LoginError> => {
      const limit = account.limits.sessions ?? config.maxSessionsPerAccount
      if (!sessions.login(session, account.name, limit)) return limited(LimitText.sessions(limit))
      inside.set(session, account)
      return Effect.succeed({ account, ...buckets.of(account) })
    }

    bans.unsafeHear({
      ban: (block) => {
        for (const end of compared.get(block) ?? []) Deferred.unsafeDone(end, limited(LimitText.banned(banTime)))
      },
      lift: () => {}
    })

    /** A block that is banned has no more passwords compared, not even those that wait already. */
    const unlessBanned = <A, E>(block: string, comparison: Effect.Effect<A, E>): Effect.Effect<A, E | LoginError> =>
      // What is known already takes no time that a ban could come in; a race is two fibers.
      Exit.isExit(comparison)
        ? comparison
        : Effect.acquireUseRelease(
            Effect.sync(() => {
              const end = Deferred.unsafeMake<never, LoginError>(FiberId.none)
              const all = compared.get(block) ?? new Set()
              compared.set(block, all.add(end))
              return end
            }),
            (end) => Effect.raceFirst(comparison, Deferred.await(end)),
            (end) =>
              Effect.sync(() => {
                const all = compared.get(block)
                if (all?.delete(end) === true && all.size === 0) compared.delete(block)
              })
          )

    /** What is known of an account, checked against what else has happened since the question was asked. */
    const welcome = ({ attempt, block, name, session }: Attempt, account: Account) =>
      Effect.suspend(() => {
        if (isBanned(block)) return limited(LimitText.banned(banTime))
        penalties.forgive(block, name)
        if (attempts.get(session) !== attempt) return Effect.fail(new LoginError({ reason: "Unavailable" }))
        return enter(session, account)
      })

    /** Unless the address has tried too often of late. */
    const paced = <A>(block: string, decision: Effect.Effect<A, LoginError>): Effect.Effect<A, LoginError> =>
      Effect.suspend(() =>
        rate.take(block, steady.unsafeNow()) ? decision : limited(LimitText.loginRate(config.loginRate))
      )

    const authenticate = ({ block }: Attempt, credentials: Credentials) =>
      accounts.authenticate({ ...credentials, suspect: penalties.count(block, steady.unsafeNow()) > 0 })

    const byPassword = (attempt: Attempt, credentials: Credentials) =>
      paced(
        attempt.block,
        unlessBanned(attempt.block, authenticate(attempt, credentials)).pipe(
          Effect.matchEffect({
            onFailure: (error) => {
              if (error._tag === "LoginError") return Effect.fail(error)
              return error.reason === "Refused"
                ? Effect.suspend(() => punish(attempt.block, attempt.name))
                : Effect.fail(ofAccounts(error))
            },
            onSuccess: (account) => welcome(attempt, account)
          })
        )
      )

    /** Where it opens no account, the password that follows is what counts as an attempt. */
    const byCertificate = (attempt: Attempt, who: Certified) =>
      (accounts.recognise?.(who) ?? new AccountsError({ reason: "Refused" })).pipe(
        Effect.mapError(ofAccounts),
        Effect.flatMap((account) => paced(attempt.block, welcome(attempt, account)))
      )

    const login = <W extends Certified>(
      session: number,
      who: W,
      decide: (attempt: Attempt, who: W) => Effect.Effect<Welcome, LoginError>
    ): Effect.Effect<Welcome, LoginError> =>
      Effect.suspend(() => {
        unsafeLogout(session)
        const attempt = {}
        attempts.set(session, attempt)
        const block = AddressBlock.of(who.peer)
        const verdict = isBanned(block)
          ? limited(LimitText.banned(banTime))
          : decide({ session, attempt, block, name: who.name }, who)
        const isCurrent = () => attempts.get(session) === attempt
        return verdict.pipe(
          Effect.onInterrupt(() => Effect.sync(() => isCurrent() && unsafeLogout(session))),
          Effect.ensuring(Effect.sync(() => isCurrent() && attempts.delete(session)))
        )
      })

    return {
      ledger: {
        login: (session, credentials) => login(session, credentials, byPassword),
        recognise: (session, who) => login(session, who, byCertificate),
        unsafeLogout,
        reserve: quotas.reserve,
        unsafeSettle: quotas.settle,
        usage: quotas.usage
      },
      unsafeReturn: quotas.giveBack,
      unsafeLose: (session) => {
        quotas.lose(session)
        leave(session)
      },
      bans
    }
  })

/**
 * The same as a layer of what sessions see, for a server that is put together by hand.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: Config): Layer.Layer<Ledger, never, Accounts> =>
  Layer.scoped(
    Ledger,
    Effect.map(make(config), ({ ledger }) => ledger)
  )

const held = (path: string): BanList.Held => ({
  read: StateFile.read(path).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "NotFound",
      () => Effect.succeed(undefined)
    )
  ),
  update: (change) => StateLock.update(path, change),
  changes: StateWatch.watch(path)
})
