import * as Os from "node:os"
import type { Ffi } from "./Ffi.ts"

/**
 * A system call for the libuv pool, where it may wait for a disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface PooledCall {
  /** What the call reads and writes; kept from the garbage collector until it is over, which koffi does not do. */
  readonly memory: ReadonlyArray<ArrayBufferView>
  /** Starts the call by koffi's `.async`. */
  readonly start: (done: (error: unknown, result: number) => void) => void
  /** Gets what the call returned, or its errno as a negative number. */
  readonly done: (result: number) => void
}

const { EAGAIN, EIO } = Os.constants.errno

/** koffi throws beyond 256 of its asynchronous calls at once, and keeps a stack for each. */
const limit = 64

const waiting: Array<() => void> = []
const running = new Set<PooledCall>()

const start = (ffi: Ffi, call: PooledCall) => {
  const finish = (result: number) => {
    running.delete(call)
    waiting.shift()?.()
    call.done(result)
  }
  running.add(call)
  try {
    call.start((error, result) => {
      // koffi restores the pool thread's errno for this callback: read it before anything else.
      const errno = ffi.koffi.errno()
      finish(error ? -EIO : result < 0 ? -errno : result)
    })
  } catch {
    finish(-EAGAIN)
  }
}

/**
 * Runs a call on the pool, at most 64 of them at once in this thread; later ones wait their turn in order. Each session has a
 * few calls out at most, so the queue is as bounded as the number of sessions.
 *
 * @since 0.1.0
 * @category platform
 */
export const run = (ffi: Ffi, call: PooledCall): void => {
  if (running.size < limit) start(ffi, call)
  else waiting.push(() => start(ffi, call))
}
