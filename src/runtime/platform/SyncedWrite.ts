import type { Descriptor } from "./Descriptor.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as FileSystem from "./FileSystem.ts"
import * as PooledCall from "./PooledCall.ts"

/**
 * Writes pieces of bytes (some, at least), which follow one another, to a file at a position in bytes, on the pool, and waits there for the disk as `fsync(2)` does: `done` gets how
 * many those were, or the negative error number. `false`, and nothing is done, where the file's system may not know how, or the file is closed.
 *
 * @since 0.1.0
 * @category models
 */
export type SyncedWrite = (
  file: Descriptor,
  pieces: ReadonlyArray<Uint8Array>,
  position: number,
  done: (result: number) => void
) => boolean

const synced = 0x4

const declare = (ffi: Ffi): SyncedWrite => {
  const pwritev2 = ffi.libc.func("pwritev2", "long", ["int", "void *", "int", "long", "int"])
  return (file, pieces, position, done) => {
    if (!FileSystem.syncsWrites(file.fd) || !file.hold()) return false
    const vector = new BigUint64Array(new ArrayBuffer(16 * pieces.length))
    for (const [index, piece] of pieces.entries()) {
      vector[2 * index] = BigInt(ffi.koffi.address(piece))
      vector[2 * index + 1] = BigInt(piece.length)
    }
    PooledCall.run(ffi, {
      memory: [vector, ...pieces],
      start: (done) => pwritev2.async(file.fd, vector, pieces.length, position, synced, done),
      done: (result) => {
        file.release()
        done(result)
      }
    })
    return true
  }
}

/**
 * Linux's `pwritev2(2)` with `RWF_SYNC`; `undefined` where the C library or FFI lacks it.
 *
 * @since 0.1.0
 * @category platform
 */
export const unsafeWriteOnPool: SyncedWrite | undefined = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()
