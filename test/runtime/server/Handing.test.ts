import { MessageChannel, receiveMessageOnPort } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import * as Protocol from "../../../src/runtime/server/AcceptorProtocol.ts"
import * as HandedClients from "../../../src/runtime/server/HandedClients.ts"
import * as Peer from "../../../src/runtime/server/Peer.ts"
import type { Shard } from "../../../src/runtime/server/Shard.ts"
import type { ThreadBoot } from "../../../src/runtime/server/ShardProtocol.ts"
import * as FakeConnection from "./FakeConnection.ts"

const endpoint = { address: "192.0.2.1", port: 1 }
const handed = (id: number): Protocol.Handed => ({
  id,
  descriptor: 100_000 + id,
  pool: 0,
  local: endpoint,
  remote: endpoint
})
const nextMessage = (port: MessageChannel["port1"]) => receiveMessageOnPort(port)?.message

describe("Peer", () => {
  it.prop(
    "keeps exactly the clients posted and not yet adopted, also when the count of adoptions turns over",
    [
      FastCheck.array(FastCheck.record({ hand: FastCheck.nat(5), adopt: FastCheck.nat(5) }), { maxLength: 30 }),
      FastCheck.boolean()
    ],
    ([steps, late]) => {
      const { port1, port2 } = new MessageChannel()
      const shared = new SharedArrayBuffer(Protocol.sharedBytes)
      const counts = new Int32Array(shared)
      const start = late ? 0x7fff_fffe : 0
      counts[Protocol.adopted] = start
      const peer = Peer.make({ shard: 0, port: port1, shared })
      peer.trimmed = start
      const waiting: Array<number> = []
      let next = 0
      for (const { adopt, hand } of steps) {
        for (let i = 0; i < hand; i++) {
          Peer.hand(peer, handed(next))
          waiting.push(next++)
        }
        Peer.flush(peer, waiting.length)
        const adopted = Math.min(adopt, waiting.length)
        Atomics.add(counts, Protocol.adopted, adopted)
        waiting.splice(0, adopted)
      }
      assert.deepStrictEqual(
        Peer.unadopted(peer).map(({ id }) => id),
        waiting
      )
      port1.close()
      port2.close()
    }
  )
})

describe("HandedClients", () => {
  const world = (adopt: (typeof Tcp.Service)["adopt"]) => {
    const { port1, port2 } = new MessageChannel()
    const shared = new SharedArrayBuffer(Protocol.sharedBytes)
    const offered: Array<number> = []
    const shard = { unsafeOffer: ({ id }: { readonly id: number }) => offered.push(id) } as unknown as Shard
    const clients = HandedClients.make(
      { acceptor: port2, shared } as unknown as ThreadBoot,
      { adopt } as typeof Tcp.Service
    )
    clients.start(shard, { pools: 2, room: 3 })
    const post = (ids: ReadonlyArray<number>) => {
      const heard = new Promise<void>((resolve) => port2.once("message", () => resolve()))
      port1.postMessage(ids.map(handed))
      return heard
    }
    return { clients, counts: new Int32Array(shared), offered, port1, port2, post }
  }

  it("registers first, and counts each client as adopted before it adopts it", async () => {
    const seen: Array<readonly [number, number | undefined]> = []
    const { counts, offered, port1, port2, post } = world(({ descriptor }) => {
      seen.push([descriptor, counts[Protocol.adopted]])
      return FakeConnection.make().connection
    })
    assert.deepStrictEqual(nextMessage(port1), { _tag: "Registered", pools: 2, room: 3 })
    await post([7, 8])
    assert.deepStrictEqual(seen, [
      [100_007, 1],
      [100_008, 2]
    ])
    assert.deepStrictEqual(offered, [7, 8])
    port2.close()
  })

  it("releases a client that cannot be adopted, and all that are released in one turn in one message", async () => {
    const { clients, offered, port1, port2, post } = world(() => {
      throw new Error("EBADF")
    })
    nextMessage(port1)
    await post([1])
    clients.release(2)
    clients.release(3)
    await new Promise(setImmediate)
    clients.release(4)
    await new Promise(setImmediate)
    assert.deepStrictEqual(
      [nextMessage(port1), nextMessage(port1), nextMessage(port1)],
      [{ _tag: "Released", ids: [1, 2, 3] }, { _tag: "Released", ids: [4] }, undefined]
    )
    assert.deepStrictEqual(offered, [])
    port2.close()
  })
})
