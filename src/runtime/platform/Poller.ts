import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { breathe } from "./EventLoop.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"

/**
 * What is told that its descriptor can be read or written, or has failed. Each change is told once, so it reads or writes until the
 * kernel says EAGAIN, or comes again by `later`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Watched {
  readonly unsafeReady: (readable: boolean, writable: boolean, failed: boolean) => void
}

/**
 * epoll(7) for descriptors that Node does not know, woken by Node's own event loop: a readiness costs a few loads from a table, and
 * no object of Node's stands between the descriptor and its owner.
 *
 * @since 0.1.0
 * @category models
 */
export interface Poller {
  /** Watches for what can be read, and, where `writes`, for what can be written; also to change that. `false` where the kernel will not. */
  readonly watch: (descriptor: number, watched: Watched, writes: boolean) => boolean
  /** Before the descriptor is closed or given away. */
  readonly forget: (descriptor: number) => void
  /** Runs once all that is ready now has been told, in the next turn of the event loop at the latest. */
  readonly later: (task: () => void) => void
  /** Runs once nothing else is ready: for what would go on for long. What is always ready holds it up for {@link roundsPerTurn} rounds. */
  readonly unhurried: (task: () => void) => void
}

const closeOnExec = 0o2000000
const add = 1
const remove = 2
const modify = 3
const epollIn = 0x1
const epollOut = 0x4
const epollErrorOrHangUp = 0x8 | 0x10
const epollPeerHungUp = 0x2000
const epollEdge = 0x8000_0000

/** `struct epoll_event` is packed on x86-64 alone. */
const stride = process.arch === "x64" ? 12 : 16
const dataAt = process.arch === "x64" ? 4 : 8

const batch = 512

/** How often what is ready is asked for before timers, messages and files have their turn. */
const roundsPerTurn = 16

interface Calls {
  readonly create: (flags: number) => number
  readonly control: (epoll: number, operation: number, descriptor: number, event: Uint8Array) => number
  readonly wait: (epoll: number, events: Uint8Array, count: number, milliseconds: number) => number
  readonly pair: (domain: number, type: number, protocol: number, descriptors: Int32Array) => number
}

const declare = ({ libc }: Ffi): Calls => ({
  create: libc.func("int epoll_create1(int)"),
  control: libc.func("int epoll_ctl(int, int, int, void *)"),
  wait: libc.func("int epoll_wait(int, void *, int, int)"),
  pair: libc.func("int socketpair(int, int, int, void *)")
})

const calls = ffi && declare(ffi)

const makeTable = (calls: Calls, epoll: number, hold: (isHeld: boolean) => void) => {
  const members: Array<Watched | undefined> = []
  /** Tells an event apart from one of a descriptor that had the number before. */
  const generations: Array<number> = []
  const event = new Uint8Array(stride)
  const eventView = new DataView(event.buffer)
  const events = new Uint8Array(stride * batch)
  const view = new DataView(events.buffer)
  let size = 0
  let tasks: Array<() => void> = []
  let isArmed = false
  let isOver = false
  let isExpected = false
  let patient: Array<() => void> = []

  const control = (operation: number, descriptor: number, interest: number): number => {
    eventView.setUint32(0, interest, true)
    eventView.setInt32(dataAt, descriptor, true)
    eventView.setUint32(dataAt + 4, generations[descriptor] ?? 0, true)
    return calls.control(epoll, operation, descriptor, event)
  }

  const tell = (watched: Watched, told: number): void => {
    const isFailed = (told & epollErrorOrHangUp) !== 0
    const isReadable = isFailed || (told & (epollIn | epollPeerHungUp)) !== 0
    watched.unsafeReady(isReadable, isFailed || (told & epollOut) !== 0, isFailed)
  }

  const runTasks = (): void => {
    const due = tasks
    tasks = []
    for (const task of due) task()
  }

  /** Those who are told do their work in microtasks, and what comes meanwhile needs no turn of the event loop. */
  const round = (left: number): void => {
    if (isOver) return
    const count = calls.wait(epoll, events, batch, 0)
    if (count > 0 && left > 0) queueMicrotask(() => round(left - 1))
    for (let index = 0; index < count; index++) {
      const at = index * stride
      const descriptor = view.getInt32(at + dataAt, true)
      const watched = members[descriptor]
      if (watched === undefined || generations[descriptor] !== view.getUint32(at + dataAt + 4, true)) continue
      tell(watched, view.getUint32(at, true))
    }
    if (tasks.length > 0) runTasks()
    if (patient.length > 0 && (count === 0 || left === 0)) runPatient()
  }

  const runPatient = (): void => {
    const due = patient
    patient = []
    for (const task of due) task()
  }

  const expect = (): void => {
    if (isExpected) return
    isExpected = true
    setImmediate(() => {
      isExpected = false
      runTasks()
      if (size === 0) runPatient()
      // The round they wait for may be over for this turn.
      if (patient.length > 0) expect()
    })
  }

  /** An immediate without a reference runs after each wait of the event loop and does not keep it from waiting. */
  const arm = (): void => {
    if (isArmed || isOver) return
    isArmed = true
    setImmediate(() => {
      isArmed = false
      if (size > 0) arm()
      round(roundsPerTurn)
    }).unref()
  }

  const poller: Poller = {
    watch: (descriptor, watched, writes) => {
      const interest = (epollIn | epollPeerHungUp | epollEdge | (writes ? epollOut : 0)) >>> 0
      if (members[descriptor] !== undefined) return control(modify, descriptor, interest) === 0
      generations[descriptor] = ((generations[descriptor] ?? 0) + 1) >>> 0
      if (control(add, descriptor, interest) !== 0) return false
      members[descriptor] = watched
      if (size++ === 0) hold(true)
      arm()
      return true
    },
    forget: (descriptor) => {
      if (members[descriptor] === undefined) return
      members[descriptor] = undefined
      control(remove, descriptor, 0)
      if (--size === 0) hold(false)
    },
    later: (task) => {
      tasks.push(task)
      expect()
    },
    unhurried: (task) => {
      patient.push(task)
      expect()
    }
  }
  return {
    poller,
    close: () => {
      isOver = true
      runTasks()
      runPatient()
      OwnDescriptors.unsafeClose(epoll)
    }
  }
}

