import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Accounts } from "./accounts/Accounts.ts"
import type { FtpConfig } from "./config/FtpConfig.ts"
import * as Settings from "./config/Settings.ts"
import * as EventLog from "./observe/EventLog.ts"
import { Events } from "./observe/Events.ts"
import * as NodeTcp from "./platform/NodeTcp.ts"
import * as FtpServer from "./server/FtpServer.ts"
import type { ServerError } from "./server/ServerError.ts"
import * as serving from "./session/serving.ts"
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
  Layer.provide(FtpServer.layerServing(config, serving.layer(config)), NodeTcp.layer)

/**
 * An FTP server in worker threads, as many as the configuration's `shards`. `services` is the address of a module that exports
 * `layer: (config: FtpConfig) => Layer<Storage | Accounts, E, Tcp>`; each thread imports it and builds its own, for layers cannot be sent
 * to a thread. Fails with `ServerError` where it cannot listen or a shard cannot start.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSharded = (config: FtpConfig, services: URL): Layer.Layer<FtpServer.FtpServer, ServerError> =>
  FtpServer.layerSharded(config, { services })

/**
 * Writes one line to the log for each login, refusal and transfer of the servers it is provided to.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerEventLog: Layer.Layer<never> = Layer.effect(
  Events,
  Effect.map(EventLog.make, (unsafeTell) => ({ unsafeTell }))
)
