import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Bell from "./Bell.ts"
import { type Epoll, epollCalls, events } from "./Epoll.ts"
import { breathe } from "./EventLoop.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import * as Poller from "./Poller.ts"

/** The descriptor Node's own event loop waits on in this thread: the one epoll that has the bell in it. */
const findLoop = (bell: number): number | undefined => {
  const hasBell = new RegExp(`^tfd: *${bell} `, "m")
  for (const name of Fs.readdirSync("/proc/self/fd")) {
    try {
      if (!Fs.readlinkSync(`/proc/self/fd/${name}`).includes("[eventpoll]")) continue
      if (hasBell.test(Fs.readFileSync(`/proc/self/fdinfo/${name}`, "latin1"))) return Number(name)
    } catch {}
  }
  return undefined
}

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
  const bell = Option.getOrUndefined(yield* Bell.acquire(calls))
  if (bell === undefined) return Option.none()
  // Node's event loop takes the bell in when it next waits.
  for (let turn = 0; turn < 3; turn++) yield* breathe
  const loop = findLoop(bell.descriptor)
  if (loop === undefined) return Option.none()
  const epoll = calls.create()
  if (epoll < 0) return Option.none()
  OwnDescriptors.unsafeOwn(epoll)
  const table = Poller.unsafeMake(calls, epoll, bell.hold, () => calls.isReady(loop))
  bell.ring = table.turn
  yield* Effect.addFinalizer(() => Effect.sync(table.close))
  if (calls.add(loop, epoll, events.in, bell.descriptor, 0) !== 0) return Option.none()
  return (yield* proves(calls, table.poller)) ? Option.some(table.poller) : Option.none()
})
