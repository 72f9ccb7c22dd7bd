import * as Text from "./Text.ts"

const lf = 0x0a
const cr = 0x0d
const nul = 0x00
const interpretAsCommand = 0xff
const subnegotiationEnd = 0xf0
const dataMark = 0xf2
const interrupt = 0xf4
const subnegotiation = 0xfa

/**
 * What came out of the control connection: a line without its end, or word of one that was longer than allowed.
 *
 * @since 0.1.0
 * @category models
 */
export type Line = { readonly _tag: "Text"; readonly text: string } | { readonly _tag: "TooLong" }

/**
 * Where in Telnet's grammar the next byte stands (RFC 854): after IAC, before the option of WILL, WONT, DO or DONT, inside a
 * subnegotiation, or after an IAC in there.
 *
 * @since 0.1.0
 * @category models
 */
export type Telnet = "Data" | "Command" | "Option" | "Subnegotiation" | "SubnegotiationCommand"

/**
 * The unfinished line between two reads: at most `limit` bytes, whatever a client sends.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly pending: Uint8Array
  readonly telnet: Telnet
  /** A CR was read and it is still open whether it ends a line. */
  readonly carriageReturn: boolean
  /** The line went over the limit; the rest of it is thrown away. */
  readonly tooLong: boolean
}

/**
 * The start of a connection, and every moment at which nothing is held back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty: State = { pending: new Uint8Array(0), telnet: "Data", carriageReturn: false, tooLong: false }

const tooLong: Line = { _tag: "TooLong" }

/** Urgent data may have taken the IAC away from these, or left an IAC alone; no command begins with them. */
const isStray = (byte: number): boolean => byte === dataMark || byte === interrupt

const isOrdinary = (byte: number | undefined): boolean => byte !== lf && byte !== cr && byte !== interpretAsCommand

/** The end of the line at `from` where it needs no work beyond cutting it out, else -1. */
const plainEnd = (bytes: Uint8Array, from: number): number => {
  if (isStray(bytes[from] ?? 0)) return -1
  for (let index = from; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === lf) return index
    if (byte === interpretAsCommand || (byte === cr && bytes[index + 1] === nul)) return -1
  }
  return -1
}

/** Reads byte by byte what the short way cannot: cut lines, Telnet, odd line ends, lines over the limit. */
class Reader {
  private readonly kept: Uint8Array
  private length: number
  private telnet: Telnet
  private carriageReturn: boolean
  private tooLong: boolean
  private readonly limit: number
  private readonly lines: Array<Line>

  constructor(state: State, more: number, limit: number, lines: Array<Line>) {
    const { length } = state.pending
    this.kept = new Uint8Array(Math.max(length, Math.min(limit, length + more + 2)))
    this.kept.set(state.pending)
    this.length = length
    this.telnet = state.telnet
    this.carriageReturn = state.carriageReturn
    this.tooLong = state.tooLong || length > limit
    this.limit = limit
    this.lines = lines
  }

  get state(): State {
    const { carriageReturn, telnet, tooLong } = this
    if (this.length === 0 && telnet === "Data" && !carriageReturn && !tooLong) return empty
    return { pending: this.kept.slice(0, tooLong ? 0 : this.length), telnet, carriageReturn, tooLong }
  }

  private get atStart(): boolean {
    return this.length === 0 && !this.carriageReturn && !this.tooLong
  }

  private keep(byte: number): void {
    if (this.length < this.limit) this.kept[this.length++] = byte
    else this.tooLong = true
  }

  /** Takes the ordinary bytes at `from` in one piece; answers where they end. */
  run(bytes: Uint8Array, from: number): number {
    if (this.telnet !== "Data" || this.carriageReturn || this.atStart) return from
    let end = from
    while (end < bytes.length && isOrdinary(bytes[end])) end++
    if (end - from > this.limit - this.length) this.tooLong = true
    if (!this.tooLong) {
      this.kept.set(bytes.subarray(from, end), this.length)
      this.length += end - from
    }
    return end
  }

  private end(): void {
    this.lines.push(this.tooLong ? tooLong : { _tag: "Text", text: Text.decode(this.kept.subarray(0, this.length)) })
    this.length = 0
    this.carriageReturn = false
    this.tooLong = false
  }

  private data(byte: number): void {
    if (byte === lf) this.end()
    else if (this.carriageReturn && byte === nul) {
      this.carriageReturn = false
      this.keep(cr)
    } else {
      const stray = isStray(byte) && this.atStart
      if (this.carriageReturn) this.keep(cr)
      this.carriageReturn = byte === cr
      if (byte !== cr && !stray) this.keep(byte)
    }
  }

  private command(byte: number): void {
    this.telnet = byte === subnegotiation ? "Subnegotiation" : byte > subnegotiation ? "Option" : "Data"
    if (byte === interpretAsCommand) {
      this.telnet = "Data"
      this.data(byte)
    } else if (byte < subnegotiationEnd) {
      if (!this.atStart) this.data(interpretAsCommand)
      this.data(byte)
    }
  }

  read(byte: number): void {
    switch (this.telnet) {
      case "Data":
        if (byte === interpretAsCommand) this.telnet = "Command"
        else this.data(byte)
        break
      case "Command":
        this.command(byte)
        break
      case "Option":
        this.telnet = "Data"
        break
      case "Subnegotiation":
        if (byte === interpretAsCommand) this.telnet = "SubnegotiationCommand"
        break
      case "SubnegotiationCommand":
        this.telnet = byte === subnegotiationEnd ? "Data" : "Subnegotiation"
    }
  }
}

/**
 * Cuts the control connection's bytes into lines (RFC 959 section 5.3.1, RFC 854), `limit` bytes at most each, its end not
 * counted. How the bytes are cut into reads never changes what comes out.
 *
 * - CR LF ends a line, and so does a bare LF; a CR elsewhere is kept, CR NUL is one CR, any other NUL is kept.
 * - Telnet commands, options and subnegotiations are taken out; IAC IAC is the byte 0xFF.
 * - A line over the limit is thrown away up to its end and comes out as one `TooLong`.
 * - ABOR is sent behind IAC IP and IAC DM with one of the bytes as urgent data, which may be gone: what is left of them
 *   at the start of a line (DM, IP or an IAC without a command) is taken out. An IAC without a command further on is the
 *   0xFF of a client that does not know it had to be doubled, and is kept.
 *
 * Nothing of `bytes` is held on to; an unfinished line is copied.
 *
 * @since 0.1.0
 * @category folding
 */
export const feed = (state: State, bytes: Uint8Array, limit: number): readonly [State, ReadonlyArray<Line>] => {
  const lines: Array<Line> = []
  let at = 0
  if (state === empty) {
    while (at < bytes.length) {
      const next = plainEnd(bytes, at)
      if (next < 0) break
      const end = next > at && bytes[next - 1] === cr ? next - 1 : next
      lines.push(end - at > limit ? tooLong : { _tag: "Text", text: Text.decode(bytes.subarray(at, end)) })
      at = next + 1
    }
  }
  if (at === bytes.length) return [state, lines]
  const reader = new Reader(state, bytes.length - at, limit, lines)
  while (at < bytes.length) {
    at = reader.run(bytes, at)
    if (at < bytes.length) reader.read(bytes[at++] ?? 0)
  }
  return [reader.state, lines]
}
