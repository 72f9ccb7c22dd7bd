import { MessageChannel, receiveMessageOnPort } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import type { SocketCalls } from "../../../src/runtime/platform/SocketCalls.ts"
import * as Acceptor from "../../../src/runtime/server/Acceptor.ts"
import type * as Protocol from "../../../src/runtime/server/AcceptorProtocol.ts"
import { counters, sharedBytes } from "../../../src/runtime/server/AcceptorProtocol.ts"

const endpoint = { address: "192.0.2.1", port: 1 }

/** An acceptor whose rounds the test calls, with clients that come when it says so, and shards that it plays. */
const world = () => {
  const coming: Array<number> = []
  const closed: Array<number> = []
  const calls = {
    accept: () => coming.shift() ?? -11,
    peer: () => endpoint,
    local: () => endpoint,
    say: () => {},
    close: (descriptor: number) => void closed.push(descriptor),
    poll: () => 0,
    calm: () => {},
    errno: { EAGAIN: 11, EWOULDBLOCK: 11 }
  } as unknown as SocketCalls
  const { port1: control, port2 } = new MessageChannel()
  const acceptor = Acceptor.make(calls, {
    control: port2,
    bell: 0,
    listeners: [{ descriptor: 5, local: endpoint }],
    limits: { maxClients: 0, maxClientsPerAddress: 0 },
    texts: {} as Protocol.Boot["texts"],
    counters: new SharedArrayBuffer(4 * counters.length)
  })
  const ports = [control, port2]
  const tell = (message: Protocol.ToAcceptor) => {
    control.postMessage(message, message._tag === "Shard" ? [message.port] : [])
    acceptor.round()
  }
  const addShard = (shard: number, pools: number) => {
    const { port1, port2: port } = new MessageChannel()
    ports.push(port1)
    port1.postMessage({ _tag: "Registered", pools, room: 1, queue: 0 } satisfies Protocol.FromShard)
    tell({ _tag: "Shard", shard, port, shared: new SharedArrayBuffer(sharedBytes) })
    return {
      say: (message: Protocol.FromShard) => {
        port1.postMessage(message)
        acceptor.round()
      },
      handed: () => {
        const clients = receiveMessageOnPort(port1)?.message as Protocol.ToShard | undefined
        return clients?.map(({ descriptor, luggage, pool }) => [descriptor, pool, luggage])
      }
    }
  }
  const come = (...descriptors: ReadonlyArray<number>) => {
    coming.push(...descriptors)
    acceptor.round()
  }
  const end = () => {
    for (const port of ports) port.close()
  }
  return { addShard, closed, come, end, tell }
}

const moving = (id: number, descriptor: number): Protocol.FromShard => ({
  _tag: "Moving",
  client: { id, descriptor, local: endpoint, remote: endpoint, luggage: "all it has" }
})

describe("Acceptor", () => {
  it("hands a client that moves to the pool with room, and its place to the next", () => {
    const { addShard, closed, come, end } = world()
    const [one, other] = [addShard(1, 1), addShard(2, 2)]
    come(101, 102)
    assert.deepStrictEqual([one.handed(), other.handed()], [[[101, 0, undefined]], [[102, 0, undefined]]])
    one.say(moving(1, 101))
    assert.deepStrictEqual([one.handed(), other.handed()], [undefined, [[101, 1, "all it has"]]])
    come(103)
    assert.deepStrictEqual([one.handed(), other.handed()], [[[103, 0, undefined]], undefined])
    other.say(moving(2, 102))
    assert.deepStrictEqual([one.handed(), other.handed()], [undefined, [[102, 0, "all it has"]]])
    assert.deepStrictEqual(closed, [])
    end()
  })

  it("closes who moves and is not known, and who moved to a shard that is gone", () => {
    const { addShard, closed, come, end, tell } = world()
    const [one, other] = [addShard(1, 2), addShard(2, 2)]
    come(101, 102)
    assert.deepStrictEqual([one.handed(), other.handed()], [[[101, 0, undefined]], [[102, 0, undefined]]])
    one.say(moving(99, 199))
    assert.deepStrictEqual(closed, [199])
    one.say(moving(1, 101))
    tell({ _tag: "ShardGone", shard: 2 })
    assert.deepStrictEqual(closed, [199, 101])
    assert.deepStrictEqual(one.handed(), [[102, 0, undefined]])
    end()
  })

  it("deals newcomers to spare shards only where the others are full", () => {
    const { addShard, come, end, tell } = world()
    const [one, other] = [addShard(1, 2), addShard(2, 2)]
    tell({ _tag: "Spare", shards: new Set([1]) })
    come(101, 102, 103)
    assert.deepStrictEqual(other.handed()?.length, 2)
    assert.deepStrictEqual(one.handed(), [[103, 0, undefined]])
    end()
  })
})
