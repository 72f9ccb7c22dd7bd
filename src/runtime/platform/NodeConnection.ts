import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as HostPort from "../../domain/HostPort.ts"
import * as Text from "../../domain/Text.ts"
import * as ReadInto from "./ReadInto.ts"
import * as Reset from "./Reset.ts"
import * as SocketOptions from "./SocketOptions.ts"
import { type Connection, type Endpoint, type Reader, TcpError } from "./Tcp.ts"

const reasons: Record<string, TcpError["reason"]> = {
  ECANCELED: "Closed",
  EPIPE: "Reset",
  ECONNRESET: "Reset",
  ECONNABORTED: "Reset",
  ECONNREFUSED: "Refused",
  ENETDOWN: "Unreachable",
  EHOSTDOWN: "Unreachable",
  ENETUNREACH: "Unreachable",
  EHOSTUNREACH: "Unreachable",
  ETIMEDOUT: "TimedOut",
  EADDRINUSE: "InUse",
  EACCES: "Denied",
  EPERM: "Denied",
  EADDRNOTAVAIL: "NotAvailable",
  EAFNOSUPPORT: "NotAvailable",
  ENOTFOUND: "NotAvailable",
  EMFILE: "TooManyOpenFiles",
  ENFILE: "TooManyOpenFiles",
  ERR_STREAM_DESTROYED: "Closed",
  ERR_STREAM_WRITE_AFTER_END: "Closed",
  ERR_STREAM_ALREADY_FINISHED: "Closed"
}

/**
 * Turns what Node threw into the reason a caller acts on.
 *
 * @since 0.1.0
 * @category errors
 */
export const toTcpError = (cause: Error): TcpError => {
  const code = "code" in cause ? String(cause.code) : ""
  return new TcpError({ reason: reasons[code] ?? "Other", cause })
}

/** IPv4 inside IPv6 as IPv4; a zone id stays, for without it a link-local address reaches nobody. */
const plain = (address: string): string => (address.startsWith("::ffff:") ? HostPort.normalize(address) : address)

/** @since 0.1.0 @category conversions */
export const toEndpoint = (address: string | undefined, port: number | undefined): Endpoint => ({
  address: plain(address ?? ""),
  port: port ?? 0
})

/**
 * `Reader.onData` may not keep its bytes and Node calls it right after each read, so one buffer does for all. It is no `Buffer`: a slice
 * of that is no copy.
 */
const shared = new Uint8Array(64 * 1024)

/** As much as a record of TLS brings at the most. The same few bytes again and again stay in the processor's nearest cache. */
const record = new Uint8Array(16 * 1024)

const nothing = new Uint8Array(0)

const ignore = () => {}

class ResetError extends Error {
  readonly code = "ECONNRESET"
}

const openSocket = (descriptor: number | undefined, onData: (bytes: Uint8Array) => void): Net.Socket => {
  const callback = (count: number): boolean => {
    onData(shared.subarray(0, count))
    return true
  }
  const options: Net.SocketConstructorOpts & Net.ConnectOpts = {
    allowHalfOpen: true,
    onread: { buffer: shared, callback }
  }
  if (descriptor !== undefined) options.fd = descriptor
  const raw = new Net.Socket(options)
  raw.on("error", ignore)
  raw.pause()
  raw.setNoDelay(true)
  return raw
}

/**
 * A connection over one of Node's sockets.
 *
 * @since 0.1.0
 * @category models
 */
export class NodeConnection implements Connection {
  readonly raw: Net.Socket
  readonly local: Endpoint
  readonly remote: Endpoint
  #reader: Reader | undefined
  #silent = false

