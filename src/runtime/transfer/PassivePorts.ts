import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as HostPort from "../../domain/HostPort.ts"
import type { PassiveAddress, PortRange } from "../config/FtpConfig.ts"
import { type Connection, Tcp } from "../platform/Tcp.ts"
import type { Lease } from "./Lease.ts"
import { PassiveError, PassiveLease, type Slot, unsafeDeliver } from "./PassiveLease.ts"

const backlog = 1024

/** Where the operating system chooses the ports there is no range to run out of, only descriptors. */
const mostChosenPorts = 1024

/**
 * Who a passive port is for: the client's address as its control connection has it, and whether a connection from
 * another address is as good.
 *
 * @since 0.1.0
 * @category models
 */
export interface LeaseOptions {
  readonly peer: string
  readonly anyPeer: boolean
  /** Gets the connection the moment it is there, and gives what is to be used in its place. */
  readonly unsafeBegin?: (connection: Connection) => Connection
}

/**
 * The part of a passive port range that shard `index` of `count` binds: the parts are disjoint, differ in size by at most one and
 * make up the range. 0-0 is everybody's. `undefined` where there are fewer ports than shards and none is left for this one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const share = (range: PortRange, index: number, count: number): PortRange | undefined => {
  if (range.from === 0 && range.to === 0) return range
  const size = range.to - range.from + 1
  const from = range.from + Math.floor((size * index) / count)
  const to = range.from + Math.floor((size * (index + 1)) / count) - 1
  return from <= to ? { from, to } : undefined
}

/**
 * The IPv4 address a 227 reply says (RFC 959 section 4.1.2): what the first matching network announces, else what is announced to
 * everybody, else the address the client reached the server at. `undefined` where that is IPv6: only EPSV can be answered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const announce = (
  config: { readonly passiveAddress: ReadonlyArray<PassiveAddress> },
  localAddress: string,
  peerAddress: string
): string | undefined => {
  const isMeant = ({ network }: PassiveAddress) => network !== undefined && HostPort.matches(network, peerAddress)
  const rule = config.passiveAddress.find(isMeant) ?? config.passiveAddress.find(({ network }) => network === undefined)
  const address = rule?.address ?? localAddress
  return address.includes(":") ? undefined : address
}

const candidates = (range: PortRange | undefined): Array<number> => {
  if (range === undefined) return []
  if (range.to === 0) return Array.from({ length: mostChosenPorts }, () => 0)
  return Array.from({ length: range.to - range.from + 1 }, (_, index) => range.from + index)
}

/**
 * The ports clients connect to for their data. Each is bound when it is first needed and then listened on until the scope closes,
 * so a transfer binds nothing. Clients with different addresses share a port; a client that waits for a second connection gets
 * a second port.
 *
 * @since 0.1.0
 * @category services
 */
export class PassivePorts extends Effect.Service<PassivePorts>()("weft/PassivePorts", {
  scoped: Effect.fnUntraced(function* (options: { readonly host: string; readonly ports: PortRange | undefined }) {
    const tcp = yield* Tcp
    const scope = yield* Effect.scope
    const binding = yield* Effect.makeSemaphore(1)
    const unbound = candidates(options.ports)
    const slots = new Set<Slot>()
    let isOpen = true

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isOpen = false
        for (const slot of slots) for (const lease of [...slot.waiting.values()]) lease.release()
      })
    )

    const leaseOn = (slot: Slot, { anyPeer, peer, unsafeBegin }: LeaseOptions): Lease<PassiveError> => {
      slots.delete(slot)
      slots.add(slot)
      return new PassiveLease(slot, peer, anyPeer, unsafeBegin)
    }

    /** The port unused for the longest time comes first; what takes anybody's connection rather has a port of its own. */
    const leaseBound = (options: LeaseOptions, mayMix: boolean): Lease<PassiveError> | undefined => {
      for (const slot of slots) {
        const isFree = options.anyPeer && !mayMix ? slot.waiting.size === 0 : !slot.waiting.has(options.peer)
        if (isFree) return leaseOn(slot, options)
      }
      return undefined
    }

    const bind = (port: number): Effect.Effect<Slot | undefined, PassiveError> => {
      const waiting: Slot["waiting"] = new Map()
      let slot: Slot = { port, waiting, unsafeAccept: () => {} }
      return tcp
        .listen({ host: options.host, port, backlog }, (connection) => unsafeDeliver(slot, connection))
        .pipe(
          Scope.extend(scope),
          Effect.map((listener) => {
            slot = { port: listener.local.port, waiting, unsafeAccept: () => listener.unsafeAccept?.() }
            slots.add(slot)
            return slot
          }),
          Effect.catchAll((cause) => {
            unbound.push(port)
            return cause.reason === "InUse"
              ? Effect.succeed(undefined)
              : Effect.fail(new PassiveError({ reason: "NotListening", cause }))
          }),
          Effect.uninterruptible
        )
    }

    /** Passes over what other processes have; it comes up again when the rest is used. */
    const bindNext = Effect.gen(function* () {
      for (let tries = unbound.length; tries > 0; tries--) {
        const slot = yield* bind(unbound.shift() ?? 0)
        if (slot !== undefined) return slot
      }
      return undefined
    })

    const leaseAny = Effect.fnUntraced(function* (options: LeaseOptions) {
      const bound = leaseBound(options, false)
      if (bound !== undefined) return bound
      const slot = yield* bindNext
      if (!isOpen) return yield* new PassiveError({ reason: "Closed" })
      const last = slot === undefined ? leaseBound(options, true) : leaseOn(slot, options)
      return last ?? (yield* new PassiveError({ reason: "Exhausted" }))
    })

    /**
     * A port for one connection of this client. The caller owns it: take it where an interruption cannot come between, and
     * call `release` in the end. Fails with `Exhausted` where the client has a connection pending on every port.
     */
    const lease = (given: LeaseOptions): Effect.Effect<Lease<PassiveError>, PassiveError> =>
      Effect.suspend(() => {
        if (!isOpen) return Effect.fail(new PassiveError({ reason: "Closed" }))
        const bound = unsafeLease(given)
        return bound === undefined ? binding.withPermits(1)(leaseAny(normalized(given))) : Effect.succeed(bound)
      })

    const normalized = (given: LeaseOptions) => ({ ...given, peer: HostPort.normalize(given.peer) })

    /** The same in this turn, where a port is bound already. */
    const unsafeLease = (given: LeaseOptions): Lease<PassiveError> | undefined =>
      isOpen ? leaseBound(normalized(given), false) : undefined

    const outstanding = (): number => [...slots].reduce((sum, { waiting }) => sum + waiting.size, 0)

    return {
      lease,
      unsafeLease,
      /** Leases whose client has not connected yet. */
      unsafeOutstanding: outstanding
    } as const
  })
}) {}
