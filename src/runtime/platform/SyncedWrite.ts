import type { Descriptor } from "./Descriptor.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as FileSystem from "./FileSystem.ts"
import * as PooledCall from "./PooledCall.ts"

/**
 * Writes bytes (some, at least) to a file at a position in bytes, on the pool, and waits there for the disk as `fsync(2)` does: `done` gets how
 * many those were, or the negative error number. `false`, and nothing is done, where the file's system may not know how, or the file is closed.
 *
 * @since 0.1.0
 * @category models
 */
export type SyncedWrite = (
  file: Descriptor,
  bytes: Uint8Array,
  position: number,
  done: (result: number) => void
) => boolean

const synced = 0x4

const declare = (ffi: Ffi): SyncedWrite => {
  const pwritev2 = ffi.libc.func("pwritev2", "long", ["int", "void *", "int", "long", "int"])
  return (file, bytes, position, done) => {
    if (!FileSystem.syncsWrites(file.fd) || !file.hold()) return false
    const vector = new BigUint64Array(new ArrayBuffer(16))
    vector[0] = BigInt(ffi.koffi.address(bytes))
    vector[1] = BigInt(bytes.length)
    PooledCall.run(ffi, {
      memory: [vector, bytes],
      start: (done) => pwritev2.async(file.fd, vector, 1, position, synced, done),
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
