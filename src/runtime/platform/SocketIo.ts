import { type Ffi, ffi } from "./Ffi.ts"
import * as PooledCall from "./PooledCall.ts"
import * as SocketAddress from "./SocketAddress.ts"
import type { Endpoint } from "./Tcp.ts"

/**
 * The system calls that move bytes over sockets, none of which waits. Each answers as the kernel does: a count or descriptor, or the
 * negative error number.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocketIo {
  /** At most so many bytes into `target`; 0 is the peer's FIN. */
  readonly receive: (descriptor: number, target: Uint8Array, length: number) => number
  /** What the kernel takes of the first `length` bytes. */
  readonly send: (descriptor: number, bytes: Uint8Array, length: number) => number
  /** The same for bytes behind which nothing comes but the end: the kernel may keep them until then, to send both as one. */
  readonly sendLast: SocketIo["send"]
  /** Bytes of a file from `position` on; 0 is the file's end. */
  readonly sendFile: (descriptor: number, file: number, position: number, length: number) => number
  /** The same on the pool, where it may wait for a disk. */
  readonly sendFileOnPool: (
    descriptor: number,
    file: number,
    position: number,
    length: number,
    done: (sent: number) => void
  ) => void
  /** A client of a listening descriptor, non-blocking; `peer` has its address until the next call. */
  readonly accept: (listener: number) => number
  readonly peer: () => Endpoint
  readonly local: (descriptor: number) => Endpoint
  readonly remote: (descriptor: number) => Endpoint
  /** Begins to connect to an IP address. */
  readonly connect: (descriptor: number, address: Uint8Array, port: number) => number
  /** What became of an attempt: 0, or the negative error number. */
  readonly outcome: (descriptor: number) => number
  /** Sends a FIN behind what was sent. */
  readonly shutdown: (descriptor: number) => number
  /** The bytes of an IP address in network order. */
  readonly addressOf: (address: string) => Uint8Array | undefined
}

const noSignalDontWait = 0x4000 | 0x40
const more = 0x8000
const closeOnExecNonBlocking = 0o2000000 | 0o4000
const solSocket = 1
const soError = 4
const shutWrite = 1
const unknown: Endpoint = { address: "", port: 0 }

const make = (ffi: Ffi): SocketIo => {
  const { koffi, libc } = ffi
  const recv = libc.func("long recv(int, void *, size_t, int)")
  const send = libc.func("long send(int, void *, size_t, int)")
  const sendfile = libc.func("long sendfile(int, int, void *, size_t)")
  const accept4 = libc.func("int accept4(int, void *, void *, int)")
  const getsockname = libc.func("int getsockname(int, void *, void *)")
  const getpeername = libc.func("int getpeername(int, void *, void *)")
  const getsockopt = libc.func("int getsockopt(int, int, int, void *, void *)")
  const connect = libc.func("int connect(int, void *, uint32_t)")
  const shutdown = libc.func("int shutdown(int, int)")
  const inetPton = libc.func("int inet_pton(int, const char *, void *)")

  const address = new Uint8Array(SocketAddress.size)
  const length = new Uint32Array(1)
  const option = new Int32Array(1)

  const offset = new Uint32Array(2)

  const setOffset = (target: Uint32Array, position: number): Uint32Array => {
    target[0] = position >>> 0
    target[1] = Math.floor(position / 2 ** 32)
    return target
  }

  const result = (value: number): number => (value < 0 ? -koffi.errno() : value)
  const filled = (call: () => number): Endpoint => {
    length[0] = SocketAddress.size
    return call() < 0 ? unknown : (SocketAddress.decode(address) ?? unknown)
  }

  return {
    receive: (descriptor, target, count) => result(recv(descriptor, target, count, 0)),
    send: (descriptor, bytes, count) => result(send(descriptor, bytes, count, noSignalDontWait)),
    sendLast: (descriptor, bytes, count) => result(send(descriptor, bytes, count, noSignalDontWait | more)),
    sendFile: (descriptor, file, position, count) =>
      result(sendfile(descriptor, file, setOffset(offset, position), count)),
    sendFileOnPool: (descriptor, file, position, count, done) => {
      const own = setOffset(new Uint32Array(2), position)
      PooledCall.run(ffi, {
        memory: [own],
        start: (settle) => sendfile.async(descriptor, file, own, count, settle),
        done
      })
    },
    accept: (listener) => {
      length[0] = SocketAddress.size
      return result(accept4(listener, address, length, closeOnExecNonBlocking))
    },
    peer: () => SocketAddress.decode(address) ?? unknown,
    local: (descriptor) => filled(() => getsockname(descriptor, address, length)),
    remote: (descriptor) => filled(() => getpeername(descriptor, address, length)),
    connect: (descriptor, bytes, port) => {
      const target = SocketAddress.encode(bytes, port)
      return result(connect(descriptor, target, target.length))
    },
    outcome: (descriptor) => {
      length[0] = 4
      const asked = result(getsockopt(descriptor, solSocket, soError, option, length))
      return asked < 0 ? asked : -(option[0] ?? 0)
    },
    shutdown: (descriptor) => result(shutdown(descriptor, shutWrite)),
    addressOf: (text) => {
      const bytes = new Uint8Array(text.includes(":") ? 16 : 4)
      return inetPton(bytes.length === 4 ? 2 : 10, text, bytes) === 1 ? bytes : undefined
    }
  }
}

/**
 * The calls, or `undefined` where FFI is missing.
 *
 * @since 0.1.0
 * @category platform
 */
export const socketIo: SocketIo | undefined = ffi === undefined ? undefined : make(ffi)
