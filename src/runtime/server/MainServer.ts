import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { BanList } from "../limits/BanList.ts"
import { Events } from "../observe/Events.ts"
import { Tcp } from "../platform/Tcp.ts"
import * as Keeper from "../tls/Keeper.ts"
import type { Material } from "../tls/Material.ts"
import * as Tls from "../tls/Tls.ts"
import * as EventHub from "./EventHub.ts"
import * as Layout from "./Layout.ts"
import * as MainAcceptor from "./MainAcceptor.ts"
import * as Refusal from "./Refusal.ts"
import type { Serve } from "./Serve.ts"
import { ServerError } from "./ServerError.ts"
import * as ServerStats from "./ServerStats.ts"
import * as Shard from "./Shard.ts"

const backlog = 4096

/**
 * What is done for clients, and the bans the acceptor is to know of, where somebody keeps them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Inside {
  readonly serve: Serve["Type"]
  readonly bans: BanList | undefined
}

/**
 * The server whose pools all run on this thread; see `FtpServer.layer`. What `inside` tells `Events` while it is made comes out of
 * the server's events.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* <E, R>(
  config: FtpConfig,
  inside: Effect.Effect<Inside, E, R | Scope.Scope>
) {
  const tcp = yield* Tcp
  const layout: Layout.Layout = { ...Layout.fromConfig(config), shards: 0 }
  const hub = yield* EventHub.make
  let unsafeReplace = (_material: Material) => {}
  const keeper = yield* Keeper.make(config, (material) => unsafeReplace(material)).pipe(
    Effect.mapError(ServerError.ofMaterial)
  )
  const tls = Tls.make(config, keeper.unsafeMaterial())
  unsafeReplace = tls.unsafeReplace
  const tellHub = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    effect.pipe(Effect.provideService(Events, hub), Effect.provideService(Tls.Tls, tls))
  const { bans, serve } = yield* tellHub(inside)
  const texts = Refusal.texts(config)
  let onEnd = (_id: number) => {}

  const shard = yield* Shard.make({
    pools: layout.threads,
    clientsPerThread: layout.clientsPerThread,
    queue: config.queue,
    queueTimeout: config.queueTimeout,
    texts,
    serve,
    onEnd: (id) => onEnd(id)
  }).pipe(tellHub)

  yield* Effect.addFinalizer(() => shard.drain.pipe(Effect.interruptible, Effect.timeoutOption(config.drainTimeout)))

  const acceptor = yield* MainAcceptor.make({
    shard,
    pools: layout.threads,
    room: config.clientsPerThread + config.queue,
    limits: config,
    texts
  })
  bans?.unsafeHear({ ban: acceptor.unsafeBan, lift: acceptor.unsafeLift })
  onEnd = acceptor.unsafeRelease

  const listener = yield* tcp
    .listen({ host: config.host, port: config.port, backlog }, acceptor.unsafeTake)
    .pipe(Effect.mapError((error) => ServerError.ofListen(config.host, config.port, error)))

  const { implicitTlsPort } = config
  const implicit =
    implicitTlsPort === null
      ? undefined
      : yield* tcp
          .listen({ host: config.host, port: implicitTlsPort, backlog }, (one) => acceptor.unsafeTake(one, true))
          .pipe(Effect.mapError((error) => ServerError.ofListen(config.host, implicitTlsPort, error)))

  return {
    addresses: implicit === undefined ? [listener.local] : [listener.local, implicit.local],
    layout,
    drain: Effect.zipRight(Effect.sync(acceptor.unsafeDrain), shard.drain),
    events: hub.stream,
    failed: Effect.never,
    reload: keeper.reload,
    stats: Effect.sync(() => ServerStats.make(acceptor.unsafeCounts(), []))
  }
})
