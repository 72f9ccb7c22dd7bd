import * as Net from "node:net"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as Text from "../../domain/Text.ts"
import type { Descriptor } from "./Descriptor.ts"
import * as FileSending from "./FileSending.ts"
import * as NodeCall from "./NodeCall.ts"
import { toTcpError } from "./NodeConnection.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import * as PageCache from "./PageCache.ts"
import type { Poller, Watched } from "./Poller.ts"
import type { SocketIo } from "./SocketIo.ts"
import * as SocketOptions from "./SocketOptions.ts"
import { type Connection, type Endpoint, type FilePart, type Reader, TcpError } from "./Tcp.ts"

const { EAGAIN, ECONNRESET, EINTR } = Os.constants.errno

/** `Reader.onData` may not keep its bytes, so one buffer does for all connections of a thread. No `Buffer`: its `slice` copies nothing. */
const shared = new Uint8Array(64 * 1024)

/** Not `shared`: another connection's reader may be at work on what that has. */
const waste = new Uint8Array(64 * 1024)

/** Bytes read of one connection before the others have their turn. */
const turn = 256 * 1024

/** Where a read brings fewer bytes, the peer is one that waits for an answer, and the next read would find nothing. */
const few = 4096

/** More than this in the way of text the caller shall wait for. */
const patience = 16 * 1024

const scratch = Buffer.allocUnsafeSlow(4096)

/** Bytes of what is short, as most commands and replies are: a loop beats the call into the platform, and views of it are kept. */
const short = 256

const viewer = (bytes: Uint8Array) => {
  const views: Array<Uint8Array> = []
  return (length: number): Uint8Array => {
    if (length > short) return bytes.subarray(0, length)
    views[length] ??= bytes.subarray(0, length)
    return views[length]
  }
}

const ofShared = viewer(shared)

const ofScratch = viewer(scratch)

const ignore = () => {}

interface Writing {
  readonly bytes: Uint8Array
  /** Bytes the kernel has taken. */
  sent: number
  /** Told once the kernel has all of them, or that it never will. */
  readonly done: (error: TcpError | undefined) => void
}

/**
 * A connection over a descriptor of its own: reads, writes and files are system calls made in the very turn the kernel says they can
 * be.
 *
 * @since 0.1.0
 * @category models
 */
export class EpollConnection implements Connection, Watched {
  readonly #io: SocketIo
  readonly #poller: Poller
  #descriptor: number
  #local: Endpoint | undefined
  #remote: Endpoint | undefined
  #reader: Reader | undefined = undefined
  #isReading = false
  /** There may be something to read that nobody will tell of again. */
  #mayRead = true
  /** A read that brings less than there was room for may not have brought everything. */
  #isOdd = false
  #isWatched = false
  #watchesWrites = false
  #isComing = false
  #isEnded = false
  #isSilent = false
  #finWanted = false
  #finSent = false
  #error: TcpError | undefined = undefined
  /** What the kernel has not taken yet, in order. */
  #queue: Array<Writing> = []
  #pending = 0
  #flow: ((failure: TcpError | undefined) => void) | undefined = undefined
  #holds = 0
  #held = -1
  #surrendered: Net.Socket | undefined = undefined

  constructor(io: SocketIo, poller: Poller, descriptor: number, remote?: Endpoint, local?: Endpoint) {
    this.#io = io
    this.#poller = poller
    this.#descriptor = descriptor
    this.#remote = remote
    this.#local = local
  }

  get local(): Endpoint {
    this.#local ??= this.#io.local(this.#descriptor)
    return this.#local
  }

  get remote(): Endpoint {
    this.#remote ??= this.#io.remote(this.#descriptor)
    return this.#remote
  }

  get descriptor(): number | undefined {
    return this.#descriptor < 0 ? undefined : this.#descriptor
  }

