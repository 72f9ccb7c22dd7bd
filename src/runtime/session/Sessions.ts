import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { FtpConfig } from "../config/FtpConfig.ts"
import { Ledger } from "../limits/Ledger.ts"
import { Events } from "../observe/Events.ts"
import { Tcp } from "../platform/Tcp.ts"
import type { Client } from "../server/Client.ts"
import { Serve } from "../server/Serve.ts"
import * as ChunkPool from "../storage/ChunkPool.ts"
import { Storage } from "../storage/Storage.ts"
import { Tls } from "../tls/Tls.ts"
import { PassivePorts } from "../transfer/PassivePorts.ts"
import type { House } from "./House.ts"
import { SessionActor } from "./SessionActor.ts"
import { Timers } from "./Timers.ts"

/** What an upload in full flight gathers before it is stored, in bytes. */
const largestChunk = 512 * 1024

/**
 * Serves FTP: what a shard's pools run for each of their clients.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: FtpConfig): Layer.Layer<Serve, never, Ledger | PassivePorts | Storage | Tcp | Timers> =>
  Layer.scoped(
    Serve,
    Effect.gen(function* () {
      const { unsafeTell, unsafeWants } = yield* Events
      const house: House = {
        config,
        storage: yield* Storage,
        ledger: yield* Ledger,
        tcp: yield* Tcp,
        passivePorts: yield* PassivePorts,
        tls: yield* Tls,
        timers: yield* Timers,
        unsafeTell,
        unsafeWants: unsafeWants ?? (() => true),
        chunks: ChunkPool.make({ largest: largestChunk }),
        scope: yield* Effect.scope
      }
      return (client) => Effect.suspend(() => serve(house, client))
    })
  )

const serve = (house: House, client: Client): Effect.Effect<void> => {
  const { timers, unsafeTell } = house
  const actor = new SessionActor(house, client)
  const session = { session: client.id, peer: client.connection.remote.address }
  const { startedAt } = actor
  const timed = timers.unsafeAdd(actor)
  if (client.luggage === undefined) unsafeTell({ _tag: "SessionStarted", ...session, at: startedAt })
  const forget = client.draining.unsafeOnce(() => actor.unsafeTell({ _tag: "DrainRequested" }))
  const ended = () => {
    forget()
    timers.unsafeRemove(timed)
    if (actor.hasLeft) return
    const at = timers.unsafeNow()
    const account = actor.state.account?.name
    unsafeTell({
      _tag: "SessionEnded",
      ...session,
      at,
      milliseconds: at - startedAt,
      ...(account === undefined ? {} : { account })
    })
  }
  return Effect.onExit(actor.life, (exit) => {
    let ending: Effect.Effect<void> | undefined
    try {
      ending = actor.end(exit)
    } finally {
      if (ending === undefined) ended()
    }
    return ending === undefined ? Effect.void : Effect.ensuring(ending, Effect.sync(ended))
  })
}
