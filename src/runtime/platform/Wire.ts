import { Duplex } from "node:stream"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Records from "./Records.ts"
import type { Connection, Reader, TcpError } from "./Tcp.ts"

const ignore = () => {}

/**
 * What goes on below when TLS has ended above it. `read` in place of the connection's own keeps from its reader what is left of TLS, the
 * peer's close_notify for one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Released {
  readonly connection: Connection
  readonly read: (reader: Reader) => void
}

type Settled = (error?: Error | null) => void

const failed = (cause: unknown): Error => (cause instanceof Error ? cause : new Error("the connection is gone"))

/**
 * A connection as Node's TLS takes it where the connection must outlive TLS: a socket that TLS was put on directly is not given back.
 * It follows the records that come, to know where they end.
 *
 * @since 0.1.0
 * @category models
 */
export class Wire extends Duplex {
  readonly connection: Connection
  #state = Records.boundary
  /** What has come that is no record, once that may be. */
  #ahead: Uint8Array | undefined = undefined
  #onClear: (() => void) | undefined = undefined
  #strayed = false
  #ended = false
  #released = false
  #interrupt: () => void = ignore

  /** Reads the connection from now on; `ahead` was read of it already. */
  constructor(connection: Connection, ahead: ReadonlyArray<Uint8Array>) {
    super({ allowHalfOpen: true })
    this.connection = connection
    this.on("error", ignore)
    for (const bytes of ahead) this.#receive(bytes)
    connection.read({
      onData: (bytes) => this.#receive(bytes),
      onEnd: () => {
        this.#ended = true
        this.push(null)
      },
      onClose: (error) => void this.destroy(error && failed(error.cause))
    })
  }

  /**
   * From now on the peer may go on in clear, which `onClear` is told. `false` where it has done so already: nothing that was sent before
   * the peer could know of the end may count behind it.
   */
  unsafeAllowClear(onClear: () => void): boolean {
    this.#onClear = onClear
    return !this.#strayed
  }

  /** Reads no further, and leaves the connection open when TLS above has said its last. */
  unsafeRelease(): Released {
    const { connection } = this
    connection.pause()
    this.#released = true
    return {
      connection,
      read: (reader) => {
        connection.read(this.#ahead === undefined ? behind(this.#state, reader) : reader)
        if (this.#ahead !== undefined) reader.onData(this.#ahead)
        if (this.#ended) reader.onEnd()
      }
    }
  }

  /** Drops the connection too, released or not. */
  unsafeDrop(): void {
    this.destroy()
    this.connection.unsafeDestroy()
  }

  override _read(): void {
    if (!this.#released && this.#ahead === undefined) this.connection.resume()
  }

  override _write(bytes: Uint8Array, _encoding: BufferEncoding, done: Settled): void {
    this.#run(this.connection.write(bytes), done)
  }

  override _final(done: Settled): void {
    if (this.#released) done()
    else this.#run(this.connection.end, done)
  }

  override _destroy(error: Error | null, done: Settled): void {
    this.#interrupt()
    if (!this.#released) this.connection.unsafeDestroy()
    done(error)
  }

  #receive(bytes: Uint8Array): void {
    if (this.#ahead !== undefined) {
      this.#ahead = Buffer.concat([this.#ahead, bytes])
      return
    }
    const [state, taken] = Records.follow(this.#state, bytes)
    this.#state = state
    if (taken < bytes.length && this.#onClear !== undefined && !this.#strayed) {
      this.connection.pause()
      this.#ahead = Uint8Array.from(bytes.subarray(taken))
      if (taken > 0) this.push(Buffer.from(bytes.subarray(0, taken)))
      this.#onClear()
      return
    }
    this.#strayed ||= taken < bytes.length
    // What is no record is for OpenSSL to refuse.
    if (!this.push(Buffer.from(bytes))) this.connection.pause()
  }

  /** Node writes one at a time, so there is at most one to interrupt. */
  #run(effect: Effect.Effect<void, TcpError>, done: Settled): void {
    let isOver = false
    const interrupt = Effect.runCallback(effect, {
      onExit: (exit) => {
        isOver = true
        this.#interrupt = ignore
        if (Exit.isSuccess(exit)) done()
        else done(failed(exit.cause._tag === "Fail" ? exit.cause.error.cause : undefined))
      }
    })
    if (!isOver) this.#interrupt = interrupt
  }
}

/** Keeps the rest of TLS's records from a reader; from the first byte on that begins none, all is the reader's. */
const behind = (from: Records.State, reader: Reader): Reader => {
  let state: Records.State | undefined = from
  return {
    onData: (bytes) => {
      if (state === undefined) return reader.onData(bytes)
      const [next, taken] = Records.follow(state, bytes)
      state = taken < bytes.length ? undefined : next
      if (state === undefined) reader.onData(bytes.subarray(taken))
    },
    onEnd: () => reader.onEnd(),
    onClose: (error) => reader.onClose(error)
  }
}
