import { type Ffi, ffi } from "./Ffi.ts"

const ipprotoTcp = 6
const tcpCongestion = 13
const nameLength = 16

interface CongestionControl {
  readonly get: (descriptor: number) => string | undefined
  readonly set: (descriptor: number, name: string) => boolean
}

const make = ({ libc }: Ffi): CongestionControl => {
  const getsockopt = libc.func("int getsockopt(int, int, int, void *, void *)")
  const setsockopt = libc.func("int setsockopt(int, int, int, const void *, uint32_t)")
  const name = Buffer.alloc(nameLength)
  const length = new Uint32Array(1)
  return {
    get: (descriptor) => {
      length[0] = nameLength
      if (getsockopt(descriptor, ipprotoTcp, tcpCongestion, name, length) !== 0) return undefined
      return name.toString("latin1", 0, length[0]).replace(/\0.*$/, "")
    },
    set: (descriptor, wanted) =>
      setsockopt(descriptor, ipprotoTcp, tcpCongestion, Buffer.from(wanted), wanted.length) === 0
  }
}

const control = ffi && make(ffi)

/**
 * The congestion control a socket goes by, such as `cubic`; `undefined` where FFI is missing or the descriptor is no TCP socket.
 *
 * @since 0.1.0
 * @category getters
 */
export const congestionControl = (descriptor: number): string | undefined => control?.get(descriptor)

/**
 * Whether an address is this host's own, with no network in between.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHere = (address: string): boolean => address.startsWith("127.") || address === "::1"

/**
 * Takes pacing off a socket that has no connection yet, and answers what {@link unsafeRestore} puts it back to. BBR has the kernel set a
 * timer for each segment, which on a virtual machine costs more than the segment, and cannot be taken off a connection once it is there.
 * `undefined`, and nothing done, where the system does not pace or will not have it put back.
 *
 * @since 0.1.0
 * @category options
 */
export const unsafeEase = (descriptor: number): string | undefined => {
  const paced = control?.get(descriptor)
  if (control === undefined || !paced?.startsWith("bbr") || !control.set(descriptor, paced)) return undefined
  return control.set(descriptor, "reno") ? paced : undefined
}

/**
 * Puts a connection that has sent nothing yet to the congestion control the system has for all.
 *
 * @since 0.1.0
 * @category options
 */
export const unsafeRestore = (descriptor: number, paced: string): void => {
  control?.set(descriptor, paced)
}
