import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { Ledger } from "../limits/Ledger.ts"
import type { Tcp } from "../platform/Tcp.ts"
import type { Storage } from "../storage/Storage.ts"
import type { Serve } from "./Serve.ts"
import { ServerError } from "./ServerError.ts"

/**
 * The modules a shard's thread runs, for functions cannot be sent to it. `services` is the host's: it exports
 * `layer: (config: FtpConfig, place: { shard: number }) => Layer<Storage, E, Tcp>`, where `shard` is which of the shards it is built
 * for, from 0; 0 also where the main thread carries the pools. `serving` makes of it what is done for a client: it exports
 * `layer: (config: FtpConfig) => Layer<Serve, E, Ledger | Storage | Tcp>`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Modules {
  readonly services: URL
  readonly serving: URL
}

type Services = (config: FtpConfig, place: { readonly shard: number }) => Layer.Layer<Storage, unknown, Tcp>
type Serving = (config: FtpConfig) => Layer.Layer<Serve, unknown, Ledger | Storage | Tcp>

/**
 * Imports both and puts them together. Fails with `ShardStart` where a module cannot be loaded or exports no `layer`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (
  modules: { readonly services: string; readonly serving: string },
  config: FtpConfig,
  place: { readonly shard: number }
): Effect.Effect<Layer.Layer<Serve, unknown, Ledger | Tcp>, ServerError> =>
  Effect.gen(function* () {
    const services = (yield* importLayer(modules.services)) as Services
    const serving = (yield* importLayer(modules.serving)) as Serving
    return Layer.provide(serving(config), services(config, place))
  })

const importLayer = (address: string): Effect.Effect<unknown, ServerError> =>
  Effect.tryPromise({
    try: (): Promise<{ readonly layer?: unknown }> => import(address),
    catch: (cause) => new ServerError({ reason: "ShardStart", detail: `cannot load ${address}: ${cause}`, cause })
  }).pipe(
    Effect.filterOrFail(
      (module) => typeof module.layer === "function",
      () => new ServerError({ reason: "ShardStart", detail: `${address} exports no function "layer"` })
    ),
    Effect.map((module) => module.layer)
  )
