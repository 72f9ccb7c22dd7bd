import { parentPort, workerData } from "node:worker_threads"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Events } from "../observe/Events.ts"
import * as NodeTcp from "../platform/NodeTcp.ts"
import { Tcp } from "../platform/Tcp.ts"
import * as Tls from "../tls/Tls.ts"
import * as HandedClients from "./HandedClients.ts"
import * as Modules from "./Modules.ts"
import { Serve } from "./Serve.ts"
import * as Shard from "./Shard.ts"
import * as ShardLog from "./ShardLog.ts"
import { Boot, type FromShard, type ThreadBoot, ToShard } from "./ShardProtocol.ts"

const thread = workerData as ThreadBoot
const boot = Schema.decodeUnknownSync(Boot)(thread.boot)
const tell = (message: FromShard) => parentPort?.postMessage(message)

const tls = Tls.make(boot.config, boot.tls)
parentPort?.on("message", (encoded) => {
  const message = Schema.decodeUnknownSync(ToShard)(encoded)
  if (message._tag === "Tls") tls.unsafeReplace(message.material)
})

const heard = (tag: ToShard["_tag"]) =>
  Effect.async<void>((resume) => {
    parentPort?.on("message", (message) => {
      if (Schema.decodeUnknownSync(ToShard)(message)._tag === tag) resume(Effect.void)
    })
  })

const program = Effect.gen(function* () {
  const tcp = yield* Tcp
  const clients = HandedClients.make(thread, tcp)
  const shard = yield* Shard.make({
    pools: boot.pools,
    clientsPerThread: boot.config.clientsPerThread,
    queue: boot.config.queue,
    queueTimeout: boot.config.queueTimeout,
    serve: yield* Serve,
    onEnd: clients.release
  })
  clients.start(shard, { pools: boot.pools, room: boot.config.clientsPerThread + boot.config.queue })
  yield* Effect.sync(() => tell({ _tag: "Ready" }))
  yield* heard("Drain").pipe(
    Effect.zipRight(shard.drain),
    Effect.zipRight(Effect.sync(() => tell({ _tag: "Drained" }))),
    Effect.forkScoped
  )
  yield* heard("Stop")
}).pipe(Effect.scoped)

const main = Modules.load(boot, boot.config).pipe(
  Effect.flatMap((serving) => Effect.provide(program, Layer.provideMerge(serving, NodeTcp.layer))),
  Effect.provideService(Events, { unsafeTell: (event) => tell({ _tag: "Event", event }) }),
  Effect.provideService(Tls.Tls, tls),
  Effect.provide(ShardLog.layer(boot.config.logLevel, tell))
)

Effect.runCallback(main, {
  onExit: (exit) => {
    if (Exit.isFailure(exit)) tell({ _tag: "Failed", detail: Cause.pretty(exit.cause) })
    thread.acceptor.close()
    parentPort?.close()
  }
})