/** The descriptor Node's own event loop waits on in this thread: the one epoll that has the marker in it. */
const findLoop = (marker: number): number | undefined => {
  const isMarked = new RegExp(`^tfd: *${marker} `, "m")
  for (const name of Fs.readdirSync("/proc/self/fd")) {
    try {
      if (!Fs.readlinkSync(`/proc/self/fd/${name}`).includes("[eventpoll]")) continue
      if (isMarked.test(Fs.readFileSync(`/proc/self/fdinfo/${name}`, "latin1"))) return Number(name)
    } catch {}
  }
  return undefined
}

/**
 * A socket of Node's that nobody sends to. The event loop reads it whenever our epoll has something, finds nothing, and ends its
 * wait: its number stands in for that of our epoll.
 */
const acquireMarker = (calls: Calls) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const ends = new Int32Array(2)
      if (calls.pair(1, 1 | closeOnExec | 0o4000, 0, ends) !== 0) return undefined
      const [descriptor = -1, other = -1] = ends
      const options = { buffer: Buffer.alloc(1), callback: () => true }
      const socket = new Net.Socket({
        fd: descriptor,
        readable: true,
        writable: false,
        onread: options
      } as Net.SocketConstructorOpts)
      const peer = new Net.Socket({ fd: other, readable: false, writable: false })
      socket.on("error", () => {}).resume()
      peer.on("error", () => {}).unref()
      return { descriptor, socket, peer }
    }),
    (marker) =>
      Effect.sync(() => {
        marker?.socket.destroy()
        marker?.peer.destroy()
      })
  )

/** Whether a readiness is told at all: that leans on how Node's event loop is made. */
const proves = (calls: Calls, poller: Poller): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const ends = new Int32Array(2)
    if (calls.pair(1, 1 | closeOnExec | 0o4000, 0, ends) !== 0) return resume(Effect.succeed(false))
    const [near = -1, far = -1] = ends
    let isSettled = false
    const settle = (isTold: boolean) => {
      if (isSettled) return
      isSettled = true
      clearTimeout(patience)
      poller.forget(near)
      OwnDescriptors.unsafeClose(near)
      OwnDescriptors.unsafeClose(far)
      resume(Effect.succeed(isTold))
    }
    const patience = setTimeout(() => settle(false), 500)
    poller.watch(near, { unsafeReady: (readable) => (readable ? settle(true) : undefined) }, false)
    // From the pool, so that the event loop has to be woken out of its wait.
    Fs.write(far, Buffer.of(0), () => {})
  })

/**
 * A poller for this thread as long as the scope is open; `None` where FFI is missing, or the event loop turns out to be made otherwise
 * than this needs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Option.Option<Poller>, never, Scope.Scope> = Effect.gen(function* () {
  if (calls === undefined) return Option.none()
  const marker = yield* acquireMarker(calls)
  if (marker === undefined) return Option.none()
  // Node's event loop takes the marker in when it next waits.
  for (let turn = 0; turn < 3; turn++) yield* breathe
  const loop = findLoop(marker.descriptor)
  if (loop === undefined) return Option.none()
  const epoll = calls.create(closeOnExec)
  if (epoll < 0) return Option.none()
  OwnDescriptors.unsafeOwn(epoll)
  const table = makeTable(calls, epoll, (isHeld) => (isHeld ? marker.socket.ref() : marker.socket.unref()))
  yield* Effect.addFinalizer(() => Effect.sync(table.close))
  marker.socket.unref()
  const event = new Uint8Array(stride)
  new DataView(event.buffer).setUint32(0, epollIn, true)
  new DataView(event.buffer).setInt32(dataAt, marker.descriptor, true)
  if (calls.control(loop, add, epoll, event) !== 0) return Option.none()
  return (yield* proves(calls, table.poller)) ? Option.some(table.poller) : Option.none()
})
