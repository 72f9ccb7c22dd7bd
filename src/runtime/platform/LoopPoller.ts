import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type Epoll, epollCalls, events } from "./Epoll.ts"
import { breathe } from "./EventLoop.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import * as Poller from "./Poller.ts"

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
const acquireMarker = (calls: Epoll) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const ends = calls.pair()
      if (ends === undefined) return undefined
      const [descriptor, other] = ends
      const options = { buffer: Buffer.alloc(1), callback: () => true }
      const socket = new Net.Socket({
        fd: descriptor,
        readable: true,
        writable: false,
        onread: options
      } as Net.SocketConstructorOpts)
      const peer = new Net.Socket({ fd: other, readable: false, writable: false })
      socket
        .on("error", () => {})
        .resume()
        .unref()
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
const proves = (calls: Epoll, poller: Poller.Poller): Effect.Effect<boolean> =>
  Effect.async<boolean>((resume) => {
    const ends = calls.pair()
    if (ends === undefined) return resume(Effect.succeed(false))
    const [near, far] = ends
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
export const make: Effect.Effect<Option.Option<Poller.Poller>, never, Scope.Scope> = Effect.gen(function* () {
  const calls = epollCalls
  if (calls === undefined) return Option.none()
  const marker = yield* acquireMarker(calls)
  if (marker === undefined) return Option.none()
  // Node's event loop takes the marker in when it next waits.
  for (let turn = 0; turn < 3; turn++) yield* breathe
  const loop = findLoop(marker.descriptor)
  if (loop === undefined) return Option.none()
  const epoll = calls.create()
  if (epoll < 0) return Option.none()
  OwnDescriptors.unsafeOwn(epoll)
  const table = Poller.unsafeMake(calls, epoll, (isHeld) => (isHeld ? marker.socket.ref() : marker.socket.unref()))
  yield* Effect.addFinalizer(() => Effect.sync(table.close))
  if (calls.add(loop, epoll, events.in, marker.descriptor, 0) !== 0) return Option.none()
  return (yield* proves(calls, table.poller)) ? Option.some(table.poller) : Option.none()
})
