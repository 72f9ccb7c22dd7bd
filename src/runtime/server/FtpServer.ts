import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import { Accounts } from "../accounts/Accounts.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import * as LastBan from "../limits/LastBan.ts"
import { Ledger } from "../limits/Ledger.ts"
import * as LedgerLocal from "../limits/LedgerLocal.ts"
import * as LedgerOwner from "../limits/LedgerOwner.ts"
import * as EpollTcp from "../platform/EpollTcp.ts"
import { socketCalls } from "../platform/SocketCalls.ts"
import type { Endpoint, Tcp } from "../platform/Tcp.ts"
import type * as Layout from "./Layout.ts"
import * as MainServer from "./MainServer.ts"
import * as Modules from "./Modules.ts"
import { Serve } from "./Serve.ts"
import { ServerError } from "./ServerError.ts"
import type { ServerStats } from "./ServerStats.ts"
import * as ThreadedServer from "./ThreadedServer.ts"

/**
 * A running FTP server. It takes clients from the moment its layer is built until the layer's scope closes: then it stops
 * listening, gives sessions `drainTimeout` to finish, interrupts the rest, and leaves no descriptor, thread or fiber behind. It
 * never touches the signals of the process.
 *
 * @since 0.1.0
 * @category tags
 */
export class FtpServer extends Context.Tag("weft/FtpServer")<
  FtpServer,
  {
    /** Where it listens, with the port the system chose where the configuration said 0; the implicit TLS port comes last. */
    readonly addresses: ReadonlyArray<Endpoint>
    readonly layout: Layout.Layout
    /**
     * Tells newcomers 421 and every session to come to its end, and completes when none is left, however long that takes. It
     * cannot be taken back; repeated or interrupted it does no harm.
     */
    readonly drain: Effect.Effect<void>
    /** Reads certificates and keys again, for handshakes to come; sessions go on. What cannot be used is logged and not taken. */
    readonly reload: Effect.Effect<void>
    /** What happens from now on. A reader that is slow loses the oldest events. */
    readonly events: Stream.Stream<ServerEvent>
    /** Waits for the server to fail as a whole; a program that runs it should wait for this and then end. */
    readonly failed: Effect.Effect<never, ServerError>
    readonly stats: Effect.Effect<ServerStats>
  }
>() {}

/**
 * A server with all of its pools on this thread. `serving` is built for it alone and takes what it needs from the host's layers, but
 * for the `Ledger`, which the server keeps over the host's `Accounts`. What is told to `Events` while it is built or serves comes
 * out of `events`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServing = <E, R>(
  config: FtpConfig,
  serving: Layer.Layer<Serve, E, R>
): Layer.Layer<FtpServer, ServerError | E, Exclude<R, Ledger> | Accounts | Tcp> =>
  Layer.scoped(
    FtpServer,
    MainServer.make(
      config,
      Effect.gen(function* () {
        const { bans, ledger: owner } = yield* LedgerOwner.make(config)
        const local = LedgerLocal.deciding(config, yield* Accounts)
        const lastBan = LastBan.make(new SharedArrayBuffer(LastBan.sharedBytes))
        bans.unsafeHear(lastBan)
        const { unsafeCurrentTimeMillis: unsafeNow } = yield* Effect.clock
        const ledger = LedgerLocal.over(owner, { local, lastBan, unsafeNow })
        const context = yield* Layer.build(Layer.provide(serving, Layer.succeed(Ledger, ledger)))
        return { serve: Context.get(context, Serve), bans }
      })
    )
  )

/**
 * The same with a `Serve` that the host has built already, and with it a `Ledger`, if that wants one; only what it tells the `Events`
 * of its own fiber comes out of `events`, and no address is banned.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: FtpConfig): Layer.Layer<FtpServer, ServerError, Serve | Tcp> =>
  Layer.scoped(
    FtpServer,
    MainServer.make(
      config,
      Effect.map(Serve, (serve) => ({ serve, bans: undefined }))
    )
  )

/**
 * A server whose pools run in worker threads, as the configuration's `shards` says. Each thread builds the layers of the modules
 * named for itself; `Accounts` and all that is counted stay on this one. With no shards, or where the platform has no FFI to hand
 * descriptors over with, this thread carries all pools.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSharded = (
  config: FtpConfig,
  options: ThreadedServer.Options
): Layer.Layer<FtpServer, ServerError, Accounts> => {
  if (config.shards === 0) return layerModules(config, options)
  if (socketCalls === undefined) {
    const warning = Effect.logWarning("no FFI on this platform: all pools run on the main thread")
    return Layer.merge(Layer.effectDiscard(warning), layerModules(config, options))
  }
  return Layer.scoped(FtpServer, ThreadedServer.make(config, socketCalls, options))
}

const layerModules = (
  config: FtpConfig,
  options: ThreadedServer.Options
): Layer.Layer<FtpServer, ServerError, Accounts> =>
  Modules.load(ThreadedServer.addressesOf(options), config, { shard: 0 }).pipe(
    Effect.map((serving) =>
      layerServing(config, serving).pipe(
        Layer.provide(EpollTcp.layer),
        Layer.catchAll((cause) =>
          Layer.fail(
            cause instanceof ServerError
              ? cause
              : new ServerError({ reason: "Other", detail: `the services cannot be built: ${cause}`, cause })
          )
        )
      )
    ),
    Layer.unwrapEffect
  )
