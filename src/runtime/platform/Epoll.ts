import { type Ffi, ffi } from "./Ffi.ts"

/** What is told of a descriptor, as epoll(7) names it. @since 0.1.0 @category constants */
export const events = {
  in: 0x1,
  urgent: 0x2,
  out: 0x4,
  error: 0x8,
  hangUp: 0x10,
  peerHungUp: 0x2000,
  edge: 0x8000_0000
} as const

/**
 * The system calls of epoll(7), synchronous. Where one can fail it answers as the kernel does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Epoll {
  readonly create: () => number
  /** Adds a descriptor, or changes what is told of it; `data` comes back with each event as it is given here. */
  readonly add: (epoll: number, descriptor: number, interest: number, data: number, generation: number) => number
  readonly modify: Epoll["add"]
  readonly remove: (epoll: number, descriptor: number) => void
  /** Takes what is ready in this moment, so many events at most, which `told`, `data` and `generation` then give. */
  readonly take: (epoll: number, most: number) => number
  readonly told: (index: number) => number
  readonly data: (index: number) => number
  readonly generation: (index: number) => number
  /** Whether a descriptor, such as an epoll, has something to read; takes nothing. */
  readonly isReady: (descriptor: number) => boolean
  /** Two connected sockets of this process, or `undefined`. */
  readonly pair: () => readonly [near: number, far: number] | undefined
}

const closeOnExec = 0o2000000
const nonBlocking = 0o4000

/** `struct epoll_event` is packed on x86-64 alone. */
const stride = process.arch === "x64" ? 12 : 16
const dataAt = process.arch === "x64" ? 4 : 8

/** Events that fit into one call. @since 0.1.0 @category constants */
export const capacity = 512

const make = ({ libc }: Ffi): Epoll => {
  const create = libc.func("int epoll_create1(int)")
  const control = libc.func("int epoll_ctl(int, int, int, void *)")
  const wait = libc.func("int epoll_wait(int, void *, int, int)")
  const poll = libc.func("int poll(void *, unsigned long, int)")
  const socketpair = libc.func("int socketpair(int, int, int, void *)")

  const event = new Uint8Array(stride)
  const eventView = new DataView(event.buffer)
  const taken = new Uint8Array(stride * capacity)
  const view = new DataView(taken.buffer)
  /** `struct pollfd`, with the events it asks for in the lower half of the second number. */
  const asked = Int32Array.of(-1, events.in)
  const ends = new Int32Array(2)

  const change =
    (operation: number): Epoll["add"] =>
    (epoll, descriptor, interest, data, generation) => {
      eventView.setUint32(0, interest, true)
      eventView.setInt32(dataAt, data, true)
      eventView.setUint32(dataAt + 4, generation, true)
      return control(epoll, operation, descriptor, event)
    }

  return {
    create: () => create(closeOnExec),
    add: change(1),
    modify: change(3),
    remove: (epoll, descriptor) => void control(epoll, 2, descriptor, event),
    take: (epoll, most) => wait(epoll, taken, Math.min(most, capacity), 0),
    told: (index) => view.getUint32(index * stride, true),
    data: (index) => view.getInt32(index * stride + dataAt, true),
    generation: (index) => view.getUint32(index * stride + dataAt + 4, true),
    isReady: (descriptor) => {
      asked[0] = descriptor
      return poll(asked, 1, 0) > 0
    },
    pair: () => {
      if (socketpair(1, 1 | closeOnExec | nonBlocking, 0, ends) !== 0) return undefined
      const [near = -1, far = -1] = ends
      return [near, far]
    }
  }
}

/**
 * The calls, or `undefined` where FFI is missing.
 *
 * @since 0.1.0
 * @category platform
 */
export const epollCalls: Epoll | undefined = ffi && make(ffi)
