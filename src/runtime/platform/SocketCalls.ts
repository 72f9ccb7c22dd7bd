import { type Ffi, ffi } from "./Ffi.ts"
import * as SocketAddress from "./SocketAddress.ts"
import type { Endpoint } from "./Tcp.ts"

/**
 * The system calls an accepting thread lives on, synchronous and without Effect, so that such a thread loads little and may block.
 * Where a call can fail it answers as the kernel does: a descriptor or count, or the negative error number.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocketCalls {
  /** A non-blocking listening descriptor on an IP address; `"::"` takes IPv4 as well. */
  readonly listen: (address: string, port: number, backlog: number) => number
  /** The next client of a listening descriptor, non-blocking; `peer` has its address until the next call. */
  readonly accept: (listener: number) => number
  readonly peer: () => Endpoint
  readonly local: (descriptor: number) => Endpoint
  /** Sends what the kernel takes at once; the peer's absence is no error here. */
  readonly say: (descriptor: number, text: string) => void
  readonly close: (descriptor: number) => void
  /** Waits until one of the descriptors is readable or the time is up. */
  readonly poll: (descriptors: ReadonlyArray<number>, milliseconds: number) => number
  /** A non-blocking eventfd(2), which `wake` makes readable and `calm` unreadable. */
  readonly bell: () => number
  readonly wake: (bell: number) => void
  readonly calm: (bell: number) => void
  /** Error numbers by name. */
  readonly errno: Readonly<Record<string, number>>
}

const sockStream = 1
const flags = 0o2000000 | 0o4000
const solSocket = 1
const soReuseAddr = 2
const soKeepAlive = 9
const soOobInline = 10
const ipProtoTcp = 6
const tcpNoDelay = 1
const tcpKeepIdle = 4
const ipProtoIpv6 = 41
const ipv6Only = 26
const noSignalDontWait = 0x4000 | 0x40
const pollIn = 1
const unknown: Endpoint = { address: "", port: 0 }

const make = ({ koffi, libc }: Ffi): SocketCalls => {
  const errno = koffi.os.errno
  const inetPton = libc.func("int inet_pton(int, const char *, void *)")
  const socket = libc.func("int socket(int, int, int)")
  const setsockopt = libc.func("int setsockopt(int, int, int, void *, uint32_t)")
  const bind = libc.func("int bind(int, void *, uint32_t)")
  const listen = libc.func("int listen(int, int)")
  const accept4 = libc.func("int accept4(int, void *, void *, int)")
  const getsockname = libc.func("int getsockname(int, void *, void *)")
  const send = libc.func("long send(int, void *, size_t, int)")
  const close = libc.func("int close(int)")
  const poll = libc.func("int poll(void *, unsigned long, int)")
  const eventfd = libc.func("int eventfd(unsigned int, int)")
  const read = libc.func("long read(int, void *, size_t)")
  const write = libc.func("long write(int, void *, size_t)")

  const address = new Uint8Array(SocketAddress.size)
  const length = new Uint32Array(1)
  const one = new Int32Array([1])
  const zero = new Int32Array([0])
  const count = new BigUint64Array([1n])
  const counted = new BigUint64Array(1)
  const text = new TextEncoder()

  /** What the kernel copies to each client of a listening descriptor. */
  const inherited: ReadonlyArray<readonly [level: number, option: number, value: Int32Array]> = [
    [solSocket, soOobInline, one],
    [solSocket, soKeepAlive, one],
    [ipProtoTcp, tcpKeepIdle, new Int32Array([60])],
    [ipProtoTcp, tcpNoDelay, one]
  ]

  const result = (value: number) => (value < 0 ? -koffi.errno() : value)

  const filled = (call: () => number): number => {
    length[0] = SocketAddress.size
    return call()
  }

  const prepare = (descriptor: number, target: Uint8Array, backlog: number) => {
    const steps = [
      ...inherited.map((option) => () => setsockopt(descriptor, ...option, 4)),
      () => setsockopt(descriptor, solSocket, soReuseAddr, one, 4),
      () => (target.length === SocketAddress.size ? setsockopt(descriptor, ipProtoIpv6, ipv6Only, zero, 4) : 0),
      () => bind(descriptor, target, target.length),
      () => listen(descriptor, backlog)
    ]
    for (const step of steps) {
      const failed = result(step())
      if (failed < 0) return failed
    }
    return 0
  }

  return {
    listen: (host, port, backlog) => {
      const bytes = new Uint8Array(host.includes(":") ? 16 : 4)
      const family = bytes.length === 4 ? 2 : 10
      if (inetPton(family, host, bytes) !== 1) return -(errno["EADDRNOTAVAIL"] ?? 99)
      const descriptor = result(socket(family, sockStream | flags, 0))
      if (descriptor < 0) return descriptor
      const failed = prepare(descriptor, SocketAddress.encode(bytes, port), backlog)
      if (failed === 0) return descriptor
      close(descriptor)
      return failed
    },
    accept: (listener) => filled(() => result(accept4(listener, address, length, flags))),
    peer: () => SocketAddress.decode(address) ?? unknown,
    local: (descriptor) =>
      filled(() => getsockname(descriptor, address, length)) < 0 ? unknown : (SocketAddress.decode(address) ?? unknown),
    say: (descriptor, said) => {
      const bytes = text.encode(said)
      send(descriptor, bytes, bytes.length, noSignalDontWait)
    },
    close: (descriptor) => {
      close(descriptor)
    },
    poll: (descriptors, milliseconds) => {
      const entries = new Int32Array(descriptors.length * 2)
      descriptors.forEach((descriptor, i) => {
        entries[i * 2] = descriptor
        entries[i * 2 + 1] = pollIn
      })
      return result(poll(entries, descriptors.length, milliseconds))
    },
    bell: () => result(eventfd(0, flags)),
    wake: (bell) => {
      write(bell, count, 8)
    },
    calm: (bell) => {
      read(bell, counted, 8)
    },
    errno
  }
}

/**
 * The calls, or `undefined` where FFI is missing.
 *
 * @since 0.1.0
 * @category platform
 */
export const socketCalls: SocketCalls | undefined = ffi === undefined ? undefined : make(ffi)
