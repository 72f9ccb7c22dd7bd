import type { ResourceLimits } from "node:worker_threads"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Accounts } from "../accounts/Accounts.ts"
import { FtpConfig } from "../config/FtpConfig.ts"
import * as LastBan from "../limits/LastBan.ts"
import * as LedgerLocal from "../limits/LedgerLocal.ts"
import * as LedgerOwner from "../limits/LedgerOwner.ts"
import { Events } from "../observe/Events.ts"
import * as Accept from "../platform/Accept.ts"
import type { SocketCalls } from "../platform/SocketCalls.ts"
import * as Keeper from "../tls/Keeper.ts"
import type { Material } from "../tls/Material.ts"
import * as PassivePorts from "../transfer/PassivePorts.ts"
import * as Balance from "./Balance.ts"
import * as EventHub from "./EventHub.ts"
import * as Layout from "./Layout.ts"
import * as Refusal from "./Refusal.ts"
import * as RestartIntensity from "./RestartIntensity.ts"
import { ServerError } from "./ServerError.ts"
import * as ServerStats from "./ServerStats.ts"
import * as Shards from "./Shards.ts"
import * as ThreadAcceptor from "./ThreadAcceptor.ts"

/**
 * What a server in threads is told beside its configuration.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The host's module; see `Modules`. */
  readonly services: URL
  /** What is done for a client; Weft's own sessions unless a test or an experiment says otherwise. */
  readonly serving?: URL
  /** The folder of the built entry modules, where this code does not run from there itself. */
  readonly entries?: URL
  readonly restarts?: RestartIntensity.RestartIntensity
  readonly startTimeout?: Duration.DurationInput
  readonly stopTimeout?: Duration.DurationInput
  readonly resourceLimits?: ResourceLimits
  /** Says on how many shards sessions are at work; `Balance.watch` unless a test or an experiment does. */
  readonly balance?: (crew: Balance.Crew) => Effect.Effect<void, never, Scope.Scope>
}

const backlog = 4096
const here = new URL("./", import.meta.url)
const sessions = "../session/serving.js"

/**
 * The modules' addresses as a thread takes them.
 *
 * @since 0.1.0
 * @category accessors
 */
export const addressesOf = ({ entries = here, services, serving }: Options) => ({
  services: services.href,
  serving: (serving ?? new URL(sessions, entries)).href
})

/** The configuration as one shard has it: with its own part of the passive ports, for two cannot bind the same one. */
const ofShard = (config: FtpConfig, index: number, count: number): FtpConfig =>
  new FtpConfig({
    ...config,
    passivePorts: PassivePorts.share(config.passivePorts, index, count) ?? config.passivePorts
  })

/**
 * The server whose pools run in worker threads; see `FtpServer.layerSharded`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (config: FtpConfig, calls: SocketCalls, options: Options) {
  const { entries = here } = options
  const layout = Layout.fromConfig(config)
  const hub = yield* EventHub.make
  if (PassivePorts.share(config.passivePorts, 0, layout.shards) === undefined) {
    return yield* new ServerError({ reason: "Other", detail: "there are fewer passive ports than shards" })
  }

  const local = LedgerLocal.deciding(config, yield* Accounts)
  const lastBan = new SharedArrayBuffer(LastBan.sharedBytes)
  const owner = yield* Effect.provideService(LedgerOwner.make(config), Events, hub)

  let unsafeReplace = (_material: Material) => {}
  const keeper = yield* Keeper.make(config, (material) => unsafeReplace(material)).pipe(
    Effect.mapError(ServerError.ofMaterial)
  )
  const listener = yield* Accept.listen(calls, { host: config.host, port: config.port, backlog }).pipe(
    Effect.mapError((error) => ServerError.ofListen(config.host, config.port, error))
  )
  const { implicitTlsPort } = config
  const implicit =
    implicitTlsPort === null
      ? []
      : [
          yield* Accept.listen(calls, { host: config.host, port: implicitTlsPort, backlog }).pipe(
            Effect.mapError((error) => ServerError.ofListen(config.host, implicitTlsPort, error)),
            Effect.map((listening) => ({ ...listening, implicitTls: true }))
          )
        ]
  const listeners = [listener, ...implicit]
  const acceptor = yield* ThreadAcceptor.make({
    calls,
    listeners,
    limits: { maxClients: config.maxClients, maxClientsPerAddress: config.maxClientsPerAddress },
    texts: Refusal.texts(config),
    entry: new URL("./acceptorThread.js", entries)
  })
  owner.bans.unsafeHear(LastBan.make(lastBan))
  owner.bans.unsafeHear({ ban: acceptor.unsafeBan, lift: acceptor.unsafeLift })
  const shards = yield* Shards.make({
    acceptor,
    owner,
    boots: Layout.poolsOfShards(layout).map((pools, index) => ({
      config: ofShard(config, index, layout.shards),
      index,
      pools,
      passwordless: local?.passwordless,
      ...addressesOf(options)
    })),
    entry: new URL("./shardThread.js", entries),
    resourceLimits: options.resourceLimits,
    restarts: options.restarts ?? RestartIntensity.forShards(layout.shards),
    startTimeout: options.startTimeout ?? "20 seconds",
    stopTimeout: options.stopTimeout ?? "3 seconds",
    unsafeTell: hub.unsafeTell,
    interest: hub.interest,
    lastBan,
    door: local?.door,
    unsafeMaterial: keeper.unsafeMaterial
  })
  unsafeReplace = shards.unsafeReplace
  const { balance = Balance.watch } = options
  yield* balance({ shards: layout.shards, unsafeHeard: shards.unsafeHeard, unsafeGather: shards.unsafeGather })

  yield* Effect.addFinalizer(() =>
    Effect.zipRight(
      acceptor.suspend,
      shards.drain.pipe(Effect.interruptible, Effect.timeoutOption(config.drainTimeout))
    )
  )
  return {
    addresses: listeners.map(({ local }) => local),
    layout,
    drain: Effect.zipRight(acceptor.drain, shards.drain),
    reload: keeper.reload,
    events: hub.stream,
    failed: Effect.raceFirst(acceptor.failed, shards.failed),
    stats: Effect.sync(() => ServerStats.make(acceptor.unsafeCounts(), shards.unsafeStats()))
  }
})
