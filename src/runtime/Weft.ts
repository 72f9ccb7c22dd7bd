import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Accounts } from "./accounts/Accounts.ts"
import type { FtpConfig } from "./config/FtpConfig.ts"
import * as Settings from "./config/Settings.ts"
import * as EventLog from "./observe/EventLog.ts"
import { Events } from "./observe/Events.ts"
import * as EpollTcp from "./platform/EpollTcp.ts"
import * as FtpServer from "./server/FtpServer.ts"
import type { ServerError } from "./server/ServerError.ts"
import * as serving from "./session/serving.ts"
import * as LocalStorage from "./storage/LocalStorage.ts"
import type { Storage } from "./storage/Storage.ts"

/**
 * A whole configuration from the settings that matter to a host; the rest are the defaults of `weft serve`, but for `shards`,
 * which is 0: everything on the host's own thread.
 *
 * @since 0.1.0
 * @category constructors
 */
export const config = (given: Partial<FtpConfig> = {}): FtpConfig =>
  Settings.complete({ shards: 0, ...given }, Os.availableParallelism())

/**
 * An FTP server on the host's own thread, over the host's own storage and accounts. Fails with `ServerError` where it cannot
 * listen.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: FtpConfig): Layer.Layer<FtpServer.FtpServer, ServerError, Accounts | Storage> =>
  Layer.provide(FtpServer.layerServing(config, serving.layer(config)), EpollTcp.layer)

/**
 * An FTP server in worker threads, as many as the configuration's `shards`, over the host's own accounts. `services` is the address of
 * a module that exports `layer: (config: FtpConfig, place: { shard: number }) => Layer<Storage, E, Tcp>`; each thread imports it and
 * builds its own, for layers cannot be sent to a thread. Accounts and limits stay on the host's thread. Fails with `ServerError` where it cannot listen or a shard cannot start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSharded = (
  config: FtpConfig,
  services: URL
): Layer.Layer<FtpServer.FtpServer, ServerError, Accounts> => FtpServer.layerSharded(config, { services })

const isBelow = (folder: string, other: string) => folder.startsWith(other.endsWith("/") ? other : `${other}/`)

/**
 * Does away with what uploads of processes that died have left below the served folder and the homes of accounts, for a host whose
 * files are in the local file system. To be done before the server starts; what takes longer than two seconds goes on beside it, for
 * as long as the scope.
 *
 * @since 0.1.0
 * @category operations
 */
export const sweep = (
  config: Pick<FtpConfig, "root" | "partialUploads">,
  homes: ReadonlyArray<string> = []
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function* () {
    const folders = [...new Set([config.root, ...homes])]
    const apart = folders.filter((folder) => !folders.some((other) => isBelow(folder, other)))
    const sweeping = yield* Effect.forEach(apart, (root) =>
      LocalStorage.sweep({ root, partial: config.partialUploads })
    ).pipe(
      Effect.map((counts) => counts.reduce((sum, count) => sum + count, 0)),
      Effect.tap((files) =>
        files === 0 ? Effect.void : Effect.annotateLogs(Effect.logInfo("swept what cut uploads left"), { files })
      ),
      Effect.forkScoped
    )
    yield* Effect.timeoutOption(Fiber.join(sweeping), "2 seconds")
  })

/**
 * Writes one line to the log for each login, refusal and transfer of the servers it is provided to.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEventLog: Layer.Layer<never> = Layer.effect(Events, EventLog.make)
