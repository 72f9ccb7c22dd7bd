import { receiveMessageOnPort } from "node:worker_threads"
import * as Admission from "../../domain/Admission.ts"
import type { SocketCalls } from "../platform/SocketCalls.ts"
import * as Protocol from "./AcceptorProtocol.ts"
import * as Bursts from "./Bursts.ts"
import * as Peer from "./Peer.ts"
import type { Reason } from "./Refusal.ts"
import * as Reprieve from "./Reprieve.ts"

/** Longest wait: a thread inside a system call cannot be ended, so each call has to return soon. */
const rest = 250
const pauseWhenExhausted = 100
const clientsPerRound = 64
const reportEvery = 5000

const passing = [
  "EINTR",
  "ECONNABORTED",
  "EPROTO",
  "EPERM",
  "ENETDOWN",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EOPNOTSUPP"
]

type Accepted = Pick<Protocol.Handed, "descriptor" | "local" | "remote" | "implicitTls">

/**
 * The thread that accepts: it lets each client in or tells it 421, and hands the descriptor to a shard. Plain blocking code, for
 * nothing else runs on its thread. While no shard is there clients wait in the kernel's queue.
 *
 * @since 0.1.0
 * @category models
 */
export interface Acceptor {
  /** One round: waits for something to happen and does what there is to do; `false` when the thread shall end. */
  readonly round: () => boolean
}

/** @since 0.1.0 @category constructors */
export const make = (calls: SocketCalls, boot: Protocol.Boot): Acceptor => {
  const { bell, control, listeners } = boot
  const admission = Admission.make(boot.limits)
  const counters = new Int32Array(boot.counters)
  const peers = new Map<number, Peer.Peer>()
  const again = [calls.errno["EAGAIN"], calls.errno["EWOULDBLOCK"]]
  const skipped = passing.map((name) => calls.errno[name])
  let state: "Open" | "Draining" | "Suspended" | "Stopped" = "Open"
  let exhausted = false

  const tell = (message: Protocol.FromAcceptor) => control.postMessage(message)
  const refusals = Bursts.make<Reason>(reportEvery, (counts) => tell({ _tag: "Refused", counts }))

  const count = (counter: Protocol.Counter) => {
    Atomics.add(counters, Protocol.counters.indexOf(counter), 1)
  }

  const note = (reason: Admission.Refusal | "Exhausted") => {
    count(reason)
    refusals.note(reason, Date.now())
  }

  /** To another shard, or back to its own where there is none: this one has forgotten it. */
  const move = (client: Protocol.Moving) => {
    const place = admission.move(client.id)
    const peer = place === undefined ? undefined : peers.get(place.shard)
    if (place === undefined || peer === undefined) return calls.close(client.descriptor)
    Peer.hand(peer, { ...client, pool: place.pool })
  }

  const hearPeer = (peer: Peer.Peer) => {
    for (const message of Peer.messages(peer)) {
      switch (message._tag) {
        case "Registered":
          admission.addShard(peer.shard, message)
          break
        case "Released":
          for (const id of message.ids) admission.release(id)
          break
        case "Moving":
          move(message.client)
      }
    }
  }

  const hearPeers = () => {
    for (const peer of peers.values()) hearPeer(peer)
  }

  /** The books may be behind: whoever is about to be refused gets them brought up to date first. */
  const admit = (address: string) => {
    const now = Date.now()
    const verdict = admission.admit(address, now)
    if (typeof verdict !== "string" || Reprieve.isFinal(verdict)) return verdict
    hearPeers()
    return admission.admit(address, now)
  }

  /** Hands a client to a shard, or says why it cannot be let in. */
  const place = (client: Accepted): Admission.Refusal | undefined => {
    const verdict = admit(client.remote.address)
    if (typeof verdict === "string") return verdict
    const peer = peers.get(verdict.shard)
    if (peer === undefined) throw new Error(`no shard ${verdict.shard}`)
    Peer.hand(peer, { ...client, id: verdict.id, pool: verdict.pool })
    return undefined
  }

  const refuse = ({ descriptor, implicitTls }: Accepted, reason: Admission.Refusal) => {
    note(reason)
    if (implicitTls !== true) calls.say(descriptor, boot.texts[reason])
    calls.close(descriptor)
  }

  const reprieve = Reprieve.make({ place, refuse })

  const acceptFrom = (listener: Protocol.Boot["listeners"][number]) => {
    const anyAddress = listener.local.address === "::" || listener.local.address === "0.0.0.0"
    for (let i = 0; i < clientsPerRound; i++) {
      const descriptor = calls.accept(listener.descriptor)
      if (descriptor < 0) {
        if (again.includes(-descriptor)) return
        if (skipped.includes(-descriptor)) continue
        exhausted = true
        return note("Exhausted")
      }
      count("accepted")
      const remote = calls.peer()
      const local = anyAddress ? calls.local(descriptor) : listener.local
      reprieve.take({ descriptor, local, remote, implicitTls: listener.implicitTls }, Date.now())
    }
  }

  const loseShard = (shard: number) => {
    const peer = peers.get(shard)
    if (peer === undefined) return
    hearPeer(peer)
    peers.delete(shard)
    admission.removeShard(shard)
    for (const { descriptor, implicitTls, local, luggage, remote } of Peer.unadopted(peer)) {
      // A session ends with its shard.
      if (luggage !== undefined) calls.close(descriptor)
      else reprieve.take({ descriptor, local, remote, implicitTls }, Date.now())
    }
    peer.port.close()
  }

  const obey = (message: Protocol.ToAcceptor) => {
    switch (message._tag) {
      case "Shard":
        peers.set(message.shard, Peer.make(message))
        break
      case "ShardGone":
        loseShard(message.shard)
        break
      case "Spare":
        admission.spare(message.shards)
        break
      case "Ban":
        admission.ban(message.block, message.until)
        break
      case "Lift":
        admission.lift(message.block)
        break
      case "Drain":
        admission.drain()
        if (state === "Open") state = "Draining"
        break
      case "Suspend":
        admission.drain()
        state = "Suspended"
        tell({ _tag: "Suspended" })
        break
      case "Stop":
        admission.drain()
        state = "Stopped"
        for (const shard of [...peers.keys()]) loseShard(shard)
    }
  }

  const hear = () => {
    calls.calm(bell)
    for (let next = receiveMessageOnPort(control); next !== undefined; next = receiveMessageOnPort(control)) {
      obey(next.message as Protocol.ToAcceptor)
    }
    hearPeers()
  }

  const publish = () => {
    // Counted before it is handed over: a client that has been greeted is in the statistics.
    Atomics.store(counters, Protocol.counters.indexOf("clients"), admission.size())
    for (const peer of peers.values()) Peer.flush(peer, admission.sizeOfShard(peer.shard))
    refusals.flush(Date.now())
  }

  const isListening = () => state === "Draining" || (state === "Open" && admission.shards() > 0)

  const wait = () => {
    const descriptors = isListening() && !exhausted ? [bell, ...listeners.map((one) => one.descriptor)] : [bell]
    calls.poll(descriptors, reprieve.size() > 0 ? Reprieve.interval : exhausted ? pauseWhenExhausted : rest)
  }

  return {
    round: () => {
      wait()
      exhausted = false
      hear()
      reprieve.review(Date.now())
      if (isListening()) for (const listener of listeners) acceptFrom(listener)
      publish()
      return state !== "Stopped"
    }
  }
}
