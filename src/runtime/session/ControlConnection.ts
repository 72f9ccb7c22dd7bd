import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as BareLine from "../../domain/BareLine.ts"
import * as Command from "../../domain/Command.ts"
import * as Line from "../../domain/Line.ts"
import type { Received } from "../../domain/session/State.ts"
import * as ClientHello from "../platform/ClientHello.ts"
import type * as Tcp from "../platform/Tcp.ts"
import type { Released } from "../platform/Wire.ts"

/** Bytes made into lines at a time: a flood of short lines waits as bytes, not as objects. */
const portion = 1024

/** Bytes of commands that are read for their number alone. */
const ahead = 64 * 1024

/** Bytes of replies the client may leave unread before its next command is looked at. */
const patience = 16 * 1024

const lineFeed = 0x0a

const noLines: ReadonlyArray<never> = []

/** As a client may send it: on a line of its own, Telnet's IP and DM ahead of it (RFC 959 section 4.1.3). */
const abort = /(?:^|[\n\xf2\xf4])ABOR *\r?\n/i

const tooLong: Received = Either.left({ _tag: "TooLong" })

/**
 * A control connection (RFC 959 section 2.3): bytes to commands one way, replies to bytes the other. It reads no further
 * than the session keeps up with, so that a flood stays in the client's own buffers.
 *
 * @since 0.1.0
 * @category models
 */
export class ControlConnection implements Tcp.Reader {
  connection: Tcp.Connection
  /** The client will send no more. */
  ended = false
  /** The descriptor is gone. */
  closed = false

  readonly #limit: number
  readonly #changed: () => void
  #state: Line.State = Line.empty
  #lines: ReadonlyArray<Line.Line> = noLines
  #next = 0
  #unread: Uint8Array | undefined = undefined
  #output = ""
  #ignores = false
  /** What may be a ClientHello and not a line, with what follows it; only where TLS may still begin. */
  #hello: Uint8Array | undefined = undefined
  #mayBegin: boolean

  /**
   * `changed` is called whenever there may be a line to take, or an end to notice. Where TLS `mayBegin` on the connection, what
   * looks like its first bytes is no line before all lines ahead of it were taken.
   */
  constructor(connection: Tcp.Connection, limit: number, changed: () => void, mayBegin = false) {
    this.#mayBegin = mayBegin
    this.connection = connection
    this.#limit = limit
    this.#changed = changed
  }

  onData(read: Uint8Array): void {
    if (this.#ignores) return
    const bytes = this.#mayBegin ? this.#withoutHello(read) : read
    if (bytes.length === 0) {
      this.#changed()
      return
    }
    if (this.#unread === undefined && this.#next >= this.#lines.length && bytes.length <= portion) {
      this.#feed(bytes)
    } else {
      this.connection.pause()
      this.#unread = this.#unread === undefined ? bytes.slice() : concat(this.#unread, bytes)
    }
    this.#changed()
  }

  onEnd(): void {
    this.ended = true
    this.#changed()
  }

  onClose(): void {
    this.ended = true
    this.closed = true
    this.#changed()
  }

  #feed(bytes: Uint8Array): void {
    this.#next = 0
    const bare = this.#state === Line.empty ? BareLine.find(bytes) : undefined
    if (bare !== undefined) {
      this.#lines = bare
      return
    }
    const [state, lines] = Line.feed(this.#state, bytes, this.#limit)
    this.#state = state
    this.#lines = lines
  }

  /** The client will send no more, and all it did send has been taken. */
  unsafeIsSpent(): boolean {
    return this.ended && this.#isTaken()
  }

  /** All that is here of what the client sent, but for the beginning of a line. */
  #isTaken(): boolean {
    return this.#next >= this.#lines.length && this.#unread === undefined && this.#hello === undefined
  }

  /** Nothing of what the client sent is here, and nothing is left to be said to it. */
  unsafeIsIdle(): boolean {
    if (this.ended || this.closed || this.#output !== "" || this.connection.unsafePending() > 0) return false
    return this.#isTaken() && this.#state === Line.empty
  }

  #withoutHello(bytes: Uint8Array): Uint8Array {
    if (this.#hello !== undefined) {
      this.#hello = concat(this.#hello, bytes)
      return nothing
    }
    const isAtStart = this.#state === Line.empty && (this.#unread === undefined || this.#unread.at(-1) === lineFeed)
    const at = ClientHello.find(bytes, isAtStart)
    if (at === undefined) return bytes
    this.connection.pause()
    this.#hello = bytes.slice(at)
    return bytes.subarray(0, at)
  }

