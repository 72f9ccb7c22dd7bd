import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import { unsafeAfter } from "./EventLoop.ts"
import { MemoryConnection } from "./MemoryConnection.ts"
import type { Wire } from "./MemoryPipe.ts"
import { type Connection, type Endpoint, type Listener, Tcp, TcpError } from "./Tcp.ts"

type Service = typeof Tcp.Service

interface Listening extends Endpoint {
  readonly accept: (connection: Connection) => void
}

interface Host {
  readonly addresses: ReadonlySet<string>
  readonly listening: Set<Listening>
  nextPort: number
}

const firstFreePort = 49_152

const isIPv6 = (address: string): boolean => address.includes(":")

/** Whether a listener bound to `bound` hears what is sent to `address`. */
const covers = (bound: string, address: string): boolean =>
  bound === "::" || bound === address || (bound === "0.0.0.0" && !isIPv6(address))

const overlaps = (left: string, right: string): boolean => covers(left, right) || covers(right, left)

const takePort = (host: Host): number => {
  const port = host.nextPort
  host.nextPort = port < 65_535 ? port + 1 : firstFreePort
  return [...host.listening].some((one) => one.port === port) ? takePort(host) : port
}

const isSame = (left: Endpoint, right: Endpoint): boolean => left.address === right.address && left.port === right.port

const fail = (reason: TcpError["reason"]): Effect.Effect<never, TcpError> => Effect.fail(new TcpError({ reason }))

/**
 * A network inside the process: hosts with addresses, connections with bounded buffers, no clock. What happens on it
 * follows only from what its users do, in order, so a whole server runs on it under TestClock. There are no descriptors:
 * `adopt` finds a connection by its ends.
 *
 * @since 0.1.0
 * @category tags
 */
export class Network extends Context.Tag("weft/MemoryTcp/Network")<
  Network,
  {
    /** The network as the machine with these addresses sees it; asked again for the same first address, the same machine. */
    readonly host: (...addresses: readonly [string, ...Array<string>]) => Service
    /** From now on nobody gets an answer from this address: connecting to it waits for ever. */
    readonly silence: (address: string) => void
    /** Connection ends that are open, over all hosts. */
    readonly unsafeOpen: () => number
  }
>() {}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Bytes that lie between two ends before a writer has to wait; 64 KiB. */
  readonly capacity?: number
  /** The most bytes one `onData` call gets, for tests of borders between segments; 64 KiB. */
  readonly segment?: number
}

const scheduler = (): Wire["schedule"] => {
  let tasks: Array<() => void> = []
  const run = () => {
    const now = tasks
    tasks = []
    for (const task of now) task()
  }
  return (task) => {
    if (tasks.push(task) === 1) queueMicrotask(run)
  }
}

/** @since 0.1.0 @category constructors */
export const make = ({ capacity = 65_536, segment = 65_536 }: Options = {}): typeof Network.Service => {
  const wire: Wire = { schedule: scheduler(), capacity, segment }
  const hosts = new Map<string, Host>()
  const silent = new Set<string>()
  const open = new Set<Connection>()

  const listen = (host: Host): Service["listen"] =>
    Effect.fnUntraced(function* (options, onConnection) {
      const log = Runtime.runSync(yield* Effect.runtime<never>())
      const wildcard = options.host === "::" || options.host === "0.0.0.0"
      if (!wildcard && !host.addresses.has(options.host)) return yield* fail("NotAvailable")
      const port = options.port === 0 ? takePort(host) : options.port
      if ([...host.listening].some((other) => other.port === port && overlaps(other.address, options.host))) {
        return yield* fail("InUse")
      }
      const accept = (connection: Connection) => {
        try {
          onConnection(connection)
        } catch (cause) {
          connection.unsafeDestroy()
          log(Effect.logError("an accepted connection was lost", cause))
        }
      }
      const listening: Listening = { address: options.host, port, accept }
      yield* Effect.acquireRelease(
        Effect.sync(() => host.listening.add(listening)),
        () => Effect.sync(() => host.listening.delete(listening))
      )
      const listener: Listener = { local: { address: options.host, port } }
      return listener
    })

  const unsafeConnect =
    (host: Host): Service["unsafeConnect"] =>
    ({ host: address, localAddress, port }, settled) => {
      let isOver = false
      const fail = (reason: TcpError["reason"]) => settled(new TcpError({ reason }))
      wire.schedule(() => {
        if (isOver || silent.has(address)) return
        isOver = true
        const target = hosts.get(address)
        if (target === undefined) return fail("Unreachable")
        const listening = [...target.listening].find((one) => one.port === port && covers(one.address, address))
        if (listening === undefined) return fail("Refused")
        const own = target === host ? address : [...host.addresses].find((one) => isIPv6(one) === isIPv6(address))
        const from = localAddress ?? own
        if (from === undefined || !host.addresses.has(from)) return fail("NotAvailable")
        const ends = [
          { address: from, port: takePort(host) },
          { address, port }
        ] as const
        const [near, far] = MemoryConnection.pair(wire, ends, (connection) => open.delete(connection))
        open.add(near).add(far)
        listening.accept(far)
        settled(near)
      })
      return () => {
        isOver = true
      }
    }

  const adopt: Service["adopt"] = ({ local, remote }) => {
    const isWanted = (one: Connection) => isSame(one.local, local) && isSame(one.remote, remote)
    const connection = [...open].find(isWanted)
    if (connection === undefined) throw new Error(`nothing connects ${remote.address} to ${local.address} here`)
    return connection
  }

  return Network.of({
    host: (...addresses) => {
      const host = hosts.get(addresses[0]) ?? {
        addresses: new Set(addresses),
        listening: new Set(),
        nextPort: firstFreePort
      }
      for (const address of addresses) hosts.set(address, host)
      return Tcp.of({ adopt, listen: listen(host), unsafeAfter, unsafeConnect: unsafeConnect(host) })
    },
    silence: (address) => {
      silent.add(address)
    },
    unsafeOpen: () => open.size
  })
}

/**
 * A network and, as `Tcp`, the machine on it that has the addresses `192.0.2.1`, `2001:db8::1` and the loopback ones.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerWith = (options: Options): Layer.Layer<Tcp | Network> =>
  Layer.effectContext(
    Effect.sync(() => {
      const network = make(options)
      return Context.make(Network, network).pipe(
        Context.add(Tcp, network.host("192.0.2.1", "2001:db8::1", "127.0.0.1", "::1"))
      )
    })
  )

/** @since 0.1.0 @category layers */
export const layer: Layer.Layer<Tcp | Network> = layerWith({})
