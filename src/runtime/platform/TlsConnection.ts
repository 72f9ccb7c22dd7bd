import type * as Net from "node:net"
import * as Os from "node:os"
import * as Tls from "node:tls"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type { Below } from "./Ahead.ts"
import { NodeConnection } from "./NodeConnection.ts"
import * as Reset from "./Reset.ts"
import type { Sealing } from "./Sealing.ts"
import * as SocketOptions from "./SocketOptions.ts"
import type { Connection, Endpoint, Reader, TcpError } from "./Tcp.ts"
import type { TlsContext } from "./TlsContext.ts"
import { TlsError, toTlsError } from "./TlsError.ts"
import { type Released, Wire } from "./Wire.ts"

/**
 * What a handshake came to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Established {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string
  readonly cipher: string
  /** The client resumed a session rather than beginning one. */
  readonly resumed: boolean
  /** The common name in the client's certificate, where it gave one that is believed. */
  readonly clientName: string | undefined
}

/**
 * How to accept. `protocols` are the ALPN names taken (RFC 7301): a client that names others only is refused, one that names none is not.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly context: TlsContext
  readonly protocols: ReadonlyArray<string>
}

interface Handle {
  readonly fd?: number
  readonly reading?: boolean
  readonly readStart?: () => number
  readonly readStop?: () => number
  readonly verifyError?: () => (Error & { readonly code?: string }) | null
}

const handleOf = (socket: Net.Socket): Handle | undefined =>
  (socket as unknown as { readonly _handle?: Handle | null })._handle ?? undefined

const { EALREADY } = Os.constants.errno

/**
 * Node ends the stream alike for a close_notify and for a FIN without one. While a close_notify is looked at the socket below is
 * still reading, or was stopped for being ahead; after a FIN it no longer reads, and can be told to.
 */
const wasCutShort = (tls: Net.Socket, raw: Net.Socket | Wire): boolean => {
  if (raw instanceof Wire) return raw.readableEnded
  if (handleOf(tls)?.reading === false) return false
  const handle = handleOf(raw)
  const isReading = handle?.readStart?.() === -EALREADY
  // Nothing of worth can follow; a reset that does would take with it what is still to be read.
  handle?.readStop?.()
  return !isReading
}

/**
 * How long the peer may take to end its side first: some clients take a close_notify right behind a reply for the end of everything,
 * others wait for it.
 */
const patience = Duration.millis(500)

class Socket extends Tls.TLSSocket {
  truncated = false
  readonly #raw: Net.Socket | Wire
  readonly #onEnd: () => void

  constructor(raw: Net.Socket | Wire, { context, protocols }: Options, onEnd: () => void) {
    const { clientCertificate, named } = context
    // Node takes any duplex; its types know sockets only.
    super(raw as Net.Socket, {
      isServer: true,
      secureContext: context.secureContext,
      ALPNProtocols: [...protocols],
      requestCert: clientCertificate !== "off",
      rejectUnauthorized: clientCertificate === "required",
      ...(named === undefined ? {} : { SNICallback: (name, done) => done(null, named(name)) }),
      // Node only listens to it for sessions.
      ...(context.kept === undefined ? {} : { server: context.kept as Net.Server })
    })
    this.#raw = raw
    this.#onEnd = onEnd
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (chunk === null) {
      this.truncated = wasCutShort(this, this.#raw)
      this.#onEnd()
    }
    return super.push(chunk, encoding)
  }
}

/**
 * The server's side of TLS on top of a connection. It begins with the handshake by itself, before anybody asks.
 *
 * @since 0.1.0
 * @category models
 */
export class TlsConnection implements Sealing {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly #socket: Socket
  readonly #raw: Net.Socket | Wire
  readonly #inner: NodeConnection
  #result: Established | TlsError | undefined
  #settled: () => void = () => {}

