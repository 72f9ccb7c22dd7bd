import type * as Net from "node:net"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Descriptor } from "./Descriptor.ts"
import type { After } from "./EventLoop.ts"
import type { SystemError } from "./NodeCall.ts"

/**
 * One end of a TCP connection. An IPv4 address reached through an IPv6 socket is given as plain IPv4.
 *
 * @since 0.1.0
 * @category models
 */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/**
 * Why the network refused; `reason` is what a reply is chosen by.
 *
 * @since 0.1.0
 * @category errors
 */
export class TcpError extends Schema.TaggedError<TcpError>()("TcpError", {
  reason: Schema.Literal(
    "Closed",
    "Reset",
    "Refused",
    "Unreachable",
    "TimedOut",
    "InUse",
    "Denied",
    "NotAvailable",
    "TooManyOpenFiles",
    "Other"
  ),
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return this.cause instanceof Error ? `${this.reason}: ${this.cause.message}` : this.reason
  }
}

/**
 * What a connection tells its one reader. Each is called at most from one place at a time and never after `onClose`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reader {
  /** Where the next bytes may be put, so that they need not be copied; a connection may use it or not. */
  readonly unsafeRoom?: () => Uint8Array | undefined
  /**
   * Takes what has come out of the connection's descriptor by itself, and answers as recv(2) does: a number of bytes, 0 at the peer's
   * end, or the negative error number. `undefined` where the connection is to read as always; it may do so without asking.
   */
  readonly unsafeReceive?: (descriptor: number) => number | undefined
  /** The bytes are the connection's own buffer: use or copy them before returning. */
  readonly onData: (bytes: Uint8Array) => void
  /** The peer has sent its FIN; writing is still possible. */
  readonly onEnd: () => void
  /** The last call: the descriptor is gone. */
  readonly onClose: (error: TcpError | undefined) => void
}

/**
 * What is sent of a file by `Connection.sendFile`: `length` bytes from `offset` on.
 *
 * @since 0.1.0
 * @category models
 */
export interface FilePart {
  readonly file: Descriptor
  readonly offset: number
  readonly length: number
  /** Hears how many bytes more the kernel has taken. */
  readonly onSent: (bytes: number) => void
}

/**
 * A connected stream of bytes. It starts paused and is destroyed with the scope or owner that made it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  /** Installs the one reader and starts reading. */
  readonly read: (reader: Reader) => void
  readonly pause: () => void
  readonly resume: () => void
  /** Hands text to the kernel or its buffer without waiting; `false` asks to wait for `drained` before the next. */
  readonly unsafeWrite: (text: string) => boolean
  /** Completes when everything written so far has left this process. */
  readonly drained: Effect.Effect<void, TcpError>
  /** Completes when these bytes have left this process, so their memory may be reused. */
  readonly write: (bytes: Uint8Array) => Effect.Effect<void, TcpError>
  /**
   * Sends bytes of a file without their passing through this process, and completes with how many that were once the kernel has them: less
   * than asked for where the file ends sooner. Interrupted, it stops. Absent where it cannot be had: TLS, memory, other platforms.
   */
  readonly sendFile?: (part: FilePart) => Effect.Effect<number, TcpError | SystemError>
  /**
   * The same as far as it goes in this turn: how many bytes from `offset` on the kernel took, or the negative error number where it took
   * none.
   */
  readonly unsafeSendFile?: (file: number, offset: number, length: number) => number
  /**
   * The same on the pool, where it may wait for a disk: `done` hears how many bytes it was, or the negative error number. Both descriptors stay
   * open until then, and nothing else may be sent. Answers `false` where it was not begun.
   */
  readonly unsafeSendFileOnPool?: (
    file: Descriptor,
    offset: number,
    length: number,
    done: (sent: number) => void
  ) => boolean
  /**
   * The same in this turn for the last bytes of a connection that the caller ends in it if they are all taken, `PageCache.portion` at
   * most: they go out with the end. Takes none, with `-EAGAIN`, where they may have to come from a disk first.
   */
  readonly unsafeSendLast?: (file: number, offset: number, length: number) => number
  /** The same for bytes that are here, as many as there are; a number below 0 where it took none. */
  readonly unsafeWriteLast?: (bytes: Uint8Array) => number
  /** Throws away what the peer has sent by now where nobody reads it, so that dropping the connection is no reset. */
  readonly unsafeForgetInput?: () => void
  /** Sends FIN after what was written, and completes when it is out. */
  readonly end: Effect.Effect<void, TcpError>
  /** Bytes accepted by `unsafeWrite` and not yet handed to the kernel. */
  readonly unsafePending: () => number
  /**
   * Bytes written that the peer's system has not acknowledged, or the nearest to that which can be told: it changes while a slow
   * peer reads, long before a large write is through.
   */
  readonly unsafeUndelivered: () => number
  /** Drops the connection at once; harmless when repeated. */
  readonly unsafeDestroy: () => void
  /** The operating system's descriptor where there is one. */
  readonly descriptor: number | undefined
  /** After the end, with TLS: no close_notify came before it, so that somebody may have cut the stream. */
  readonly truncated?: boolean
  /**
   * Gives the descriptor away, with all that the peer has sent and nobody has read; this connection is silent from then on. Absent where
   * it is not all there is to the connection.
   */
  readonly unsafeYield?: () => number | undefined
  /**
   * Gives the paused socket below to who puts TLS on top of it, with what has been read ahead; this connection is silent from
   * then on. Absent where there is no socket of the system.
   */
  readonly unsafeSurrender?: (() => Net.Socket) | undefined
}

/**
 * A bound listening socket.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listener {
  readonly local: Endpoint
  /** Accepts what has come by now, without waiting for the event loop to tell. */
  readonly unsafeAccept?: () => void
}

/**
 * Where to connect to, and from which address.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly host: string
  readonly port: number
  readonly localAddress?: string
}

/**
 * The network. `layer` in `NodeTcp.ts` is the operating system's, `layer` in `MemoryTcp.ts` lives inside the process and lets a
 * whole server run under TestClock.
 *
 * @since 0.1.0
 * @category tags
 */
export class Tcp extends Context.Tag("weft/Tcp")<
  Tcp,
  {
    /**
     * Listens until the scope closes, giving each accepted connection, paused, to `onConnection`, which owns it from then on.
     * `host` `"::"` takes IPv4 and IPv6 both where the machine has both.
     */
    readonly listen: (
      options: { readonly host: string; readonly port: number; readonly backlog: number },
      onConnection: (connection: Connection) => void
    ) => Effect.Effect<Listener, TcpError, Scope.Scope>
    /**
     * Connects from `localAddress`: `settled` hears once what became of it, in this very turn where that takes no time, and owns the
     * connection. What is given back calls the attempt off, which leaves nothing behind, and is harmless when it is over.
     */
    readonly unsafeConnect: (options: Target, settled: (result: Connection | TcpError) => void) => () => void
    /** It is about what is under way on the network, so it goes by the network's time, also where a test has a clock of its own. */
    readonly unsafeAfter: After
    /** Wraps a connected descriptor that another thread accepted; the connection owns it from then on. */
    readonly adopt: (options: {
      readonly descriptor: number
      readonly local: Endpoint
      readonly remote: Endpoint
    }) => Connection
  }
>() {}
