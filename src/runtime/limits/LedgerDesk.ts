import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as FiberMap from "effect/FiberMap"
import type * as Scope from "effect/Scope"
import type { Amount } from "../../domain/limits/Quotas.ts"
import type { LoginError, Welcome } from "./Ledger.ts"
import type { LedgerOwner } from "./LedgerOwner.ts"
import type { FromShard, ToShard } from "./LedgerProtocol.ts"

/**
 * Where the owner of the ledger serves one shard's thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface LedgerDesk {
  /** What the shard said. */
  readonly unsafeHear: (message: FromShard) => void
}

interface Grant {
  readonly id: number
  readonly amount: Amount
}

/**
 * Open as long as the scope, which is to end after the thread: what it had asked is then dropped, its sessions are logged out, and what
 * they had reserved is free again.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  owner: LedgerOwner,
  post: (message: ToShard) => void
): Effect.Effect<LedgerDesk, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { ledger, unsafeLose } = owner
    const sessions = new Set<number>()
    /** The last that each session was granted, until it says something else: its asker may have gone before it heard. */
    const grants = new Map<number, Grant>()
    const measurements = new Map<number, Deferred.Deferred<Amount>>()
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        for (const session of sessions) unsafeLose(session)
        sessions.clear()
        grants.clear()
      })
    )
    const questions = yield* FiberMap.make<number>()
    const run = yield* FiberMap.runtime(questions)()

    const answer = (id: number, question: Effect.Effect<ToShard>) =>
      run(
        id,
        question.pipe(
          Effect.catchAllCause((cause) =>
            Effect.as(Effect.logError("a shard's question failed", cause), { _tag: "Failed", id } satisfies ToShard)
          ),
          Effect.map(post),
          Effect.onExit(() => Effect.sync(() => measurements.delete(id)))
        )
      )

    /** The shard measures; what it found comes as `Measured`. */
    const measure = (id: number): Effect.Effect<Amount> =>
      Effect.suspend(() => {
        const found = Deferred.unsafeMake<Amount>(FiberId.none)
        measurements.set(id, found)
        post({ _tag: "Measure", id })
        return Deferred.await(found)
      })

    const admit = (
      { id, session }: Extract<FromShard, { readonly _tag: "Login" | "Recognise" }>,
      login: Effect.Effect<Welcome, LoginError>
    ) => {
      sessions.add(session)
      answer(
        id,
        login.pipe(
          Effect.match({
            onSuccess: (welcome): ToShard => ({ _tag: "Welcome", id, ...welcome }),
            onFailure: (error): ToShard => {
              sessions.delete(session)
              return { _tag: "Denied", id, error }
            }
          })
        )
      )
    }

    return {
      unsafeHear: (message) => {
        switch (message._tag) {
          case "Login":
            return admit(message, ledger.login(message.session, message))
          case "Recognise":
            return admit(message, ledger.recognise(message.session, message))
          case "Reserve": {
            const { amount, id, patient, session } = message
            grants.delete(session)
            return void answer(
              id,
              Effect.map(ledger.reserve(session, amount, measure(id), patient), (granted) => {
                if (granted) grants.set(session, { id, amount })
                return { _tag: "Granted", id, granted }
              })
            )
          }
          case "Usage": {
            const { id, session } = message
            return void answer(
              id,
              Effect.map(ledger.usage(session, measure(id)), (amount) => ({ _tag: "Used", id, amount }))
            )
          }
          case "Measured": {
            const found = measurements.get(message.id)
            if (found !== undefined) Deferred.unsafeDone(found, Effect.succeed(message.amount))
            return
          }
          case "Cancel": {
            const { id, session } = message
            const grant = grants.get(session)
            run(id, Effect.void)
            if (grant?.id !== id) return
            grants.delete(session)
            return owner.unsafeReturn(session, grant.amount)
          }
          case "Logout":
            sessions.delete(message.session)
            grants.delete(message.session)
            return ledger.unsafeLogout(message.session)
          case "Settle": {
            const { changed, home, reserved, session } = message
            return ledger.unsafeSettle(session, { home, reserved, changed })
          }
        }
      }
    }
  })
