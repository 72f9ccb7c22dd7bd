import { Effect } from "effect"
import * as Text from "../../src/domain/Text.ts"
import type { Connection, TcpError } from "../../src/runtime/platform/Tcp.ts"

/**
 * Reads a connection the way a test asks questions: a line, so many bytes, everything. A copy is made of all that comes, and what
 * was called is counted, so that a broken promise of the connection shows.
 */
export interface Inbox {
  readonly connection: Connection
  /** The next line without its CRLF; what is left when the peer ends first. */
  readonly takeLine: Effect.Effect<string>
  readonly takeBytes: (count: number) => Effect.Effect<Uint8Array>
  /** What comes until the peer ends or is gone. */
  readonly takeAll: Effect.Effect<Uint8Array>
  readonly ended: Effect.Effect<void>
  /** The error of `onClose`. */
  readonly closed: Effect.Effect<TcpError | undefined>
  readonly calls: { data: number; end: number; close: number; afterClose: number }
  readonly unsafeReceived: () => number
}

export const make = (connection: Connection): Inbox => {
  let bytes = new Uint8Array(1024)
  let length = 0
  let received = 0
  let taken = 0
  let error: TcpError | undefined
  const calls = { data: 0, end: 0, close: 0, afterClose: 0 }
  const waiting = new Set<() => void>()
  const isOver = () => calls.end > 0 || calls.close > 0
  const changed = () => {
    for (const check of [...waiting]) check()
  }
  const call = (name: "data" | "end" | "close") => {
    if (calls.close > 0) calls.afterClose += 1
    calls[name] += 1
  }
  connection.read({
    onData: (chunk) => {
      call("data")
      if (length + chunk.length > bytes.length) {
        const larger = new Uint8Array(2 * (length + chunk.length))
        larger.set(bytes.subarray(0, length))
        bytes = larger
      }
      bytes.set(chunk, length)
      length += chunk.length
      received += chunk.length
      changed()
    },
    onEnd: () => {
      call("end")
      changed()
    },
    onClose: (cause) => {
      call("close")
      error = cause
      changed()
    }
  })
  const until = <A>(poll: () => A | undefined): Effect.Effect<A> =>
    Effect.async((resume) => {
      const check = () => {
        const value = poll()
        if (value === undefined) return
        waiting.delete(check)
        resume(Effect.succeed(value))
      }
      waiting.add(check)
      check()
      return Effect.sync(() => waiting.delete(check))
    })
  const take = (count: number): Uint8Array => {
    const some = bytes.slice(taken, Math.min(length, taken + count))
    taken += some.length
    return some
  }
  const lineLength = () => {
    for (let index = taken; index + 1 < length; index++) {
      if (bytes[index] === 13 && bytes[index + 1] === 10) return index + 2 - taken
    }
    return isOver() ? length - taken : undefined
  }
  return {
    connection,
    takeLine: until(() => {
      const size = lineLength()
      return size === undefined ? undefined : Text.decode(take(size)).replace(/\r\n$/, "")
    }),
    takeBytes: (count) => until(() => (length - taken >= count || isOver() ? take(count) : undefined)),
    takeAll: until(() => (isOver() ? take(length - taken) : undefined)),
    ended: until(() => (isOver() ? true : undefined)),
    closed: Effect.map(
      until(() => (calls.close > 0 ? { error } : undefined)),
      (cause) => cause.error
    ),
    calls,
    unsafeReceived: () => received
  }
}