  read(reader: Reader): void {
    this.#reader = reader
    this.#isReading = true
    if (this.#descriptor < 0) this.#poller.later(() => this.#reportClose())
    else if (this.#isWatched) this.#comeAgain()
    else this.#watch(false)
  }

  pause(): void {
    this.#isReading = false
  }

  resume(): void {
    if (this.#reader === undefined || this.#isReading) return
    this.#isReading = true
    if (this.#mayRead) this.#comeAgain()
  }

  unsafeReady(readable: boolean, writable: boolean, failed: boolean, odd: boolean): void {
    if (odd || failed) this.#isOdd = true
    if (writable) this.#drain()
    // Behind the peer's FIN there is nothing to read but this.
    if (failed && this.#isEnded && !this.#finSent) this.#fail(-ECONNRESET, "recv")
    if (!readable) return
    this.#mayRead = true
    if (this.#isReading) this.#receive()
  }

  unsafeWrite(text: string): boolean {
    if (this.#isUnwritable()) return false
    const bytes = this.#encode(text)
    const sent = this.#queue.length === 0 ? this.#send(bytes, 0) : 0
    if (sent < bytes.length && this.#descriptor >= 0) this.#enqueue(Uint8Array.from(bytes.subarray(sent)), ignore)
    return this.#pending <= patience
  }

  unsafePending(): number {
    return this.#pending
  }

  unsafeUndelivered(): number {
    return this.#descriptor < 0 ? 0 : (SocketOptions.undelivered(this.#descriptor) ?? this.#pending)
  }

  unsafeDestroy(): void {
    if (this.#surrendered !== undefined) this.#surrendered.destroy()
    else this.#close(undefined)
  }

  /** Interrupted before the kernel has the bytes, it drops the connection: their memory is the caller's again. */
  write(bytes: Uint8Array): Effect.Effect<void, TcpError> {
    return Effect.suspend(() => {
      if (this.#isUnwritable()) return this.#failure
      const sent = this.#queue.length === 0 ? this.#send(bytes, 0) : 0
      if (this.#descriptor < 0) return this.#failure
      if (sent === bytes.length) return Effect.void
      return Effect.async<void, TcpError>((resume) => {
        this.#enqueue(bytes.subarray(sent), (error) => resume(error ? Effect.fail(error) : Effect.void))
        return Effect.sync(() => {
          if (this.#queue.length > 0) this.unsafeDestroy()
        })
      })
    })
  }

  get drained(): Effect.Effect<void, TcpError> {
    return Effect.suspend(() => {
      if (this.#descriptor < 0) return this.#failure
      if (this.#queue.length === 0) return Effect.void
      return Effect.async<void, TcpError>((resume) => {
        this.#enqueue(nothing, (error) => resume(error ? Effect.fail(error) : Effect.void))
      })
    })
  }

  get end(): Effect.Effect<void, TcpError> {
    return Effect.suspend(() => {
      if (this.#finSent) return Effect.void
      if (this.#descriptor < 0) return this.#failure
      this.#finWanted = true
      if (this.#queue.length > 0) return Effect.zipRight(this.drained, this.end)
      this.#finSent = true
      this.#io.shutdown(this.#descriptor)
      this.unsafeForgetInput()
      if (this.#isEnded) this.#poller.later(() => this.#close(undefined))
      return Effect.void
    })
  }

  unsafeSendFile(file: number, offset: number, length: number): number {
    if (this.#isUnwritable() || this.#queue.length > 0) return -EAGAIN
    return this.#io.sendFile(this.#descriptor, file, offset, length)
  }

  unsafeSendFileOnPool(file: Descriptor, offset: number, length: number, done: (sent: number) => void): boolean {
    if (this.#isUnwritable() || this.#queue.length > 0 || !file.hold()) return false
    this.#holds += 1
    this.#io.sendFileOnPool(this.#descriptor, file.fd, offset, length, (sent) => {
      file.release()
      this.#release()
      done(sent)
    })
    return true
  }

  unsafeSendLast(file: number, offset: number, length: number): number {
    if (this.#isUnwritable() || this.#queue.length > 0) return -EAGAIN
    const bytes = PageCache.unsafeRead(file, offset, length)
    return bytes === undefined ? -EAGAIN : this.#io.sendLast(this.#descriptor, bytes, length)
  }

  unsafeWriteLast(bytes: Uint8Array): number {
    if (this.#isUnwritable() || this.#queue.length > 0) return -EAGAIN
    return this.#io.sendLast(this.#descriptor, bytes, bytes.length)
  }

  sendFile(part: FilePart): Effect.Effect<number, TcpError | NodeCall.SystemError> {
    return Effect.suspend(() => (this.#isUnwritable() ? this.#failure : FileSending.run(this.#poller, this, part)))
  }

  /** The way of what goes on by itself: told when the kernel may take more, and when it never will. */
  unsafeFlow(flow: ((failure: TcpError | undefined) => void) | undefined): void {
    this.#flow = flow
    if (flow !== undefined) this.#watch(true)
  }

  /** What a call on the pool uses stays open until then, whatever becomes of the connection. */
  #release(): void {
    this.#holds -= 1
    if (this.#holds > 0 || this.#held < 0) return
    OwnDescriptors.unsafeClose(this.#held)
    this.#held = -1
  }

  unsafeYield(): number | undefined {
    const descriptor = this.#descriptor
    // Its reader is still to be told that it is closed.
    if (descriptor < 0) return undefined
    this.#reader = undefined
    this.#descriptor = -1
    this.#isSilent = true
    if (this.#isWatched) this.#poller.forget(descriptor)
    OwnDescriptors.unsafeDisown(descriptor)
    return descriptor
  }

  unsafeSurrender(): Net.Socket {
    const descriptor = this.unsafeYield()
    this.#reader = undefined
    if (descriptor === undefined) return new Net.Socket().destroy()
    const socket = new Net.Socket({ fd: descriptor, allowHalfOpen: true })
    socket.on("error", ignore)
    socket.pause()
    this.#surrendered = socket
    return socket
  }

  /**
   * Throws away what the peer has sent by now where nobody reads it: a descriptor that is closed before it was read resets the connection,
   * and the peer loses what is still on its way.
   */
  unsafeForgetInput(): void {
    if (this.#reader === undefined && this.#descriptor >= 0) this.#io.receive(this.#descriptor, waste, waste.length)
  }

  #isUnwritable(): boolean {
    return this.#descriptor < 0 || this.#finWanted
  }

  get #failure(): Effect.Effect<never, TcpError> {
    return Effect.fail(this.#error ?? new TcpError({ reason: "Closed" }))
  }

  #encode(text: string): Uint8Array {
    const { length } = text
    if (length > short) {
      return length > scratch.length || !Text.isAscii(text)
        ? Text.encode(text)
        : ofScratch(scratch.write(text, "latin1"))
    }
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return Text.encode(text)
      scratch[index] = unit
    }
    return ofScratch(length)
  }

  #watch(writes: boolean): void {
    if (this.#isWatched && (this.#watchesWrites || !writes)) return
    this.#watchesWrites ||= writes
    this.#isWatched = true
    if (this.#poller.watch(this.#descriptor, this, this.#watchesWrites)) return
    // Nobody would ever tell it anything.
    this.#isWatched = false
    this.#poller.later(() => this.#close(new TcpError({ reason: "Other" })))
  }

  #comeAgain(): void {
    if (this.#isComing) return
    this.#isComing = true
    this.#poller.later(() => {
      this.#isComing = false
      this.#receive()
    })
  }

  #receive(): void {
    let left = turn
    while (left > 0 && this.#isReading && !this.#isEnded && this.#descriptor >= 0) {
      // Most readers want neither, and asking them costs a closure each time.
      const taken = this.#reader?.unsafeReceive === undefined ? undefined : this.#take()
      const room = taken !== undefined ? nothing : this.#reader?.unsafeRoom === undefined ? shared : this.#room()
      // A reader that threw has lost its connection.
      if (this.#descriptor < 0) return
      const count = taken ?? this.#io.receive(this.#descriptor, room, room.length)
      if (count > 0) {
        left -= count
        if (taken !== undefined) continue
        // What comes from here on is told anew, also while the reader works.
        const isAll = count < few && count < room.length && !this.#isOdd
        if (isAll) this.#mayRead = false
        this.#give(room === shared ? ofShared(count) : count === room.length ? room : room.subarray(0, count))
        if (isAll) return
      } else if (count === 0) this.#hearEnd()
      else if (count === -EAGAIN) {
        this.#mayRead = false
        return
      } else if (count !== -EINTR) this.#fail(count, "recv")
    }
    if (left <= 0) this.#comeAgain()
  }

  /**
   * Urgent data stops what is taken so, and looks like the end where there is one behind it: only a read knows. An error counts as a
   * read's would: the kernel tells it once, and then the end.
   */
  #take(): number | undefined {
    if (this.#isOdd) return undefined
    let taken: number | undefined
    this.#tell((reader) => {
      taken = reader.unsafeReceive?.(this.#descriptor)
    })
    return taken === 0 ? undefined : taken
  }

  /** Never of no length: reading nothing would look like the peer's end. */
  #room(): Uint8Array {
    let room: Uint8Array | undefined
    this.#tell((reader) => {
      room = reader.unsafeRoom?.()
    })
    return room === undefined || room.length === 0 ? shared : room
  }

  /** As `#tell`, without a closure for each read. */
  #give(bytes: Uint8Array): void {
    if (this.#reader === undefined || this.#isSilent) return
    try {
      this.#reader.onData(bytes)
    } catch (cause) {
      this.#lose(cause)
    }
  }

  #hearEnd(): void {
    this.#isEnded = true
    this.#tell((reader) => reader.onEnd())
    if (this.#finSent) this.#close(undefined)
  }

  /** What the kernel takes of the bytes from `from` on; where it takes no more for ever, the connection is closed. */
  #send(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length) {
      const rest = at === 0 ? bytes : bytes.subarray(at)
      const sent = this.#io.send(this.#descriptor, rest, rest.length)
      if (sent >= 0) at += sent
      else if (sent === -EAGAIN) break
      else if (sent !== -EINTR) {
        this.#fail(sent, "send")
        break
      }
    }
    return at - from
  }

  #enqueue(bytes: Uint8Array, done: Writing["done"]): void {
    this.#pending += bytes.length
    this.#queue.push({ bytes, sent: 0, done })
    this.#watch(true)
  }

  #drain(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const sent = this.#send(first.bytes, first.sent)
      if (this.#descriptor < 0) return
      first.sent += sent
      this.#pending -= sent
      if (first.sent < first.bytes.length) return
      this.#queue.shift()
      first.done(undefined)
    }
    this.#flow?.(undefined)
  }

  #fail(errno: number, call: string): void {
    this.#close(toTcpError(NodeCall.systemError(-errno, call)))
  }

  /** A reader that throws loses its connection, not the process. */
  #tell(event: (reader: Reader) => void): void {
    if (this.#reader === undefined || this.#isSilent) return
    try {
      event(this.#reader)
    } catch (cause) {
      this.#lose(cause)
    }
  }

  #lose(cause: unknown): void {
    this.#close(toTcpError(cause instanceof Error ? cause : new Error(String(cause))))
  }

  #close(error: TcpError | undefined): void {
    const descriptor = this.#descriptor
    if (descriptor < 0) return
    this.#descriptor = -1
    this.#isSilent = true
    this.#error = error
    if (this.#holds === 0) {
      if (this.#isWatched) this.#poller.drop(descriptor)
      OwnDescriptors.unsafeClose(descriptor)
    } else {
      if (this.#isWatched) this.#poller.forget(descriptor)
      this.#held = descriptor
      this.#io.shutdown(descriptor)
    }
    if (this.#queue.length > 0 || this.#flow !== undefined) this.#giveUp(error ?? new TcpError({ reason: "Closed" }))
    if (this.#reader !== undefined) this.#poller.later(() => this.#reportClose())
  }

  #giveUp(failure: TcpError): void {
    const queue = this.#queue
    this.#queue = []
    this.#pending = 0
    for (const { done } of queue) done(failure)
    this.#flow?.(failure)
  }

  #reportClose(): void {
    const reader = this.#reader
    this.#reader = undefined
    reader?.onClose(this.#error)
  }
}

const nothing = new Uint8Array(0)
