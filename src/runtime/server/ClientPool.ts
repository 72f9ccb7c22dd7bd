import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type { Client } from "./Client.ts"
import * as Holding from "./Holding.ts"
import * as Places from "./Places.ts"
import * as Refusal from "./Refusal.ts"
import * as Slots from "./Slots.ts"

/**
 * Supervised fibers for a bounded number of sessions, and a bounded queue of clients waiting to become one.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientPool {
  /**
   * Takes charge of a client at once: serves it, lets it wait, or tells it 421. From here on the pool sees to it that its
   * connection is destroyed and that `onEnd` is called once, however it ends.
   */
  readonly unsafeOffer: (client: Client) => void
}

/**
 * What a pool is made of. `onEnd` is called when a client's place is free again, just before its connection is destroyed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options<R> {
  readonly clientsPerThread: number
  readonly queue: number
  readonly queueTimeout: Duration.DurationInput
  readonly texts: Refusal.Texts
  readonly serve: (client: Client) => Effect.Effect<void, never, R>
  readonly onEnd: (client: Client) => void
}

/**
 * Starts a pool that lives as long as the scope, whose end interrupts its sessions. A defect in a session is one log line and ends
 * that session. A defect in the pool's own code ends its sessions and starts the pool afresh.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* <R>(options: Options<R>) {
  let run: ((client: Client) => void) | undefined
  const started = yield* Deferred.make<void>()

  const generation = Effect.gen(function* () {
    const fibers = yield* FiberSet.make<void, never>()
    const fork = yield* FiberSet.runtime(fibers)<R>()
    const slots = Slots.make((client: Client, restore) => attend(options, places, client, restore))
    const places = Places.make(options.clientsPerThread, options.queue)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        run = undefined
        slots.unsafeClose()
      })
    )
    run = (client) => {
      const fresh = slots.unsafeGive(client)
      if (fresh !== undefined) fork(fresh)
    }
    yield* Deferred.succeed(started, undefined)
    yield* FiberSet.join(fibers)
  }).pipe(Effect.scoped)

  yield* generation.pipe(
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause) ? Effect.interrupt : Effect.logError("client pool restarted", cause)
    ),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Deferred.await(started)

  const pool: ClientPool = {
    unsafeOffer: (client) => {
      if (run !== undefined) return run(client)
      if (client.implicitTls !== true) {
        client.connection.unsafeWrite(options.texts[client.draining.unsafeIsWished() ? "Draining" : "Full"])
      }
      end(options, client)
    }
  }
  return pool
})

/** A client's whole stay. Whatever ends it, its place goes to the next one first and its connection last. */
const attend = <R>(
  options: Options<R>,
  places: Places.Places,
  client: Client,
  restore: Slots.Restore
): Effect.Effect<undefined, never, R> => {
  const place = client.luggage === undefined ? places.enter() : places.enterAtOnce()
  const leave = () => {
    try {
      place.leave()
    } finally {
      end(options, client)
    }
    return undefined
  }
  return Effect.matchCauseEffect(restore(Effect.suspend(() => stay(options, place, client))), {
    onSuccess: () => Effect.sync(leave),
    onFailure: (cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.sync(leave)
        : Effect.as(Effect.ensuring(logCrash(client, cause), Effect.sync(leave)), undefined)
  })
}

const end = (options: Pick<Options<never>, "onEnd">, client: Client) => {
  try {
    options.onEnd(client)
  } finally {
    client.connection.unsafeDestroy()
  }
}

const stay = <R>(options: Options<R>, place: Places.Place, client: Client): Effect.Effect<void, never, R> => {
  if (client.draining.unsafeIsWished() && client.luggage === undefined) return refuse(options, client, "Draining")
  if (place.granted) return options.serve(client)
  if (place.refused) return refuse(options, client, "Full")
  return untilTurn(place, client).pipe(
    Effect.timeoutTo({
      duration: options.queueTimeout,
      onSuccess: (outcome) => outcome,
      onTimeout: (): Outcome => ({ _tag: "Refuse", reason: "Late" })
    }),
    Effect.flatMap((outcome) => follow(options, client, outcome))
  )
}

const refuse = <R>(options: Options<R>, { connection, implicitTls }: Client, reason: Refusal.Reason) =>
  Refusal.say(connection, options.texts[reason], implicitTls)

const follow = <R>(options: Options<R>, client: Client, outcome: Outcome): Effect.Effect<void, never, R> => {
  switch (outcome._tag) {
    case "Serve":
      return options.serve(outcome.client)
    case "Refuse":
      return Effect.zipRight(
        refuse(options, client, outcome.reason),
        Effect.annotateLogs(Effect.logInfo("client refused"), {
          session: client.id,
          peer: client.connection.remote.address,
          reason: outcome.reason
        })
      )
    case "Gone":
      return Effect.void
  }
}

type Outcome =
  | { readonly _tag: "Serve"; readonly client: Client }
  | { readonly _tag: "Refuse"; readonly reason: Refusal.Reason }
  | { readonly _tag: "Gone" }

const untilTurn = (place: Places.Place, client: Client): Effect.Effect<Outcome> =>
  Effect.async<Outcome>((resume) => {
    let forget = () => {}
    const settle = (outcome: Outcome) => {
      forget()
      resume(Effect.succeed(outcome))
    }
    const holding = Holding.make(client.connection, () => settle({ _tag: "Gone" }))
    forget = client.draining.unsafeOnce(() => settle({ _tag: "Refuse", reason: "Draining" }))
    place.onTurn(() => settle({ _tag: "Serve", client: { ...client, connection: holding.unsafeRelease() } }))
    return Effect.sync(() => {
      forget()
      holding.unsafeRelease()
    })
  })

const logCrash = (client: Client, cause: Cause.Cause<never>) =>
  Effect.logError("session crashed", cause).pipe(
    Effect.annotateLogs({ client: client.id, peer: client.connection.remote.address })
  )
