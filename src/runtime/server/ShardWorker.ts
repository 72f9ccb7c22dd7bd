import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from "node:worker_threads"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import * as LedgerDesk from "../limits/LedgerDesk.ts"
import type { LedgerOwner } from "../limits/LedgerOwner.ts"
import * as OwnDescriptors from "../platform/OwnDescriptors.ts"
import type { Material } from "../tls/Material.ts"
import * as AcceptorProtocol from "./AcceptorProtocol.ts"
import type { Share } from "./Moving.ts"
import { ServerError } from "./ServerError.ts"
import * as ShardLog from "./ShardLog.ts"
import { Boot, FromShard, type ThreadBoot, ToShard } from "./ShardProtocol.ts"

/**
 * One incarnation of a shard: a worker thread that has said it is ready.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShardWorker {
  /** The acceptor's end of the way to it. */
  readonly port: MessagePort
  readonly shared: SharedArrayBuffer
  /** New material for its handshakes. */
  readonly unsafeReplace: (material: Material) => void
  /** So many of its sessions that are at work are to stay, and the others to go to another shard. */
  readonly unsafeMove: (share: Share) => void
  /** Asks its sessions to finish; completes when none is left. */
  readonly drain: Effect.Effect<void>
  /** Completes with the reason when the thread is gone, and with it every descriptor it had adopted. */
  readonly exited: Effect.Effect<string>
}

/** @since 0.1.0 @category models */
export interface Options {
  readonly boot: Boot
  /** The module the thread runs. */
  readonly entry: URL
  readonly resourceLimits: ResourceLimits | undefined
  readonly startTimeout: Duration.DurationInput
  /** What sessions get to be interrupted in before the thread is terminated. */
  readonly stopTimeout: Duration.DurationInput
  /** The acceptor's; see `ThreadBoot`. */
  readonly bell: number
  readonly unsafeTell: (event: ServerEvent) => void
  /** What of that is wanted; see `Interest`. */
  readonly interest: SharedArrayBuffer
  readonly lastBan: SharedArrayBuffer
  readonly door: SharedArrayBuffer | undefined
  /** Answers what its sessions ask, and forgets them when it has ended. */
  readonly owner: LedgerOwner
}

/**
 * Starts a thread, which ends with the scope, and waits until it is ready. Fails with `ShardStart` where it cannot become so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<ShardWorker, ServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const log = Runtime.runSync(yield* Effect.runtime<never>())
    const ready = yield* Deferred.make<void, ServerError>()
    const drained = yield* Deferred.make<void>()
    const exited = yield* Deferred.make<string>()
    const { port1: port, port2: acceptor } = new MessageChannel()
    const shared = new SharedArrayBuffer(AcceptorProtocol.sharedBytes)
    const descriptors = new SharedArrayBuffer(OwnDescriptors.sharedBytes)
    const failed = (detail: string) =>
      new ServerError({ reason: "ShardStart", detail: `shard ${options.boot.index} did not start: ${detail}` })

    let send = (_message: ToShard) => {}
    const desk = yield* LedgerDesk.make(options.owner, (message) => send({ _tag: "Ledger", message }))

    const hear = (message: FromShard) => {
      switch (message._tag) {
        case "Ready":
          return Deferred.unsafeDone(ready, Effect.void)
        case "Drained":
          return Deferred.unsafeDone(drained, Effect.void)
        case "Events":
          for (const event of message.events) options.unsafeTell(event)
          return
        case "Log":
          return log(ShardLog.write(options.boot.index, message))
        case "Ledger":
          return desk.unsafeHear(message.message)
        case "Failed":
          return Deferred.unsafeDone(ready, failed(message.detail))
      }
    }

    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const { bell, door, interest, lastBan } = options
        const boot = Schema.encodeSync(Boot)(options.boot)
        const workerData: ThreadBoot = { boot, acceptor, bell, shared, descriptors, interest, lastBan, door }
        const thread = new Worker(options.entry, {
          workerData,
          transferList: [acceptor],
          name: `weft shard ${options.boot.index}`,
          ...(options.resourceLimits === undefined ? {} : { resourceLimits: options.resourceLimits })
        })
        let why = ""
        thread.on("error", (error) => {
          why = error instanceof Error ? (error.stack ?? error.message) : String(error)
        })
        thread.once("exit", (code) => {
          OwnDescriptors.unsafeCloseAll(descriptors)
          const reason = why === "" ? `exit code ${code}` : why
          Deferred.unsafeDone(ready, failed(reason))
          Deferred.unsafeDone(exited, Effect.succeed(reason))
        })
        thread.on("message", (message) => hear(decode(message)))
        send = (message) => thread.postMessage(encode(message))
        return thread
      }),
      (thread) =>
        Effect.sync(() => send({ _tag: "Stop" })).pipe(
          Effect.zipRight(Deferred.await(exited)),
          Effect.interruptible,
          Effect.timeout(options.stopTimeout),
          Effect.exit,
          Effect.zipRight(Effect.promise(() => thread.terminate()))
        )
    )

    yield* Deferred.await(ready).pipe(
      Effect.timeoutFail({ duration: options.startTimeout, onTimeout: () => failed("it was not ready in time") })
    )
    return {
      port,
      shared,
      unsafeReplace: (material) => send({ _tag: "Tls", material }),
      unsafeMove: (share) => send({ _tag: "Move", ...share }),
      drain: Effect.sync(() => send({ _tag: "Drain" })).pipe(
        Effect.zipRight(Effect.raceFirst(Deferred.await(drained), Deferred.await(exited))),
        Effect.asVoid
      ),
      exited: Deferred.await(exited)
    }
  })

const decode = Schema.decodeUnknownSync(FromShard)
const encode = Schema.encodeSync(ToShard)
