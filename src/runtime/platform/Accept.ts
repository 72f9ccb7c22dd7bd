import * as Dns from "node:dns/promises"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as NodeCall from "./NodeCall.ts"
import { toTcpError } from "./NodeConnection.ts"
import type { SocketCalls } from "./SocketCalls.ts"
import * as SocketOptions from "./SocketOptions.ts"
import { type Endpoint, TcpError } from "./Tcp.ts"

/**
 * A listening descriptor that belongs to no event loop: another thread may accept from it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listening {
  readonly descriptor: number
  readonly local: Endpoint
  /** Stops listening before the scope does; no thread may still wait on the descriptor. Harmless when repeated. */
  readonly unsafeClose: () => void
}

const resolve = (host: string): Effect.Effect<string, TcpError> =>
  Net.isIP(host) !== 0
    ? Effect.succeed(host)
    : Effect.tryPromise({
        try: () => Dns.lookup(host),
        catch: (cause) => new TcpError({ reason: "NotAvailable", cause })
      }).pipe(Effect.map(({ address }) => address))

const open = (calls: SocketCalls, address: string, port: number, backlog: number) =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const descriptor = calls.listen(address, port, backlog)
      if (descriptor < 0) return Effect.fail(toTcpError(NodeCall.systemError(-descriptor, "listen")))
      SocketOptions.keepUrgentInline(descriptor)
      let isOpen = true
      const unsafeClose = () => {
        if (isOpen) calls.close(descriptor)
        isOpen = false
      }
      return Effect.succeed<Listening>({ descriptor, local: calls.local(descriptor), unsafeClose })
    }),
    ({ unsafeClose }) => Effect.sync(unsafeClose)
  )

/**
 * Binds and listens. A name is looked up first; `"::"` also takes IPv4, and means all of IPv4 where the machine has no IPv6. Fails
 * with `InUse`, `Denied`, `NotAvailable`, `TooManyOpenFiles` or `Other`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listen = (
  calls: SocketCalls,
  options: { readonly host: string; readonly port: number; readonly backlog: number }
): Effect.Effect<Listening, TcpError, Scope.Scope> =>
  resolve(options.host).pipe(
    Effect.flatMap((address) => open(calls, address, options.port, options.backlog)),
    Effect.catchIf(
      (error) => options.host === "::" && error.reason === "NotAvailable",
      () => open(calls, "0.0.0.0", options.port, options.backlog)
    )
  )
