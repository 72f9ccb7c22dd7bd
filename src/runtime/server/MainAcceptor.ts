import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Admission from "../../domain/Admission.ts"
import type { Connection } from "../platform/Tcp.ts"
import type { Counter } from "./AcceptorProtocol.ts"
import * as Bursts from "./Bursts.ts"
import * as Refusal from "./Refusal.ts"
import * as Reprieve from "./Reprieve.ts"
import type { Shard } from "./Shard.ts"

const reportEvery = 5000

/**
 * Admission where the pools are on the same thread as the listener.
 *
 * @since 0.1.0
 * @category models
 */
export interface MainAcceptor {
  /** Lets an accepted connection in, or sends it away. */
  readonly unsafeTake: (connection: Connection, implicitTls?: boolean) => void
  readonly unsafeRelease: (id: number) => void
  readonly unsafeBan: (block: string, until: number) => void
  readonly unsafeLift: (block: string) => void
  readonly unsafeDrain: () => void
  readonly unsafeCounts: () => Readonly<Record<Counter, number>>
}

interface Accepted {
  readonly connection: Connection
  readonly implicitTls: boolean
}

/**
 * Books with one shard in them. Logs one line for each burst of refusals.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly shard: Shard
  readonly pools: number
  readonly room: number
  readonly limits: Admission.Limits
  readonly texts: Refusal.Texts
}): Effect.Effect<MainAcceptor, never, Scope.Scope> =>
  Effect.gen(function* () {
    const log = Runtime.runSync(yield* Effect.runtime<never>())
    const fork = yield* Effect.flatMap(FiberSet.make<void>(), (refused) => FiberSet.runtime(refused)())
    const clock = yield* Effect.clock
    const admission = Admission.make(options.limits)
    admission.addShard(0, options)
    const counts = {
      accepted: 0,
      Banned: 0,
      TooManyClients: 0,
      Full: 0,
      TooManyFromAddress: 0,
      Draining: 0,
      Exhausted: 0
    }
    const refusals = Bursts.make<Refusal.Reason>(reportEvery, (counts) =>
      log(Effect.logWarning("clients refused").pipe(Effect.annotateLogs(counts)))
    )

    const place = ({ connection, implicitTls }: Accepted): Admission.Refusal | undefined => {
      const verdict = admission.admit(connection.remote.address, clock.unsafeCurrentTimeMillis())
      if (typeof verdict === "string") return verdict
      options.shard.unsafeOffer({ id: verdict.id, pool: verdict.pool, connection, implicitTls })
      return undefined
    }

    const reprieve = Reprieve.make<Accepted>({
      place,
      refuse: ({ connection, implicitTls }, reason) => {
        counts[reason]++
        refusals.note(reason, Date.now())
        fork(Refusal.say(connection, options.texts[reason], implicitTls))
      }
    })

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        admission.drain()
        reprieve.review(Date.now())
      })
    )
    const review = Effect.sleep(Reprieve.interval).pipe(
      Effect.zipRight(Effect.sync(() => reprieve.review(Date.now()))),
      Effect.repeat({ while: () => reprieve.size() > 0 }),
      Effect.asVoid
    )

    return {
      unsafeTake: (connection, implicitTls = false) => {
        counts.accepted++
        const wasEmpty = reprieve.size() === 0
        reprieve.take({ connection, implicitTls }, Date.now())
        if (wasEmpty && reprieve.size() > 0) fork(review)
      },
      unsafeRelease: (id) => {
        admission.release(id)
      },
      unsafeBan: admission.ban,
      unsafeLift: (block) => {
        admission.lift(block)
      },
      unsafeDrain: () => admission.drain(),
      unsafeCounts: () => ({ ...counts, clients: admission.size() })
    }
  })
