import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { unsafeAfter } from "./EventLoop.ts"
import { NodeConnection, toEndpoint, toTcpError } from "./NodeConnection.ts"
import * as SocketOptions from "./SocketOptions.ts"
import { type Connection, type Listener, Tcp, type TcpError } from "./Tcp.ts"

type Service = typeof Tcp.Service
type ListenOptions = Parameters<Service["listen"]>[0]

const keepAliveDelay = 60_000

const descriptorOf = (server: Net.Server): number => {
  const { _handle: handle } = server as { readonly _handle?: { readonly fd?: number } | null }
  return handle?.fd ?? -1
}

const bind = (options: ListenOptions): Effect.Effect<Net.Server, TcpError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Net.Server, TcpError>((resume) => {
      const server = Net.createServer({
        allowHalfOpen: true,
        pauseOnConnect: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveDelay
      })
      server.once("error", (cause) => resume(Effect.fail(toTcpError(cause))))
      server.listen(options, () => {
        server.removeAllListeners("error")
        SocketOptions.keepUrgentInline(descriptorOf(server))
        resume(Effect.succeed(server))
      })
    }),
    (server) => Effect.sync(() => server.close())
  )

/** Without IPv6 in the kernel "::" cannot be had, and all IPv4 addresses are all addresses. */
const bindAll = (options: ListenOptions): Effect.Effect<Net.Server, TcpError, Scope.Scope> =>
  bind(options).pipe(
    Effect.catchIf(
      (error) => options.host === "::" && error.reason === "NotAvailable",
      () => bind({ ...options, host: "0.0.0.0" })
    )
  )

const listen = Effect.fnUntraced(function* (options: ListenOptions, onConnection: (connection: Connection) => void) {
  const log = Runtime.runSync(yield* Effect.runtime<never>())
  const server = yield* bindAll(options)
  let failing = false
  server.on("error", (cause) => {
    if (!failing) log(Effect.logWarning("accepting connections fails", cause))
    failing = true
  })
  server.on("connection", (raw) => {
    failing = false
    const connection = NodeConnection.accepted(raw)
    if (raw.remoteAddress === undefined) return connection.unsafeDestroy()
    try {
      onConnection(connection)
    } catch (cause) {
      connection.unsafeDestroy()
      log(Effect.logError("an accepted connection was lost", cause))
    }
  })
  const address = server.address() as Net.AddressInfo
  const listener: Listener = { local: toEndpoint(address.address, address.port) }
  return listener
})

const unsafeConnect: Service["unsafeConnect"] = ({ host, localAddress, port }, settled) => {
  const from = localAddress !== undefined && Net.isIP(localAddress) === Net.isIP(host) ? localAddress : undefined
  const descriptor = from === undefined ? undefined : SocketOptions.unsafeBoundSocket(from)
  const target: Net.TcpNetConnectOpts = { host, port, autoSelectFamily: false }
  if (from !== undefined && descriptor === undefined) target.localAddress = from
  return NodeConnection.connect(target, descriptor, settled)
}

const adopt: Service["adopt"] = ({ descriptor, local, remote }) => {
  SocketOptions.keepUrgentInline(descriptor)
  const connection = NodeConnection.adopt(descriptor, local, remote)
  connection.raw.setKeepAlive(true, keepAliveDelay)
  return connection
}

/**
 * The operating system's network. Control connections keep urgent data inline where FFI can ask for it, and every accepted or
 * adopted connection is probed by the kernel after a minute of silence, so that a vanished client is noticed.
 *
 * When descriptors run out Node itself accepts and at once closes what is waiting: there is nothing to pause here, and an
 * `accept` that fails for another reason is logged once until one succeeds again.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Tcp> = Layer.succeed(Tcp, Tcp.of({ adopt, listen, unsafeAfter, unsafeConnect }))
