import { ffi } from "./Ffi.ts"

/**
 * The descriptors that a thread got from the kernel by FFI: Node does not know of them and leaves them open when the thread ends, so
 * they are written down in memory that the thread's owner can read. A number is struck off before it is closed: what dies in between
 * leaves one descriptor open, the other order might close somebody else's.
 */
let register: Int32Array | undefined

/** Descriptors a register has room for; a higher number is not taken (see `unsafeOwn`). */
const room = 1 << 17

/**
 * Bytes of memory a thread's register takes.
 *
 * @since 0.1.0
 * @category constants
 */
export const sharedBytes: number = room / 8

/**
 * Keeps the register of this thread in `shared`, for as long as it lives. The main thread, which nobody outlives, keeps none.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeShare = (shared: SharedArrayBuffer): void => {
  register = new Int32Array(shared)
}

/**
 * Enters a descriptor; `false` where its number is too high to be written down, and Node should own it instead.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeOwn = (descriptor: number): boolean => {
  if (register === undefined) return true
  if (descriptor >= room) return false
  Atomics.or(register, descriptor >> 5, 1 << (descriptor & 31))
  return true
}

/** Strikes off a descriptor that goes to another owner. @since 0.1.0 @category operations */
export const unsafeDisown = (descriptor: number): void => {
  if (register === undefined || descriptor >= room) return
  Atomics.and(register, descriptor >> 5, ~(1 << (descriptor & 31)))
}

const close = ffi?.libc.func("int close(int)") as ((descriptor: number) => number) | undefined

/** Strikes off and closes, once. @since 0.1.0 @category operations */
export const unsafeClose = (descriptor: number): void => {
  unsafeDisown(descriptor)
  close?.(descriptor)
}

/**
 * Closes what a thread that has ended had entered and not struck off.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeCloseAll = (shared: SharedArrayBuffer): void => {
  const left = new Int32Array(shared)
  for (let word = 0; word < left.length; word++) {
    const bits = Atomics.exchange(left, word, 0)
    for (let bit = 0; bits >>> bit > 0 && bit < 32; bit++) {
      if ((bits >>> bit) & 1) close?.(word * 32 + bit)
    }
  }
}
