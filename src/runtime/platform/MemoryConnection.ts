import * as Effect from "effect/Effect"
import * as Text from "../../domain/Text.ts"
import * as MemoryPipe from "./MemoryPipe.ts"
import { type Connection, type Endpoint, type Reader, TcpError } from "./Tcp.ts"

const highWaterMark = 16 * 1024

const nothing = new Uint8Array(0)

const settle =
  (resume: (result: Effect.Effect<void, TcpError>) => void): MemoryPipe.Done =>
  (error) =>
    resume(error === undefined ? Effect.void : Effect.fail(error))

/**
 * One end of a connection inside the process. It keeps a socket's promises: what is written waits here while the peer does
 * not read, the two directions end one by one, and a peer that is gone answers with a reset. The bytes a reader is shown are
 * overwritten when it returns, as the next read would.
 *
 * @since 0.1.0
 * @category models
 */
export class MemoryConnection implements Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly descriptor = undefined
  readonly #wire: MemoryPipe.Wire
  readonly #onClosed: (connection: MemoryConnection) => void
  readonly #out: MemoryPipe.MemoryPipe
  #peer: MemoryConnection = this
  #reader: Reader | undefined
  #silent = false
  #closed = false
  #endTold = false
  #error: TcpError | undefined

  private constructor(
    wire: MemoryPipe.Wire,
    local: Endpoint,
    remote: Endpoint,
    onClosed: (connection: MemoryConnection) => void
  ) {
    this.#wire = wire
    this.local = local
    this.remote = remote
    this.#onClosed = onClosed
    this.#out = new MemoryPipe.MemoryPipe(
      wire,
      { onData: (bytes) => this.#peer.#receive(bytes), onEnd: () => this.#peer.#receiveEnd() },
      () => this.#close(MemoryPipe.reset())
    )
  }

  /** Two connected ends; `onClosed` is told each end once when it is gone. */
  static pair(
    wire: MemoryPipe.Wire,
    [near, far]: readonly [Endpoint, Endpoint],
    onClosed: (connection: MemoryConnection) => void
  ): readonly [MemoryConnection, MemoryConnection] {
    const one = new MemoryConnection(wire, near, far, onClosed)
    const other = new MemoryConnection(wire, far, near, onClosed)
    one.#peer = other
    other.#peer = one
    return [one, other]
  }

  readonly read = (reader: Reader): void => {
    this.#reader = reader
    if (this.#closed) this.#wire.schedule(() => this.#reportClose())
    else this.#in.resume()
  }

  readonly pause = (): void => {
    this.#in.pause()
  }

  readonly resume = (): void => {
    if (this.#reader !== undefined && !this.#closed) this.#in.resume()
  }

  readonly unsafeWrite = (text: string): boolean => {
    if (this.#unwritable) return false
    this.#out.send(Text.encode(text), () => {})
    return this.#out.pending < highWaterMark
  }

  readonly unsafePending = (): number => {
    return this.#out.pending
  }

  readonly unsafeUndelivered = (): number => {
    return this.#out.pending + this.#out.unread
  }

  readonly unsafeDestroy = (): void => {
    if (this.#closed) return
    this.#silent = true
    if (this.#in.unread > 0) this.#resetPeer()
    this.#close(undefined)
  }

  /** Drops the connection so that the peer sees it reset, whatever was under way. */
  readonly unsafeReset = (): void => {
    if (this.#closed) return
    this.#silent = true
    this.#resetPeer()
    this.#close(undefined)
  }

  readonly write = (bytes: Uint8Array): Effect.Effect<void, TcpError> => {
    return Effect.async((resume) => {
      if (this.#unwritable) return resume(this.#failure)
      const entry = this.#out.send(bytes, settle(resume))
      return Effect.sync(() => {
        if (this.#out.isWaiting(entry)) this.unsafeDestroy()
      })
    })
  }

  get drained(): Effect.Effect<void, TcpError> {
    return Effect.async((resume) => {
      if (this.#closed) resume(this.#failure)
      else this.#out.send(nothing, settle(resume))
    })
  }

  get end(): Effect.Effect<void, TcpError> {
    return Effect.async((resume) => {
      if (this.#out.finished && !this.#silent) return resume(Effect.void)
      if (this.#closed) return resume(this.#failure)
      this.#out.end((error) => {
        settle(resume)(error)
        this.#closeWhenBothEnded()
      })
    })
  }

  get #in(): MemoryPipe.MemoryPipe {
    return this.#peer.#out
  }

  get #unwritable(): boolean {
    return this.#closed || this.#out.ended
  }

  get #failure(): Effect.Effect<never, TcpError> {
    return Effect.fail(this.#error ?? MemoryPipe.closed())
  }

  #resetPeer(): void {
    const peer = this.#peer
    this.#wire.schedule(() => peer.#close(MemoryPipe.reset()))
  }

  #receive(bytes: Uint8Array): void {
    this.#tell((reader) => reader.onData(bytes))
  }

  #receiveEnd(): void {
    this.#endTold = true
    this.#tell((reader) => reader.onEnd())
    this.#closeWhenBothEnded()
  }

  #tell(event: (reader: Reader) => void): void {
    if (this.#reader === undefined || this.#silent) return
    try {
      event(this.#reader)
    } catch (cause) {
      this.#silent = true
      this.#resetPeer()
      this.#close(new TcpError({ reason: "Other", cause }))
    }
  }

  #closeWhenBothEnded(): void {
    if (this.#endTold && this.#out.finished) this.#close(undefined)
  }

  #close(error: TcpError | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#error = error
    this.#in.discard()
    this.#out.abandon(error ?? MemoryPipe.closed())
    this.#wire.schedule(() => {
      this.#onClosed(this)
      this.#reportClose()
    })
  }

  #reportClose(): void {
    const reader = this.#reader
    if (reader === undefined) return
    this.#reader = undefined
    this.#silent = true
    reader.onClose(this.#error)
  }
}
