import { parentPort, workerData } from "node:worker_threads"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as LastBan from "../limits/LastBan.ts"
import { Ledger } from "../limits/Ledger.ts"
import * as LedgerClient from "../limits/LedgerClient.ts"
import * as LedgerLocal from "../limits/LedgerLocal.ts"
import { Events } from "../observe/Events.ts"
import * as Interest from "../observe/Interest.ts"
import * as EpollTcp from "../platform/EpollTcp.ts"
import * as OwnDescriptors from "../platform/OwnDescriptors.ts"
import { Tcp } from "../platform/Tcp.ts"
import * as Tls from "../tls/Tls.ts"
import * as AcceptorProtocol from "./AcceptorProtocol.ts"
import * as HandedClients from "./HandedClients.ts"
import * as Modules from "./Modules.ts"
import { Moving, type Share } from "./Moving.ts"
import * as Refusal from "./Refusal.ts"
import { Serve } from "./Serve.ts"
import * as Shard from "./Shard.ts"
import * as ShardLog from "./ShardLog.ts"
import * as ShardOutbox from "./ShardOutbox.ts"
import { Boot, FromShard, type ThreadBoot, ToShard } from "./ShardProtocol.ts"

const thread = workerData as ThreadBoot
OwnDescriptors.unsafeShare(thread.descriptors)
const boot = Schema.decodeUnknownSync(Boot)(thread.boot)
const outbox = ShardOutbox.make((message) => parentPort?.postMessage(message))
const tell = outbox.unsafePost
const interest = Interest.of(thread.interest)
const encodeLedger = Schema.encodeSync(FromShard)
const client = LedgerClient.make((message) => parentPort?.postMessage(encodeLedger({ _tag: "Ledger", message })))

const ledger = LedgerLocal.over(client.ledger, {
  local: boot.passwordless && { passwordless: boot.passwordless, door: thread.door },
  lastBan: LastBan.make(thread.lastBan),
  unsafeNow: Date.now
})

const tls = Tls.make(boot.config, boot.tls)

let unsafeMove = (_share: Share) => {}

const wishes = { Drain: Deferred.unsafeMake<void>(FiberId.none), Stop: Deferred.unsafeMake<void>(FiberId.none) }
const decode = Schema.decodeUnknownSync(ToShard)
parentPort?.on("message", (encoded) => {
  const message = decode(encoded)
  if (message._tag === "Ledger") client.unsafeHear(message.message)
  else if (message._tag === "Tls") tls.unsafeReplace(message.material)
  else if (message._tag === "Move") unsafeMove(message)
  else Deferred.unsafeDone(wishes[message._tag], Effect.void)
})

const program = Effect.gen(function* () {
  const tcp = yield* Tcp
  const clients = HandedClients.make(thread, tcp)
  const moving = new Moving(new Int32Array(thread.shared, 4 * AcceptorProtocol.heard, 1), clients.leave)
  unsafeMove = (share) => moving.unsafeWish(share)
  const { clientsPerThread, queue } = boot.config
  const shard = yield* Shard.make({
    pools: boot.pools,
    clientsPerThread,
    queue,
    queueTimeout: boot.config.queueTimeout,
    texts: Refusal.texts(boot.config),
    serve: yield* Serve,
    onEnd: clients.release,
    moving
  })
  clients.start(shard, { pools: boot.pools, room: clientsPerThread + queue, queue })
  yield* Effect.sync(() => tell({ _tag: "Ready" }))
  yield* Deferred.await(wishes.Drain).pipe(
    Effect.zipRight(shard.drain),
    Effect.zipRight(Effect.sync(() => tell({ _tag: "Drained" }))),
    Effect.forkScoped
  )
  yield* Deferred.await(wishes.Stop)
}).pipe(Effect.scoped)

const main = Modules.load(boot, boot.config, { shard: boot.index }).pipe(
  Effect.flatMap((serving) => Effect.provide(program, Layer.provideMerge(serving, EpollTcp.layer))),
  Effect.provideService(Ledger, ledger),
  Effect.provideService(Events, {
    unsafeWants: interest.unsafeWants,
    unsafeTell: (event) => {
      if (interest.unsafeWants(event._tag)) outbox.unsafeTell(event)
    }
  }),
  Effect.provideService(Tls.Tls, tls),
  Effect.provide(ShardLog.layer(boot.config.logLevel, tell))
)

Effect.runCallback(main, {
  onExit: (exit) => {
    outbox.unsafeFlush()
    if (Exit.isFailure(exit)) tell({ _tag: "Failed", detail: Cause.pretty(exit.cause) })
    thread.acceptor.close()
    parentPort?.close()
  }
})
