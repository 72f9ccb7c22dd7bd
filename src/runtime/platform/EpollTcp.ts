import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import * as Alarms from "./Alarms.ts"
import { EpollConnection } from "./EpollConnection.ts"
import * as LoopPoller from "./LoopPoller.ts"
import * as NodeCall from "./NodeCall.ts"
import { toTcpError } from "./NodeConnection.ts"
import * as NodeTcp from "./NodeTcp.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import * as Pacing from "./Pacing.ts"
import type * as Poller from "./Poller.ts"
import { type SocketCalls, socketCalls } from "./SocketCalls.ts"
import { type SocketIo, socketIo } from "./SocketIo.ts"
import * as SocketOptions from "./SocketOptions.ts"
import { type Connection, type Listener, type Target, Tcp, type TcpError } from "./Tcp.ts"

type Service = typeof Tcp.Service
type ListenOptions = Parameters<Service["listen"]>[0]
type Settled = Parameters<Service["unsafeConnect"]>[1]

const { EADDRNOTAVAIL, EAFNOSUPPORT, EAGAIN, EALREADY, EINPROGRESS, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC } =
  Os.constants.errno

/** It goes on, and the descriptor becomes writable when it is over. */
const underWay = new Set([EALREADY, EINPROGRESS, EINTR])

/** No descriptor, or no memory for one, is left. */
const exhausted = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM])

/** Clients taken from one listener before others have their turn. */
const clientsPerTurn = 64

/** Milliseconds until a listener that found no descriptor free tries again. */
const pauseWhenExhausted = 100

const failed = (errno: number, call: string): TcpError => toTcpError(NodeCall.systemError(-errno, call))

