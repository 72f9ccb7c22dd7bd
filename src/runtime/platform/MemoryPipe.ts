import { TcpError } from "./Tcp.ts"

/**
 * What simulated connections share: when things happen, how many bytes lie between two ends, and the most that is read at
 * once.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wire {
  readonly schedule: (task: () => void) => void
  readonly capacity: number
  readonly segment: number
}

/** @since 0.1.0 @category models */
export type Done = (error: TcpError | undefined) => void

/**
 * The end that reads; both are called on their own, never from within a call of the writer.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sink {
  readonly onData: (bytes: Uint8Array) => void
  readonly onEnd: () => void
}

/** @since 0.1.0 @category models */
export interface Outgoing {
  bytes: Uint8Array
  readonly done: Done
}

/**
 * One direction of a simulated connection. At most `capacity` bytes lie between writer and reader; what is written beyond
 * that stays, as the writer's own memory, with the writer.
 *
 * @since 0.1.0
 * @category models
 */
export class MemoryPipe {
  readonly #wire: Wire
  readonly #sink: Sink
  readonly #onRefused: () => void
  #flowing = false
  #discarding = false
  #outgoing: Array<Outgoing> = []
  #between: Array<Uint8Array> = []
  #whenFinished: Array<Done> = []
  #endTold = false
  /** Bytes still with the writer. */
  pending = 0
  /** Bytes between the ends. */
  unread = 0
  /** The writer wants nothing more sent. */
  ended = false
  /** The end itself is on its way behind the last byte. */
  finished = false

  /** `onRefused` tells the writer that bytes met a reader that is gone. */
  constructor(wire: Wire, sink: Sink, onRefused: () => void) {
    this.#wire = wire
    this.#sink = sink
    this.#onRefused = onRefused
  }

  send(bytes: Uint8Array, done: Done): Outgoing {
    const entry = { bytes, done }
    this.#outgoing.push(entry)
    this.pending += bytes.length
    this.#pump()
    return entry
  }

  isWaiting(entry: Outgoing): boolean {
    return this.#outgoing.includes(entry)
  }

  end(done: Done): void {
    this.ended = true
    this.#whenFinished.push(done)
    this.#pump()
  }

  resume(): void {
    if (this.#flowing) return
    this.#flowing = true
    this.#wire.schedule(() => this.#deliver())
  }

  pause(): void {
    this.#flowing = false
  }

  /** The reader goes: what it has not read is lost, and what comes later is refused. */
  discard(): void {
    this.#discarding = true
    this.#flowing = false
    this.#between = []
    this.unread = 0
    this.#wire.schedule(() => this.#pump())
  }

  /** The writer goes: what is still with it is lost, what is between the ends arrives, then the end. */
  abandon(error: TcpError): void {
    const waiting = [...this.#outgoing.splice(0).map((entry) => entry.done), ...this.#whenFinished.splice(0)]
    this.pending = 0
    this.ended = true
    this.#wire.schedule(() => {
      for (const done of waiting) done(error)
    })
    this.#pump()
  }

  #pump(): void {
    for (let entry = this.#outgoing[0]; entry !== undefined; entry = this.#outgoing[0]) {
      if (this.#discarding && entry.bytes.length > 0) {
        this.#wire.schedule(this.#onRefused)
        return
      }
      const count = Math.min(entry.bytes.length, this.#wire.capacity - this.unread)
      if (count > 0) this.#put(entry, count)
      if (entry.bytes.length > 0) return
      const { done } = entry
      this.#outgoing.shift()
      this.#wire.schedule(() => done(undefined))
    }
    if (!this.ended || this.finished) return
    this.finished = true
    this.#wire.schedule(() => {
      for (const done of this.#whenFinished.splice(0)) done(undefined)
      this.#deliver()
    })
  }

  #put(entry: Outgoing, count: number): void {
    this.pending -= count
    this.unread += count
    this.#between.push(entry.bytes.slice(0, count))
    entry.bytes = entry.bytes.subarray(count)
    if (this.#flowing) this.#wire.schedule(() => this.#deliver())
  }

  #deliver(): void {
    if (!this.#flowing) return
    const bytes = this.#between[0]
    if (bytes !== undefined) {
      const count = Math.min(bytes.length, this.#wire.segment)
      if (count === bytes.length) this.#between.shift()
      else this.#between[0] = bytes.subarray(count)
      this.unread -= count
      this.#wire.schedule(() => this.#deliver())
      this.#sink.onData(bytes.subarray(0, count))
      bytes.fill(0xdd, 0, count)
      this.#pump()
    } else if (this.finished && !this.#endTold) {
      this.#endTold = true
      this.#sink.onEnd()
    }
  }
}

/** @since 0.1.0 @category errors */
export const reset = (): TcpError => new TcpError({ reason: "Reset" })

/** @since 0.1.0 @category errors */
export const closed = (): TcpError => new TcpError({ reason: "Closed" })
