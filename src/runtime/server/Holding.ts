import * as Ahead from "../platform/Ahead.ts"
import type { Connection, Reader, TcpError } from "../platform/Tcp.ts"

/**
 * Watches a connection that waits to be served, so that a client which goes away meanwhile is noticed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Holding {
  /** Ends the watch, pausing the connection; gives it as the session shall see it. */
  readonly unsafeRelease: () => Connection
}

/**
 * Reads while the client waits. Should it talk before it is greeted, its first bytes are kept and come first to the session's
 * reader; nothing more is read of it, and it is then noticed only later that it has gone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (connection: Connection, onGone: () => void): Holding => {
  const early: Array<Uint8Array> = []
  let gone = false
  const leave = () => {
    if (gone) return
    gone = true
    onGone()
  }
  connection.read({
    onData: (bytes) => {
      early.push(bytes.slice())
      connection.pause()
    },
    onEnd: leave,
    onClose: leave
  })
  return {
    unsafeRelease: () => {
      gone = true
      connection.pause()
      return early.length === 0 ? connection : replaying(connection, early)
    }
  }
}

/** What came `early` is given once: to the first reader, or to who takes the socket before there is one. */
const replaying = (connection: Connection, early: Array<Uint8Array>): Connection => ({
  local: connection.local,
  remote: connection.remote,
  read: (reader) => connection.read(after(early.splice(0), reader)),
  pause: () => connection.pause(),
  resume: () => connection.resume(),
  unsafeWrite: (text) => connection.unsafeWrite(text),
  get drained() {
    return connection.drained
  },
  write: (bytes) => connection.write(bytes),
  get end() {
    return connection.end
  },
  unsafePending: () => connection.unsafePending(),
  unsafeUndelivered: () => connection.unsafeUndelivered(),
  unsafeDestroy: () => connection.unsafeDestroy(),
  get descriptor() {
    return connection.descriptor
  },
  unsafeSurrender: Ahead.surrendering(connection, early)
})

const after = (early: ReadonlyArray<Uint8Array>, reader: Reader): Reader => {
  let told = false
  let closed = false
  const tell = () => {
    if (told) return
    told = true
    for (const bytes of early) if (!closed) reader.onData(bytes)
  }
  queueMicrotask(tell)
  return {
    onData: (bytes) => {
      tell()
      reader.onData(bytes)
    },
    onEnd: () => {
      tell()
      reader.onEnd()
    },
    onClose: (error: TcpError | undefined) => {
      tell()
      closed = true
      reader.onClose(error)
    }
  }
}