const make = (
  io: SocketIo,
  calls: SocketCalls,
  poller: Poller.Poller,
  node: Service,
  unsafeAfter: Service["unsafeAfter"]
): Service => {
  const open = (host: string, port: number, backlog: number): number => {
    const descriptor = calls.listen(host, port, backlog)
    // Without IPv6 in the kernel "::" cannot be had, and all IPv4 addresses are all addresses.
    const isMissing = host === "::" && (descriptor === -EAFNOSUPPORT || descriptor === -EADDRNOTAVAIL)
    return isMissing ? calls.listen("0.0.0.0", port, backlog) : descriptor
  }

  const listen = Effect.fnUntraced(function* (options: ListenOptions, onConnection: (connection: Connection) => void) {
    if (io.addressOf(options.host) === undefined) return yield* node.listen(options, onConnection)
    const log = Runtime.runSync(yield* Effect.runtime<never>())
    let isFailing = false
    let isPausing = false
    let isOpen = true
    const close = (opened: number) => {
      isOpen = false
      poller.forget(opened)
      OwnDescriptors.unsafeClose(opened)
    }
    const descriptor = yield* Effect.acquireRelease(
      Effect.suspend(() => {
        const opened = open(options.host, options.port, options.backlog)
        if (opened < 0) return Effect.fail(failed(opened, "listen"))
        OwnDescriptors.unsafeOwn(opened)
        return Effect.succeed(opened)
      }),
      (opened) => Effect.sync(() => close(opened))
    )

    // What it accepts begins like it.
    const paced = Pacing.unsafeEase(descriptor)

    const give = (accepted: number): void => {
      if (!OwnDescriptors.unsafeOwn(accepted)) {
        calls.close(accepted)
        return
      }
      const peer = io.peer()
      if (paced !== undefined && !Pacing.isHere(peer.address)) Pacing.unsafeRestore(accepted, paced)
      const connection = new EpollConnection(io, poller, accepted, peer)
      try {
        onConnection(connection)
      } catch (cause) {
        connection.unsafeDestroy()
        log(Effect.logError("an accepted connection was lost", cause))
      }
    }

    const pause = (): void => {
      isPausing = true
      setTimeout(() => {
        isPausing = false
        accept()
      }, pauseWhenExhausted).unref()
    }

    const accept = (): void => {
      for (let count = 0; isOpen && !isPausing && count < clientsPerTurn; count++) {
        const accepted = io.accept(descriptor)
        if (accepted >= 0) {
          isFailing = false
          give(accepted)
        } else if (accepted === -EAGAIN) return
        else if (exhausted.has(-accepted)) {
          if (!isFailing) log(Effect.logWarning("accepting connections fails", failed(accepted, "accept4")))
          isFailing = true
          pause()
        }
      }
      if (isOpen && !isPausing) poller.later(accept)
    }

    if (!poller.watch(descriptor, { unsafeReady: accept }, false)) return yield* failed(-ENOSPC, "epoll_ctl")
    const listener: Listener = { local: io.local(descriptor), unsafeAccept: accept }
    return listener
  })

  const adopt: Service["adopt"] = (client) => {
    const { descriptor, local, remote } = client
    if (!OwnDescriptors.unsafeOwn(descriptor)) return node.adopt(client)
    SocketOptions.keepUrgentInline(descriptor)
    return new EpollConnection(io, poller, descriptor, remote, local)
  }

  const unsafeOpen = (length: number, localAddress: string | undefined): number | undefined =>
    localAddress === undefined ? SocketOptions.unsafeSocket(length) : SocketOptions.unsafeBoundSocket(localAddress)

  /**
   * Without waiting for the kernel to tell: what connects to this host is connected, or refused, when the call returns, and a second one
   * says which.
   */
  const begin = (descriptor: number, address: Uint8Array, { host, port }: Target): number => {
    const begun = io.connect(descriptor, address, port)
    return begun === -EINPROGRESS && Pacing.isHere(host) ? io.connect(descriptor, address, port) : begun
  }

  /** The descriptor is the attempt's until there is a connection, and that one's then. */
  const attempt = (descriptor: number, address: Uint8Array, options: Target, settled: Settled) => {
    OwnDescriptors.unsafeOwn(descriptor)
    let isOver = false
    let isWatched = false
    const end = (): void => {
      isOver = true
      if (isWatched) poller.forget(descriptor)
    }
    const close = (): void => {
      if (isOver) return
      end()
      OwnDescriptors.unsafeClose(descriptor)
    }
    const settle = (outcome: number): void => {
      if (outcome < 0) {
        close()
        settled(failed(outcome, "connect"))
        return
      }
      end()
      settled(new EpollConnection(io, poller, descriptor))
    }
    const begun = begin(descriptor, address, options)
    if (!underWay.has(-begun)) settle(begun)
    else {
      const unsafeReady: Poller.Watched["unsafeReady"] = (_, writable) =>
        writable ? settle(io.outcome(descriptor)) : undefined
      isWatched = poller.watch(descriptor, { unsafeReady }, true)
      if (!isWatched) settle(-ENOSPC)
    }
    return close
  }

  const unsafeConnect: Service["unsafeConnect"] = (options, settled) => {
    const { host, localAddress } = options
    const address = io.addressOf(host)
    if (address === undefined) return node.unsafeConnect(options, settled)
    const isAlike = localAddress !== undefined && localAddress.includes(":") === host.includes(":")
    const descriptor = unsafeOpen(address.length, isAlike ? localAddress : undefined)
    if (descriptor === undefined) return node.unsafeConnect(options, settled)
    if (Pacing.isHere(host)) Pacing.unsafeEase(descriptor)
    return attempt(descriptor, address, options, settled)
  }

  return Tcp.of({ adopt, listen, unsafeAfter, unsafeConnect })
}

const makeService: Effect.Effect<Service, never, Scope.Scope | Tcp> = Effect.gen(function* () {
  const node = yield* Tcp
  if (socketIo === undefined || socketCalls === undefined) return node
  const poller = yield* LoopPoller.make
  if (Option.isNone(poller)) return node
  const alarms = yield* Effect.acquireRelease(
    Effect.sync(() => Alarms.unsafeMake(poller.value)),
    (alarms) => Effect.sync(() => alarms?.close())
  )
  return make(socketIo, socketCalls, poller.value, node, alarms?.after ?? node.unsafeAfter)
})

/**
 * The operating system's network by system calls of our own, where they can be had, and Node's where not. A connection keeps nothing but
 * its descriptor, and gives itself to a socket of Node's only for TLS. Control connections keep urgent data inline, and are probed by the
 * kernel after a minute of silence, so that a vanished client is noticed.
 *
 * When descriptors run out clients wait in the kernel's queue.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Tcp> = Layer.provide(Layer.scoped(Tcp, makeService), NodeTcp.layer)
