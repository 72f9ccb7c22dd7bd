import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type { Material } from "../tls/Material.ts"
import * as AcceptorProtocol from "./AcceptorProtocol.ts"
import * as RestartIntensity from "./RestartIntensity.ts"
import { ServerError } from "./ServerError.ts"
import * as ShardWorker from "./ShardWorker.ts"
import type { ThreadAcceptor } from "./ThreadAcceptor.ts"

/**
 * The worker threads that carry the pools, each watched and started again when it dies.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shards {
  /** Asks all sessions to finish; completes when none is left. From then on no shard is started again. Harmless when repeated. */
  readonly drain: Effect.Effect<void>
  /** New TLS material for those that run; `unsafeMaterial` has it for those that will be started. */
  readonly unsafeReplace: (material: Material) => void
  /**
   * So many shards are open, and the others spare: newcomers go to the open ones, and so do sessions that are at work on spare ones. Where
   * more open, their part of those at work on the others comes to them.
   */
  readonly unsafeGather: (open: number) => void
  /** Commands that the sessions of all shards have heard; a number of 32 bits, which turns over. */
  readonly unsafeHeard: () => number
  readonly unsafeStats: () => ReadonlyArray<ShardStats>
  /** Fails with `ShardRestarts` when shards die more often than the intensity allows. */
  readonly failed: Effect.Effect<never, ServerError>
}

/** @since 0.1.0 @category models */
export interface ShardStats {
  readonly pools: number
  /** 0 while its thread is being started. */
  readonly clients: number
  readonly restarts: number
}

/** @since 0.1.0 @category models */
export interface Options extends Omit<ShardWorker.Options, "boot" | "bell"> {
  /** What each shard starts with. */
  readonly boots: ReadonlyArray<ShardWorker.Options["boot"]>
  readonly acceptor: ThreadAcceptor
  readonly unsafeMaterial: () => Material | undefined
  readonly restarts: RestartIntensity.RestartIntensity
}

interface Seat {
  readonly boot: ShardWorker.Options["boot"]
  worker: ShardWorker.ShardWorker | undefined
  /** What the acceptor calls it by. */
  shard: number
  restarts: number
}

/**
 * Starts all shards and waits until each is ready; they live as long as the scope. Fails with `ShardStart` where one cannot start.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Shards, ServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const { acceptor } = options
    const failed = yield* Deferred.make<never, ServerError>()
    const opened = yield* Deferred.make<void>()
    const mayRestart = RestartIntensity.counter(options.restarts)
    const seats = options.boots.map((boot): Seat => ({ boot, worker: undefined, shard: -1, restarts: 0 }))
    let open = seats.length
    /** By shards that have died. */
    let heard = 0
    let incarnations = 0
    let draining = false

    const tellSpare = () => acceptor.unsafeSpare(new Set(seats.slice(open).map(({ shard }) => shard)))

    const incarnation = (seat: Seat, onReady: Effect.Effect<unknown>) =>
      Effect.gen(function* () {
        const shard = incarnations++
        yield* Effect.addFinalizer(() => Effect.sync(() => acceptor.unsafeRemoveShard(shard)))
        const boot = { ...seat.boot, tls: options.unsafeMaterial() }
        const worker = yield* ShardWorker.make({ ...options, bell: acceptor.bell, boot })
        seat.worker = worker
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            heard += heardBy(worker)
            seat.worker = undefined
          })
        )
        yield* onReady
        // Clients that came before all are ready could take the descriptors that the others need to start.
        yield* Effect.raceFirst(Deferred.await(opened), worker.exited)
        acceptor.unsafeAddShard(shard, worker.port, worker.shared)
        seat.shard = shard
        if (open < seats.length) tellSpare()
        if (draining) yield* Effect.forkScoped(worker.drain)
        return yield* worker.exited
      }).pipe(Effect.scoped)

    const isRestarted = (seat: Seat, why: string): Effect.Effect<boolean> =>
      Effect.gen(function* () {
        if (draining) {
          yield* Effect.logWarning("shard died while draining", why)
          return false
        }
        if (mayRestart(yield* Clock.currentTimeMillis)) {
          yield* Effect.logError("shard died; starting it again", why)
          return true
        }
        const { limit, within } = options.restarts
        const detail = `shard ${seat.boot.index} died, and ${limit} restarts within ${within} ms is the limit: ${why}`
        yield* Effect.logError("shard died too often; the server fails", why)
        yield* Deferred.fail(failed, new ServerError({ reason: "ShardRestarts", detail }))
        return false
      })

    const supervise = (seat: Seat, ready: Deferred.Deferred<void, ServerError>) =>
      Effect.gen(function* () {
        let why = yield* incarnation(seat, Deferred.succeed(ready, undefined))
        while (yield* isRestarted(seat, why)) {
          seat.restarts++
          why = yield* incarnation(seat, Effect.logInfo("shard started again")).pipe(
            Effect.catchAll((error) => Effect.succeed(error.detail))
          )
        }
      }).pipe(
        Effect.catchAll((error) => Deferred.fail(ready, error)),
        Effect.annotateLogs({ shard: seat.boot.index })
      )

    const supervisors = yield* FiberSet.make<unknown>()
    const starting = yield* Effect.forEach(seats, (seat) =>
      Effect.gen(function* () {
        const ready = yield* Deferred.make<void, ServerError>()
        yield* FiberSet.run(supervisors, supervise(seat, ready))
        return ready
      })
    )
    yield* Effect.forEach(starting, Deferred.await, { discard: true })
    yield* Deferred.succeed(opened, undefined)

    const workers = () => seats.flatMap(({ worker }) => (worker === undefined ? [] : [worker]))
    return {
      drain: Effect.suspend(() => {
        draining = true
        return Effect.forEach(workers(), (worker) => worker.drain, { concurrency: "unbounded", discard: true })
      }),
      unsafeReplace: (material) => {
        for (const worker of workers()) worker.unsafeReplace(material)
      },
      unsafeGather: (wanted) => {
        const before = open
        open = wanted
        tellSpare()
        for (const [index, { worker }] of seats.entries()) {
          // Who was open before keeps its part of what all of them have now.
          if (index >= open) worker?.unsafeMove({ stay: 0, of: 1 })
          else worker?.unsafeMove(index < before && before < open ? { stay: before, of: open } : { stay: 1, of: 1 })
        }
      },
      unsafeHeard: () => workers().reduce((sum, worker) => (sum + heardBy(worker)) | 0, heard | 0),
      unsafeStats: () =>
        seats.map(({ boot, restarts, worker }) => ({ pools: boot.pools, restarts, clients: clientsOf(worker) })),
      failed: Deferred.await(failed)
    }
  })

const clientsOf = (worker: ShardWorker.ShardWorker | undefined) =>
  worker === undefined ? 0 : wordOf(worker.shared, AcceptorProtocol.clients)

const heardBy = ({ shared }: ShardWorker.ShardWorker) => wordOf(shared, AcceptorProtocol.heard)

const wordOf = (shared: SharedArrayBuffer, index: number) => Atomics.load(new Int32Array(shared), index)
