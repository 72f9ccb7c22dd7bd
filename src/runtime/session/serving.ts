import * as Layer from "effect/Layer"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { Ledger } from "../limits/Ledger.ts"
import type { Tcp } from "../platform/Tcp.ts"
import type { Serve } from "../server/Serve.ts"
import type { Storage } from "../storage/Storage.ts"
import { PassivePorts } from "../transfer/PassivePorts.ts"
import * as Sessions from "./Sessions.ts"
import * as Timers from "./Timers.ts"

/**
 * Weft's own sessions, over whatever storage and books a host has: what each shard makes for itself, and what a server on one
 * thread is given.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: FtpConfig): Layer.Layer<Serve, never, Ledger | Storage | Tcp> =>
  Layer.provide(Sessions.layer(config), [
    PassivePorts.Default({ host: config.host, ports: config.passivePorts }),
    Timers.layer
  ])