  private constructor(below: Pick<Connection, "local" | "remote">, raw: Net.Socket | Wire, options: Options) {
    this.local = below.local
    this.remote = below.remote
    this.#raw = raw
    const socket = new Socket(raw, options, () => this.#cut())
    this.#socket = socket
    // Before a listener for data is there, which would set it flowing.
    socket.pause()
    const failed = (cause: Error) => {
      this.#settle(toTlsError(cause))
      socket.destroy(cause)
    }
    socket.on("_tlsError", failed)
    socket.on("error", failed)
    socket.once("close", () => this.#cut())
    socket.once("secure", () => this.#settle(established(socket, options)))
    if (raw instanceof Wire) raw.once("close", () => socket.destroy(raw.errored ?? undefined))
    this.#inner = NodeConnection.fresh(socket, () => this.#isReset())
    if (raw.destroyed) this.#cut()
  }

  /**
   * Puts TLS on a connection, which is this one's from then on, with what it has read ahead. `undefined`, and nothing done, where that
   * cannot be: no socket of the system is below.
   */
  static unsafeAccept(below: Below, options: Options): TlsConnection | undefined {
    const raw = below.unsafeSurrender?.()
    if (raw === undefined) return undefined
    return new TlsConnection(below, raw, options)
  }

  /**
   * Puts TLS on a connection of any kind so that it can be taken off again, at the cost of a way through JavaScript; `ahead` was read of
   * the connection already.
   */
  static unsafeAcceptClearable(
    connection: Connection,
    ahead: ReadonlyArray<Uint8Array>,
    options: Options
  ): TlsConnection {
    return new TlsConnection(connection, new Wire(connection, ahead), options)
  }

  /** Completes with the handshake. Interrupted before, or failing, it leaves nothing of the connection. */
  get established(): Effect.Effect<Established, TlsError> {
    return Effect.async((resume) => {
      const settled = () => {
        const result = this.#result
        if (result === undefined) return
        resume(result instanceof TlsError ? Effect.fail(result) : Effect.succeed(result))
      }
      this.#settled = settled
      settled()
      return Effect.sync(this.unsafeDestroy)
    })
  }

  /** After the end: the peer sent its FIN without a close_notify before it, so that somebody may have cut the stream. */
  get truncated(): boolean {
    return this.#socket.truncated
  }

  get descriptor(): number | undefined {
    return this.#raw instanceof Wire ? this.#raw.connection.descriptor : handleOf(this.#raw)?.fd
  }

  readonly read = (reader: Reader): void => this.#inner.read(reader)
  readonly pause = (): void => this.#inner.pause()
  readonly resume = (): void => this.#inner.resume()
  readonly unsafeWrite = (text: string): boolean => this.#inner.unsafeWrite(text)
  readonly unsafePending = (): number => this.#inner.unsafePending()
  readonly write = (bytes: Uint8Array): Effect.Effect<void, TcpError> => this.#inner.write(bytes)

  readonly unsafeUndelivered = (): number => {
    if (this.#raw instanceof Wire) return this.#raw.connection.unsafeUndelivered()
    const { descriptor } = this
    return (descriptor === undefined ? undefined : SocketOptions.undelivered(descriptor)) ?? this.#socket.writableLength
  }

  unsafeWhenSettled(settled: () => void): void {
    // OpenSSL is still in its handshake then: what is sent comes between its session tickets, and some clients fail at that.
    this.#settled = () => void setImmediate(settled)
    if (this.#result !== undefined) settled()
  }

  unsafeIsResumed(): boolean {
    return this.unsafeEstablished()?.resumed === true
  }

  /** What the handshake came to, once it is done and has not failed. */
  unsafeEstablished(): Established | undefined {
    return this.#result instanceof TlsError ? undefined : this.#result
  }

  unsafeEndWith(bytes: Uint8Array, ended: (isWhole: boolean) => void): boolean {
    const socket = this.#socket
    if (this.unsafeEstablished() === undefined || socket.destroyed) return false
    if (socket.writableEnded || socket.writableLength > 0) return false
    if (bytes.length > 0) socket.write(Uint8Array.from(bytes))
    socket.end((error?: Error | null) => ended(!error))
    return true
  }

  readonly unsafeDestroy = (): void => {
    this.#inner.unsafeDestroy()
    if (this.#raw instanceof Wire) this.#raw.unsafeDrop()
    else this.#raw.destroy()
  }

  get drained(): Effect.Effect<void, TcpError> {
    return this.#inner.drained
  }

  /** Sends close_notify and FIN. */
  get end(): Effect.Effect<void, TcpError> {
    return this.#inner.end
  }

  /**
   * Takes TLS off: waits, not for long, until the peer has ended its side, sends close_notify, and gives back what is below. What comes
   * under TLS from this call on is thrown away, the peer's end included, for its close_notify may be here before a fiber is. Fails where TLS was not put on for that, or the peer has gone on in clear already; then, as when
   * interrupted, the connection is for dropping only.
   */
  unsafeRelease(): Effect.Effect<Released, TlsError> {
    const wire = this.#raw
    const peer = Deferred.unsafeMake<void>(FiberId.none)
    const over = () => Deferred.unsafeDone(peer, Exit.void)
    if (!(wire instanceof Wire && wire.unsafeAllowClear(over))) {
      return Effect.fail(new TlsError({ reason: "NotPossible", detail: "cannot be cleared" }))
    }
    this.#inner.read({ onData: () => {}, onEnd: over, onClose: over })
    return Effect.gen(this, function* () {
      yield* Effect.timeoutOption(Deferred.await(peer), patience)
      const released = wire.unsafeRelease()
      yield* Effect.mapError(this.#inner.end, () => new TlsError({ reason: "Cut", detail: "" }))
      // Its reader goes on, and must not hear of this end.
      this.#inner.unsafeSurrender().destroy()
      return released
    })
  }

  /** Behind a close_notify nothing that follows can have cut anything, and behind an end of this side nobody sends a file. */
  #isReset(): boolean {
    const raw = this.#raw
    if (!this.#socket.truncated || raw instanceof Wire) return false
    return this.#socket.writableEnded ? Reset.isTold(this.descriptor) : Reset.isHidden(this.descriptor, raw.bytesRead)
  }

  /** Errors are dear, and most connections are dropped with a handshake behind them. */
  #cut(): void {
    if (this.#result === undefined) this.#settle(new TlsError({ reason: "Cut", detail: "" }))
  }

  #settle(result: Established | TlsError): void {
    if (this.#result !== undefined) return
    this.#result = result
    if (result instanceof TlsError) this.unsafeDestroy()
    this.#settled()
  }
}

const established = (socket: Socket, { context }: Options): Established | TlsError => {
  const asked = context.clientCertificate !== "off"
  const certificate = asked ? socket.getPeerCertificate() : undefined
  const isGiven = certificate !== undefined && Object.keys(certificate).length > 0
  const wrong = isGiven ? handleOf(socket)?.verifyError?.() : undefined
  if (wrong) return new TlsError({ reason: "Refused", detail: `client certificate: ${wrong.code ?? wrong.message}` })
  if (!isGiven && context.clientCertificate === "required") {
    return new TlsError({ reason: "Refused", detail: "no client certificate" })
  }
  const name = certificate?.subject?.CN
  return {
    get protocol() {
      return socket.getProtocol() ?? ""
    },
    get cipher() {
      return socket.getCipher()?.standardName ?? ""
    },
    resumed: socket.isSessionReused(),
    clientName: isGiven && typeof name === "string" ? name : undefined
  }
}
