import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"
import * as Protocol from "./AcceptorProtocol.ts"

/**
 * A shard as the acceptor sees it: the port to it, and the clients posted there that it has not adopted yet, oldest first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Peer {
  readonly shard: number
  readonly port: MessagePort
  readonly shared: Int32Array
  readonly posted: Array<Protocol.Handed>
  /** How far `posted` has been trimmed, in the shard's own count of adoptions. */
  trimmed: number
  outbox: Array<Protocol.Handed>
}

/** @since 0.1.0 @category constructors */
export const make = (options: {
  readonly shard: number
  readonly port: MessagePort
  readonly shared: SharedArrayBuffer
}): Peer => ({
  shard: options.shard,
  port: options.port,
  shared: new Int32Array(options.shared),
  posted: [],
  trimmed: 0,
  outbox: []
})

/** Gives it a client, with the next `flush`. @since 0.1.0 @category operations */
export const hand = (peer: Peer, client: Protocol.Handed): void => {
  peer.posted.push(client)
  peer.outbox.push(client)
}

/** Posts what was handed, and notes for all to see how many clients the shard has. @since 0.1.0 @category operations */
export const flush = (peer: Peer, clients: number): void => {
  Atomics.store(peer.shared, Protocol.clients, clients)
  trim(peer)
  if (peer.outbox.length === 0) return
  const message: Protocol.ToShard = peer.outbox
  peer.outbox = []
  peer.port.postMessage(message)
}

/**
 * The clients a dead shard never adopted; their descriptors are still the acceptor's. The others' died with the shard's thread.
 *
 * @since 0.1.0
 * @category operations
 */
export const unadopted = (peer: Peer): ReadonlyArray<Protocol.Handed> => {
  trim(peer)
  return peer.posted.splice(0)
}

/** What the shard has said since the last call. @since 0.1.0 @category operations */
export const messages = (peer: Peer): ReadonlyArray<Protocol.FromShard> => {
  const heard: Array<Protocol.FromShard> = []
  for (let next = receiveMessageOnPort(peer.port); next !== undefined; next = receiveMessageOnPort(peer.port)) {
    heard.push(next.message as Protocol.FromShard)
  }
  return heard
}

const trim = (peer: Peer) => {
  const adopted = Atomics.load(peer.shared, Protocol.adopted)
  const fresh = (adopted - peer.trimmed) | 0
  if (fresh <= 0) return
  peer.posted.splice(0, fresh)
  peer.trimmed = adopted
}