  /** Reads on although there are lines to take, up to what one read may bring, to learn how many they are. */
  unsafeReadAhead(): void {
    if (this.#unread === undefined || this.#hello !== undefined) return
    if (this.#unread.length < ahead) this.connection.resume()
  }

  /** Whether an ABOR is among the lines that are here and not taken yet. */
  unsafeHasAbort(): boolean {
    const isAbort = (line: Line.Line) => line._tag === "Text" && /^ABOR *$/i.test(line.text)
    if (this.#lines.slice(this.#next).some(isAbort)) return true
    return (
      this.#unread !== undefined &&
      abort.test(Buffer.from(this.#unread.buffer, this.#unread.byteOffset, this.#unread.length).toString("latin1"))
    )
  }

  /** Lines that are here and not taken yet; counted no further than `most`. */
  unsafeWaiting(most: number): number {
    let count = this.#lines.length - this.#next
    const unread = this.#unread
    if (unread === undefined) return count
    for (let at = unread.indexOf(lineFeed); at >= 0 && count < most; at = unread.indexOf(lineFeed, at + 1)) count++
    return count
  }

  /** The next line the client sent, or `undefined` while there is none. */
  unsafeTake(): Received | undefined {
    for (;;) {
      const line = this.#lines[this.#next]
      if (line !== undefined) {
        this.#next++
        return line._tag === "Text" ? Command.parse(line.text) : tooLong
      }
      const unread = this.#unread
      if (unread === undefined && this.#hello !== undefined) {
        this.#unread = this.#hello
        this.#hello = undefined
        continue
      }
      if (unread === undefined) return undefined
      this.#feed(unread.subarray(0, portion))
      if (unread.length > portion) {
        this.#unread = unread.subarray(portion)
      } else {
        this.#unread = undefined
        this.connection.resume()
      }
    }
  }

  /**
   * Stops reading and forgets what was read, for TLS to begin or end here; gives back what is not to be forgotten: a ClientHello where
   * one `follows` at once.
   */
  unsafeSuspend(follows: boolean): ReadonlyArray<Uint8Array> {
    this.connection.pause()
    const isNext = follows && this.#unread === undefined && this.#next >= this.#lines.length
    const hello = isNext ? this.#hello : undefined
    this.#forget()
    return hello === undefined ? [] : [hello]
  }

  /** Goes on with TLS on top of the connection so far. */
  unsafeContinue(connection: Tcp.Connection): void {
    this.connection = connection
    this.#mayBegin = false
    connection.read(this)
  }

  /** Goes on without TLS, which may begin again. */
  unsafeUncover({ connection, read }: Released): void {
    this.connection = connection
    this.#mayBegin = true
    read(this)
  }

  /** Drops the connection and counts as closed. */
  unsafeDrop(): void {
    this.connection.unsafeDestroy()
    this.onClose()
  }

  #forget(): void {
    this.#hello = undefined
    this.#state = Line.empty
    this.#lines = noLines
    this.#next = 0
    this.#unread = undefined
  }

  /** Reads on, to notice the end, and throws away what comes. */
  unsafeIgnore(): void {
    this.#ignores = true
    this.#forget()
    this.connection.resume()
  }

  /** Puts text into the next `unsafeFlush`; many replies leave in one write. */
  unsafeSay(text: string): void {
    this.#output += text
  }

  unsafeFlush(): void {
    if (this.#output === "") return
    const output = this.#output
    this.#output = ""
    if (!this.closed) this.connection.unsafeWrite(output)
  }

  /** True when the client leaves more replies unread than it should. */
  unsafeIsBehind(): boolean {
    return !this.closed && this.#output.length + this.connection.unsafePending() > patience
  }

  /** Completes when the client has taken the replies, or is gone. */
  get caughtUp(): Effect.Effect<void> {
    return Effect.suspend(() => Effect.ignore(this.connection.drained))
  }
}

const nothing = new Uint8Array(0)

const concat = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
