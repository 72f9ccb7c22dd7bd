import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type Ffi, ffi } from "./Ffi.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"

/**
 * What became of an attempt to move bytes: `taken` is what recv(2) would answer, a number of bytes, 0 at the peer's end, or the negative
 * error number. Of those taken the file did not take what is `left`, the last of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Moved {
  readonly taken: number
  readonly left: Uint8Array | undefined
}

/**
 * Moves what a socket has received to a position (in bytes) of a file, without its passing through this process. For files that no disk
 * has to be waited for, else the whole thread waits. `undefined` where it cannot.
 *
 * @since 0.1.0
 * @category models
 */
export type Conduit = (socket: number, file: number, position: number) => Moved | undefined

const { EINTR, EINVAL, ENOMEM, ENOSYS, EPERM } = Os.constants.errno
const closeOnExecNonBlocking = 0o2000000 | 0o4000
const setPipeSize = 1031
const doNotWait = 2

/** What the kernel says where it is not the socket that failed, but this way out of it. */
const cannot = new Set([EINVAL, ENOMEM, ENOSYS, EPERM])

/** Bytes that a pipe is to hold: a MiB is what users without privileges may have. With less than the last, reading is no slower. */
const capacities = [1024 * 1024, 512 * 1024, 256 * 1024]

interface Pipe {
  readonly out: number
  readonly into: number
  /** In bytes. */
  readonly capacity: number
}

const close = ({ into, out }: Pipe): void => {
  for (const end of [out, into]) OwnDescriptors.unsafeClose(end)
}

const declare = ({ koffi, libc }: Ffi) => {
  const pipe2 = libc.func("int pipe2(void *, int)")
  const fcntl = libc.func("int fcntl(int, int, int)")
  const splice = libc.func("long splice(int, void *, int, void *, size_t, unsigned int)")
  const offset = new BigInt64Array(1)

  const result = (value: number): number => (value < 0 ? -koffi.errno() : value)

  const open = (): Pipe | undefined => {
    const ends = new Int32Array(2)
    if (pipe2(ends, closeOnExecNonBlocking) !== 0) return undefined
    const [out = -1, into = -1] = ends
    for (const end of [out, into]) OwnDescriptors.unsafeOwn(end)
    const pipe = { out, into, capacity: capacities.find((one) => fcntl(into, setPipeSize, one) >= one) ?? 0 }
    if (pipe.capacity > 0) return pipe
    close(pipe)
    return undefined
  }

  const conduit = ({ capacity, into, out }: Pipe): Conduit => {
    /** Nothing of one client's may be left in the pipe for the next. */
    let isEmpty = true

    const store = (file: number, position: number, count: number): number => {
      let stored = 0
      while (stored < count) {
        offset[0] = BigInt(position + stored)
        const moved = result(splice(out, null, file, offset, count - stored, 0))
        if (moved > 0) stored += moved
        else if (moved !== -EINTR) break
      }
      return stored
    }

    const takeBack = (count: number): Uint8Array => {
      const bytes = new Uint8Array(count)
      for (let at = 0; at < count; ) at += Fs.readSync(out, bytes, at, count - at, null)
      return bytes
    }

    return (socket, file, position) => {
      if (!isEmpty) return undefined
      const taken = result(splice(socket, null, into, null, capacity, doNotWait))
      if (cannot.has(-taken)) return undefined
      if (taken <= 0) return { taken, left: undefined }
      isEmpty = false
      const stored = store(file, position, taken)
      const left = stored < taken ? takeBack(taken - stored) : undefined
      isEmpty = true
      return { taken, left }
    }
  }

  return { open, conduit }
}

const declared = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()

/**
 * A pipe of this thread's through which splice(2) moves bytes, as long as the scope is open; `undefined` where FFI is missing, or pipes
 * may not be large enough to be worth it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Conduit | undefined, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => declared?.open()),
    (pipe) => Effect.sync(() => pipe && close(pipe))
  ),
  (pipe) => pipe && declared?.conduit(pipe)
)