  private constructor(raw: Net.Socket, local: Endpoint, remote: Endpoint, isReset?: () => boolean) {
    this.raw = raw
    this.local = local
    this.remote = remote
    raw.once("end", () => {
      if (isReset === undefined ? Reset.isTold(this.descriptor) : isReset()) raw.destroy(new ResetError())
      else this.#tell((reader) => reader.onEnd())
    })
    raw.once("close", () => this.#reportClose())
  }

  /**
   * Takes what a server accepted and paused. Node reads such a socket into fresh memory each time. `isReset` is asked
   * at the end where the descriptor alone does not tell.
   */
  static accepted(raw: Net.Socket, isReset?: () => boolean): NodeConnection {
    raw.on("error", ignore)
    const connection = new NodeConnection(
      raw,
      toEndpoint(raw.localAddress, raw.localPort),
      toEndpoint(raw.remoteAddress, raw.remotePort),
      isReset
    )
    raw.on("data", (bytes) => connection.#receive(bytes))
    return connection
  }

  /** The same for a socket of TLS that nothing was read of yet: its bytes come in memory that is shared, as far as Node lets them. */
  static fresh(raw: Net.Socket, isReset?: () => boolean): NodeConnection {
    const connection = NodeConnection.accepted(raw, isReset)
    ReadInto.unsafeBegin(raw, record, (count) => {
      const bytes = count === record.length ? record : record.subarray(0, count)
      // The stream keeps the order, and what comes while nobody may be told.
      if (raw.readableFlowing !== true || raw.readableLength > 0) return raw.push(Buffer.from(bytes))
      connection.#receive(bytes)
      return true
    })
    return connection
  }

  static adopt(descriptor: number, local: Endpoint, remote: Endpoint): NodeConnection {
    const raw = openSocket(descriptor, (bytes) => connection.#receive(bytes))
    const connection = new NodeConnection(raw, local, remote)
    return connection
  }

  /** Starts an attempt; `done` is called once, unless the function given back, which ends the attempt where it is under way, came first. */
  static connect(
    options: Net.TcpNetConnectOpts,
    descriptor: number | undefined,
    done: (result: NodeConnection | TcpError) => void
  ): () => void {
    let connection: NodeConnection | undefined
    const raw = openSocket(descriptor, (bytes) => {
      if (connection !== undefined) connection.#receive(bytes)
    })
    const onError = (cause: Error) => done(toTcpError(cause))
    raw.once("error", onError)
    raw.once("connect", () => {
      raw.off("error", onError)
      connection = new NodeConnection(
        raw,
        toEndpoint(raw.localAddress, raw.localPort),
        toEndpoint(raw.remoteAddress, raw.remotePort)
      )
      done(connection)
    })
    raw.connect(options)
    return () => {
      if (connection !== undefined) return
      raw.off("error", onError)
      raw.destroy()
    }
  }

  get descriptor(): number | undefined {
    const { _handle: handle } = this.raw as { readonly _handle?: { readonly fd?: number } | null }
    return handle?.fd
  }

  readonly read = (reader: Reader): void => {
    this.#reader = reader
    if (this.raw.closed) queueMicrotask(() => this.#reportClose())
    else this.raw.resume()
  }

  /** Without a reader it is paused already; a socket that is told to stop reading shakes no hands. */
  readonly pause = (): void => {
    if (this.#reader !== undefined) this.raw.pause()
  }

  readonly resume = (): void => {
    if (this.#reader !== undefined) this.raw.resume()
  }

  readonly unsafeWrite = (text: string): boolean => {
    if (this.#unwritable) return false
    return Text.isAscii(text) ? this.raw.write(text, "latin1") : this.raw.write(Text.encode(text))
  }

  readonly unsafePending = (): number => {
    return this.raw.writableLength
  }

  readonly unsafeUndelivered = (): number => {
    const descriptor = this.descriptor
    return (descriptor === undefined ? undefined : SocketOptions.undelivered(descriptor)) ?? this.raw.writableLength
  }

  readonly unsafeDestroy = (): void => {
    this.#silent = true
    this.raw.destroy()
  }

  /** Gives the paused socket to who puts TLS on top of it, with what it has read ahead; this connection is silent from then on. */
  readonly unsafeSurrender = (): Net.Socket => {
    this.#reader = undefined
    return this.raw.removeAllListeners("data")
  }

  /** Interrupted before the kernel has the bytes, it drops the connection: their memory is the caller's again. */
  readonly write = (bytes: Uint8Array): Effect.Effect<void, TcpError> => {
    return Effect.async((resume) => {
      if (this.#unwritable) return resume(this.#failure)
      this.raw.write(bytes, this.#settle(resume))
      return Effect.sync(() => {
        if (this.raw.writableLength > 0) this.unsafeDestroy()
      })
    })
  }

  get drained(): Effect.Effect<void, TcpError> {
    return Effect.async((resume) => {
      if (this.raw.destroyed) resume(this.#failure)
      else if (this.raw.writableLength === 0) resume(Effect.void)
      else if (this.raw.writableEnded) this.raw.end(this.#settle(resume))
      else this.raw.write(nothing, this.#settle(resume))
    })
  }

  get end(): Effect.Effect<void, TcpError> {
    return Effect.async((resume) => {
      if (this.raw.writableFinished) resume(Effect.void)
      else if (this.raw.destroyed) resume(this.#failure)
      else this.raw.end((error?: Error | null) => resume(error ? this.#failure : Effect.void))
    })
  }

  get #unwritable(): boolean {
    return this.raw.destroyed || this.raw.writableEnded
  }

  get #failure(): Effect.Effect<never, TcpError> {
    return Effect.fail(this.raw.errored ? toTcpError(this.raw.errored) : new TcpError({ reason: "Closed" }))
  }

  /** A write that `destroy` cut short calls back without an error, so that has to be asked too. */
  #settle(resume: (result: Effect.Effect<void, TcpError>) => void): (error?: Error | null) => void {
    return (error) => resume(error || this.raw.destroyed ? this.#failure : Effect.void)
  }

  #receive(bytes: Uint8Array): void {
    this.#tell((reader) => reader.onData(bytes))
  }

  /** A reader that throws loses its connection, not the process. */
  #tell(event: (reader: Reader) => void): void {
    if (this.#reader === undefined || this.#silent) return
    try {
      event(this.#reader)
    } catch (cause) {
      this.#silent = true
      this.raw.destroy(cause instanceof Error ? cause : new Error(String(cause)))
    }
  }

  #reportClose(): void {
    const reader = this.#reader
    if (reader === undefined) return
    this.#reader = undefined
    this.#silent = true
    reader.onClose(this.raw.errored ? toTcpError(this.raw.errored) : undefined)
  }
}
