import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Connection } from "../platform/Tcp.ts"
import type { Client, Departure } from "./Client.ts"
import * as ClientPool from "./ClientPool.ts"
import * as Draining from "./Draining.ts"
import type { Moving } from "./Moving.ts"
import type * as Refusal from "./Refusal.ts"

/**
 * What carries pools: the same in a worker thread and on the main thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shard {
  /** Gives an admitted client to one of the pools; never waits and never throws for a known pool. */
  readonly unsafeOffer: (client: {
    readonly id: number
    readonly connection: Connection
    readonly pool: number
    readonly implicitTls?: boolean | undefined
    readonly luggage?: unknown
  }) => void
  /** Tells every session to come to its end, refuses newcomers, and completes when nobody is left. Harmless when repeated. */
  readonly drain: Effect.Effect<void>
  /** Clients inside, waiting ones included. */
  readonly size: () => number
}

/**
 * What a shard is made of. `onEnd` hears each client's id once, when its place is free again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<R> {
  readonly pools: number
  readonly clientsPerThread: number
  readonly queue: number
  readonly queueTimeout: Duration.DurationInput
  /** What clients are told that it cannot serve. */
  readonly texts: Refusal.Texts
  readonly serve: (client: Client) => Effect.Effect<void, never, R>
  readonly onEnd: (id: number) => void
  /** Where there are other shards to go to. */
  readonly moving?: Moving<Departure>
}

/**
 * Starts the pools, which live as long as the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R>(options: Options<R>): Effect.Effect<Shard, never, Scope.Scope | R> =>
  Effect.gen(function* () {
    const { draining, unsafeWish } = Draining.make()
    const { moving } = options
    const onEmpty = new Set<() => void>()
    let size = 0

    const onEnd = (client: Client) => {
      size--
      options.onEnd(client.id)
      if (size > 0) return
      for (const act of onEmpty) act()
    }
    const pools = yield* Effect.replicateEffect(ClientPool.make({ ...options, onEnd }), options.pools)

    const untilEmpty = Effect.async<void>((resume) => {
      if (size === 0) return resume(Effect.void)
      const act = () => {
        onEmpty.delete(act)
        resume(Effect.void)
      }
      onEmpty.add(act)
      return Effect.sync(() => onEmpty.delete(act))
    })

    return {
      unsafeOffer: ({ connection, id, implicitTls, luggage, pool }) => {
        const into = pools[pool]
        if (into === undefined) throw new RangeError(`no pool ${pool}`)
        size++
        into.unsafeOffer({ id, connection, implicitTls, draining, luggage, moving })
      },
      drain: Effect.zipRight(Effect.sync(unsafeWish), untilEmpty),
      size: () => size
    }
  })
