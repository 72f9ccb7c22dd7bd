import { socketCalls } from "../platform/SocketCalls.ts"
import type { Tcp } from "../platform/Tcp.ts"
import * as Protocol from "./AcceptorProtocol.ts"
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
  /** Registers with the acceptor and gives each client that comes to its pool. */
  readonly start: (shard: Shard, room: { readonly pools: number; readonly room: number }) => void
}

/** @since 0.1.0 @category constructors */
export const make = ({ acceptor, shared }: ThreadBoot, tcp: typeof Tcp.Service): HandedClients => {
  const counts = new Int32Array(shared)
  let released: Array<number> = []

  const tell = (message: Protocol.FromShard) => acceptor.postMessage(message)

  const release = (id: number) => {
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
    start: (shard, room) => {
      acceptor.on("message", (clients: Protocol.ToShard) => {
        for (const client of clients) adopt(shard, client)
      })
      tell({ _tag: "Registered", ...room })
    }
  }
}
