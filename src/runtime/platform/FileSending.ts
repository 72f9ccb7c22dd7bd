import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { Descriptor } from "./Descriptor.ts"
import * as NodeCall from "./NodeCall.ts"
import * as PageCache from "./PageCache.ts"
import type { Poller } from "./Poller.ts"
import { type FilePart, TcpError } from "./Tcp.ts"
import * as Turns from "./Turns.ts"

const { EAGAIN, EINTR } = Os.constants.errno

/**
 * As much of a connection as it takes to send a file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Outlet {
  readonly descriptor: number | undefined
  readonly unsafeSendFile: (file: number, offset: number, length: number) => number
  readonly unsafeSendFileOnPool: (
    file: Descriptor,
    offset: number,
    length: number,
    done: (sent: number) => void
  ) => boolean
  readonly unsafeFlow: (flow: ((failure: TcpError | undefined) => void) | undefined) => void
}

/** Bytes sent before other connections have their turn, and where there are none. What is no longer than one is never held. */
const turn = 1024 * 1024
const solo = 4 * turn

/** Error numbers of `sendfile(2)` that speak of the connection; all others speak of the file. */
const ofConnection = new Set([
  "EPIPE",
  "ECONNRESET",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTCONN",
  "ECONNABORTED"
])

type Failure = TcpError | NodeCall.SystemError

/**
 * Sends by `sendfile(2)`: as much in each turn as is in the page cache and fits into the socket, up to {@link turn}; what has to come from
 * a disk first is sent by the pool, so that the disk holds up nobody else. `turns` say when it has to wait for those who had less.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (
  poller: Poller,
  outlet: Outlet,
  part: FilePart,
  turns: Turns.Turns = Turns.ofThread
): Effect.Effect<number, Failure> =>
  Effect.async((resume) => {
    let sentInAll = 0
    let isOver = false
    let isOnPool = false
    /** It has had more than others who are about to ask again; see {@link Turns}. */
    let isHeld = false
    let due = 0
    /** The connection said that it may take more while the pool was still finding out that it did not. */
    let isMissed = false

    const finish = (result: Effect.Effect<number, Failure>): void => {
      if (isOver) return
      isOver = true
      outlet.unsafeFlow(undefined)
      resume(result)
    }

    /** Takes note of what a call said, and answers whether to go on at once. */
    const goesOn = (sent: number): boolean => {
      if (sent > 0) {
        sentInAll += sent
        if (sentInAll > turn) due = turns.unsafeDue(due, sent)
        part.onSent(sent)
        if (sentInAll < part.length) return true
      }
      if (sent === -EINTR) return true
      if (sent >= 0) finish(Effect.succeed(sentInAll))
      else if (sent === -EAGAIN) outlet.unsafeFlow(flow)
      else finish(Effect.fail(failureOf(sent)))
      return false
    }

    const onPool = (length: number): void => {
      outlet.unsafeFlow(flow)
      isMissed = false
      isOnPool = true
      const isBegun = outlet.unsafeSendFileOnPool(part.file, part.offset + sentInAll, length, (sent) => {
        isOnPool = false
        if (!isOver && (goesOn(sent) || isMissed)) step()
      })
      if (!isBegun) finish(gone())
    }

    const step = (most = turn) => {
      if (isOver || isOnPool || isHeld) return
      if (outlet.descriptor === undefined) {
        finish(gone())
        return
      }
      const isAwaiting = turns.unsafeIsAwaiting()
      isHeld = isAwaiting && turns.unsafeHolds(due, release)
      if (isHeld) return
      const length = Math.min(part.length - sentInAll, isAwaiting ? Turns.portion : most)
      const position = part.offset + sentInAll
      if (!PageCache.has(part.file.fd, position, length)) onPool(length)
      else if (goesOn(outlet.unsafeSendFile(part.file.fd, position, length))) poller.unhurried(goOn)
    }

    const goOn = (isAlone: boolean): void => step(isAlone ? solo : turn)

    const endHold = (isAlone: boolean): void => {
      isHeld = false
      goOn(isAlone)
    }

    const release = (from: number): void => {
      due = from
      poller.unhurried(endHold)
    }

    const flow = (failure: TcpError | undefined): void => {
      isMissed = isOnPool
      if (failure !== undefined) finish(Effect.fail(failure))
      else step()
    }

    if (part.length <= 0) return resume(Effect.succeed(0))
    step()
    return Effect.sync(() => {
      isOver = true
      outlet.unsafeFlow(undefined)
    })
  })

const gone = (): Effect.Effect<never, TcpError> => Effect.fail(new TcpError({ reason: "Closed" }))

const failureOf = (sent: number): Failure => {
  const error = NodeCall.systemError(-sent, "sendfile")
  return ofConnection.has(error.code ?? "") ? new TcpError({ reason: "Reset", cause: error }) : error
}
