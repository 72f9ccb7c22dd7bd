import type { Room } from "../../domain/Admission.ts"
import { socketCalls } from "../platform/SocketCalls.ts"
import type { Tcp } from "../platform/Tcp.ts"
import * as Protocol from "./AcceptorProtocol.ts"
import type { Departure } from "./Client.ts"
import type { Shard } from "./Shard.ts"
import type { ThreadBoot } from "./ShardProtocol.ts"

/**
 * A shard's end of the way to the acceptor: clients come in, the ids of those who left go out.
 *
 * @since 0.1.0
 * @category models
 */
export interface HandedClients {
  /** Tells the acceptor that a client's place is free; what is released in one turn of the loop is told in one message. */
  readonly release: (id: number) => void
  /** Gives a client back to the acceptor, for another shard; it keeps its place, and is not released by this one. */
  readonly leave: (departure: Departure) => void
  /** Registers with the acceptor and gives each client that comes to its pool. */
  readonly start: (shard: Shard, room: Room & { readonly pools: number }) => void
}

/** @since 0.1.0 @category constructors */
export const make = ({ acceptor, bell, shared }: ThreadBoot, tcp: typeof Tcp.Service): HandedClients => {
  const counts = new Int32Array(shared)
  let released: Array<number> = []
  /** Given back, and not gone from here yet. */
  const leaving = new Set<number>()

  const tell = (message: Protocol.FromShard) => acceptor.postMessage(message)

  const release = (id: number) => {
    if (leaving.delete(id)) return
    if (released.push(id) > 1) return
    setImmediate(() => {
      const ids = released
      released = []
      tell({ _tag: "Released", ids })
    })
  }

  const connect = (client: Protocol.Handed) => {
    try {
      return tcp.adopt(client)
    } catch {
      socketCalls?.close(client.descriptor)
      release(client.id)
      return undefined
    }
  }

  const adopt = (shard: Shard, client: Protocol.Handed) => {
    Atomics.add(counts, Protocol.adopted, 1)
    const connection = connect(client)
    if (connection !== undefined) shard.unsafeOffer({ ...client, connection })
  }

  return {
    release,
    leave: (departure) => {
      leaving.add(departure.id)
      tell({ _tag: "Moving", client: departure })
      socketCalls?.wake(bell)
    },
    start: (shard, room) => {
      acceptor.on("message", (clients: Protocol.ToShard) => {
        for (const client of clients) adopt(shard, client)
      })
      tell({ _tag: "Registered", ...room })
    }
  }
}
