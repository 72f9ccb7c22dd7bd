import * as Os from "node:os"
import { ffi } from "./Ffi.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import * as SocketAddress from "./SocketAddress.ts"

const solIp = 0
const solSocket = 1
const soReuseAddr = 2
const soOobInline = 10
const ipBindAddressNoPort = 24
const siocOutQueue = 0x5411
const afInet = 2
const afInet6 = 10
const ipProtocolTcp = 6
const tcpInfo = 11
const streamCloseOnExecNonBlocking = 1 | 0o2000000 | 0o4000

const libc = ffi && {
  inetPton: ffi.libc.func("int inet_pton(int, const char *, _Out_ uint8_t *)") as (
    family: number,
    text: string,
    address: Uint8Array
  ) => number,
  socket: ffi.libc.func("int socket(int, int, int)") as (domain: number, type: number, protocol: number) => number,
  bind: ffi.libc.func("int bind(int, const uint8_t *, uint32_t)") as (
    descriptor: number,
    address: Uint8Array,
    length: number
  ) => number,
  ioctl: ffi.libc.func("int ioctl(int, unsigned long, _Out_ int *)") as (
    descriptor: number,
    request: number,
    result: Array<number>
  ) => number,
  getsockopt: ffi.libc.func("int getsockopt(int, int, int, void *, void *)") as (
    descriptor: number,
    level: number,
    option: number,
    value: DataView,
    length: Uint32Array
  ) => number,
  setsockopt: ffi.libc.func("int setsockopt(int, int, int, const int *, uint32_t)") as (
    descriptor: number,
    level: number,
    option: number,
    value: ReadonlyArray<number>,
    length: number
  ) => number
}

const turnOn = (descriptor: number, level: number, option: number): boolean =>
  libc !== undefined && libc.setsockopt(descriptor, level, option, [1], 4) === 0

/**
 * Keeps TCP urgent data in its place among the other bytes. Some FTP clients send `ABOR` with its last byte urgent (RFC 959
 * section 4.1.3 lets them), and without this that byte never arrives. Connections accepted by a listening descriptor
 * have what the listener has. `false` where FFI is missing or the descriptor is no socket.
 *
 * @since 0.1.0
 * @category options
 */
export const keepUrgentInline = (descriptor: number): boolean => turnOn(descriptor, solSocket, soOobInline)

/**
 * Bytes in the kernel's send buffer that the peer has not acknowledged; `undefined` where FFI is missing or the descriptor is no
 * socket.
 *
 * @since 0.1.0
 * @category getters
 */
export const undelivered = (descriptor: number): number | undefined => {
  const result = [0]
  return libc !== undefined && libc.ioctl(descriptor, siocOutQueue, result) === 0 ? result[0] : undefined
}

/** The kernel's `tcp_info` up to its `tcpi_bytes_received`, which is the last eight bytes. */
const info = new DataView(new ArrayBuffer(136))
const isLittle = Os.endianness() === "LE"
const infoLength = new Uint32Array(1)

/**
 * Bytes that have come in order on a TCP connection, read or not, since it was made. The peer's FIN counts as one of them, also when the
 * connection was reset behind it. `undefined` where FFI is missing, or the kernel does not count them.
 *
 * @since 0.1.0
 * @category getters
 */
export const received = (descriptor: number): number | undefined => {
  infoLength[0] = info.byteLength
  const isTold = libc?.getsockopt(descriptor, ipProtocolTcp, tcpInfo, info, infoLength) === 0
  return isTold && infoLength[0] === info.byteLength
    ? Number(info.getBigUint64(info.byteLength - 8, isLittle))
    : undefined
}

const toSocketAddress = (address: string): Uint8Array | undefined => {
  const bytes = new Uint8Array(address.includes(":") ? 16 : 4)
  const family = bytes.length === 4 ? afInet : afInet6
  return libc?.inetPton(family, address, bytes) === 1 ? SocketAddress.encode(bytes, 0) : undefined
}

/**
 * A non-blocking TCP socket for addresses of so many bytes, 4 or 16. The caller owns it. `undefined` where it cannot be had.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeSocket = (addressLength: number): number | undefined => {
  const descriptor = libc?.socket(addressLength === 4 ? afInet : afInet6, streamCloseOnExecNonBlocking, 0) ?? -1
  return descriptor < 0 ? undefined : descriptor
}

/**
 * A TCP socket that will connect from `address` on a port the kernel picks only when the peer is known. A plain `bind` to
 * port 0 must pick at once and avoids every port in TIME_WAIT: a server that connects to its clients some hundred times
 * a second runs out within seconds. The caller owns the descriptor. `undefined` where this cannot be had: connect with the
 * ordinary local address then.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeBoundSocket = (address: string): number | undefined => {
  const target = toSocketAddress(address)
  if (libc === undefined || target === undefined) return undefined
  const descriptor = unsafeSocket(target.length === 16 ? 4 : 16)
  if (descriptor === undefined) return undefined
  const bound =
    turnOn(descriptor, solIp, ipBindAddressNoPort) &&
    turnOn(descriptor, solSocket, soReuseAddr) &&
    libc.bind(descriptor, target, target.length) === 0
  if (bound) return descriptor
  OwnDescriptors.unsafeClose(descriptor)
  return undefined
}
