import { MessageChannel, type MessagePort, Worker } from "node:worker_threads"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import type { Limits } from "../../domain/Admission.ts"
import type { Listening } from "../platform/Accept.ts"
import type { SocketCalls } from "../platform/SocketCalls.ts"
import * as Protocol from "./AcceptorProtocol.ts"
import type * as Refusal from "./Refusal.ts"
import { ServerError } from "./ServerError.ts"

/**
 * The accepting thread, seen from the main thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThreadAcceptor {
  /** An eventfd that wakes it. */
  readonly bell: number
  /** Introduces a shard that has registered on the other end of `port`; `shard` is new for each thread, restarted ones included. */
  readonly unsafeAddShard: (shard: number, port: MessagePort, shared: SharedArrayBuffer) => void
  /** Says that a shard's thread is gone for good, with every descriptor it had adopted. */
  readonly unsafeRemoveShard: (shard: number) => void
  /** Newcomers go to other shards than these, as far as they have room. */
  readonly unsafeSpare: (shards: ReadonlySet<number>) => void
  /** Clients from this address block are told 421 until then (milliseconds since the epoch), or no longer. */
  readonly unsafeBan: (block: string, until: number) => void
  readonly unsafeLift: (block: string) => void
  /** From now on clients are told 421. */
  readonly drain: Effect.Effect<void>
  /** Nobody is accepted any more, and the listeners are closed. */
  readonly suspend: Effect.Effect<void>
  readonly unsafeCounts: () => Readonly<Record<Protocol.Counter, number>>
  /** Fails with `Acceptor` should the thread end of itself. */
  readonly failed: Effect.Effect<never, ServerError>
}

/**
 * Starts the thread; it lives as long as the scope. Logs one line for each burst of refusals.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly calls: SocketCalls
  readonly listeners: ReadonlyArray<Listening & { readonly implicitTls?: boolean }>
  readonly limits: Limits
  readonly texts: Refusal.Texts
  /** The module the thread runs. */
  readonly entry: URL
}): Effect.Effect<ThreadAcceptor, ServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const { calls, entry, limits, listeners, texts } = options
    const bell = yield* acquireBell(calls)
    const log = Runtime.runSync(yield* Effect.runtime<never>())
    const ended = yield* Deferred.make<never, ServerError>()
    const suspended = yield* Deferred.make<void>()
    const counters = new SharedArrayBuffer(Protocol.counters.length * 4)
    const { port1: control, port2 } = new MessageChannel()

    const boot: Protocol.Boot = {
      control: port2,
      bell,
      listeners: listeners.map(({ descriptor, implicitTls, local }) => ({ descriptor, local, implicitTls })),
      limits,
      texts,
      counters
    }
    const post = (message: Protocol.ToAcceptor, transfer: Array<MessagePort> = []) => {
      control.postMessage(message, transfer)
      calls.wake(bell)
    }
    control.on("message", (message: Protocol.FromAcceptor) => {
      if (message._tag === "Suspended") return Deferred.unsafeDone(suspended, Effect.void)
      const { Exhausted, ...refused } = message.counts
      if (Exhausted !== undefined) log(Effect.logError("out of descriptors; accepting pauses until some are free"))
      if (Object.keys(refused).length > 0) log(Effect.logWarning("clients refused").pipe(Effect.annotateLogs(refused)))
    })

    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const thread = new Worker(entry, { workerData: boot, transferList: [port2], name: "weft acceptor" })
        const over = (cause?: unknown) =>
          Deferred.unsafeDone(
            ended,
            new ServerError({ reason: "Acceptor", detail: "the accepting thread ended", cause })
          )
        thread.on("error", over)
        thread.once("exit", () => over())
        return thread
      }),
      (thread) =>
        Effect.sync(() => post({ _tag: "Stop" })).pipe(
          Effect.zipRight(Deferred.await(ended)),
          Effect.interruptible,
          Effect.timeout("2 seconds"),
          Effect.exit,
          Effect.zipRight(Effect.promise(() => thread.terminate())),
          Effect.ensuring(Effect.sync(() => control.close()))
        )
    )

    const closeListeners = Effect.sync(() => {
      for (const { unsafeClose } of listeners) unsafeClose()
    })

    return {
      bell,
      unsafeAddShard: (shard, port, shared) => post({ _tag: "Shard", shard, port, shared }, [port]),
      unsafeRemoveShard: (shard) => post({ _tag: "ShardGone", shard }),
      unsafeSpare: (shards) => post({ _tag: "Spare", shards }),
      unsafeBan: (block, until) => post({ _tag: "Ban", block, until }),
      unsafeLift: (block) => post({ _tag: "Lift", block }),
      drain: Effect.sync(() => post({ _tag: "Drain" })),
      suspend: Effect.sync(() => post({ _tag: "Suspend" })).pipe(
        Effect.zipRight(Effect.raceFirst(Deferred.await(suspended), Deferred.await(ended))),
        Effect.interruptible,
        Effect.timeout("1 second"),
        Effect.ignore,
        Effect.zipRight(closeListeners)
      ),
      unsafeCounts: () => {
        const values = new Int32Array(counters)
        const at = (counter: Protocol.Counter) => Atomics.load(values, Protocol.counters.indexOf(counter)) >>> 0
        return Object.fromEntries(Protocol.counters.map((name) => [name, at(name)])) as Record<Protocol.Counter, number>
      },
      failed: Deferred.await(ended)
    }
  })

const acquireBell = (calls: SocketCalls): Effect.Effect<number, ServerError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const bell = calls.bell()
      return bell < 0
        ? Effect.fail(new ServerError({ reason: "Other", detail: `no eventfd (error ${-bell})` }))
        : Effect.succeed(bell)
    }),
    (bell) => Effect.sync(() => calls.close(bell))
  )
