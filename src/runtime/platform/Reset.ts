import * as Fs from "node:fs"
import * as SocketOptions from "./SocketOptions.ts"

const oneByte = new Uint8Array(1)

const nothing = new Uint8Array(0)

const isZero = (call: () => number): boolean => {
  try {
    return call() === 0
  } catch {
    return false
  }
}

/**
 * Whether what libuv calls the end of a connection is none: it says so too of one that was reset, or timed out, behind its last bytes,
 * which makes half a file look whole. Reading once more tells them apart, for behind a FIN there is neither a byte nor an error.
 * A descriptor that is gone can no longer be asked, and counts as reset; one below 0 is the system's way to have none, and does not.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isTold = (descriptor: number | undefined): boolean => {
  if (descriptor === undefined) return true
  return descriptor >= 0 && !isZero(() => Fs.readSync(descriptor, oneByte))
}

/**
 * The same below TLS, where the reset may have been told already: the kernel tells of it once, and OpenSSL writes session tickets whose
 * failure Node keeps to itself. So a connection that may still be written to is asked whether it can. Where it cannot, it
 * counts as ended if one byte more has come than the `read` ones, which is the FIN, and as reset where nobody counts.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHidden = (descriptor: number | undefined, read: number): boolean => {
  if (isTold(descriptor)) return true
  if (descriptor === undefined || descriptor < 0 || isZero(() => Fs.writeSync(descriptor, nothing))) return false
  return SocketOptions.received(descriptor) !== read + 1
}
