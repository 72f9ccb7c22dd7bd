import type { After } from "./EventLoop.ts"
import { type Ffi, ffi } from "./Ffi.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import type { Poller } from "./Poller.ts"

interface Alarm {
  readonly due: number
  readonly call: () => void
}

const monotonic = 1
const closeOnExecNonBlocking = 0o2000000 | 0o4000

/** The kernel reads here, by an address that the garbage collector knows nothing of: so it stays for as long as the module. */
const setting = new BigInt64Array(4)

const declare = ({ koffi, libc }: Ffi) => {
  const create = libc.func("int timerfd_create(int, int)")
  const settime = libc.func("timerfd_settime", "int", ["int", "int", "uintptr_t", "uintptr_t"])
  const address = Number(koffi.address(setting))
  return {
    create: (): number => create(monotonic, closeOnExecNonBlocking),
    /** In milliseconds from now. */
    set: (timer: number, wait: number): void => {
      const nanoseconds = Math.max(1, Math.round(wait * 1e6))
      setting[2] = BigInt(Math.floor(nanoseconds / 1e9))
      setting[3] = BigInt(nanoseconds % 1e9)
      settime(timer, 0, address, 0)
    }
  }
}

const calls = (() => {
  try {
    return ffi && declare(ffi)
  } catch {
    return undefined
  }
})()

/**
 * Alarms of a thread by a timerfd(2) among what its poller watches, since timers of Node's know no fractions of a millisecond. A call comes
 * after all that was ready when it was due has been told. `undefined` where the system has none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (poller: Poller): { readonly after: After; readonly close: () => void } | undefined => {
  const timer = calls?.create() ?? -1
  if (calls === undefined || timer < 0) return undefined
  OwnDescriptors.unsafeOwn(timer)
  const { set } = calls
  /** The earliest first. */
  const alarms: Array<Alarm> = []

  const ring = (): void => {
    const now = performance.now()
    try {
      // One by one: a call may call off what is due with it.
      for (let first = alarms[0]; first !== undefined && first.due <= now; first = alarms[0]) {
        alarms.shift()
        first.call()
      }
    } finally {
      // Also where one of them has thrown.
      if (alarms[0] !== undefined) set(timer, alarms[0].due - performance.now())
    }
  }

  const close = (): void => {
    poller.forget(timer)
    OwnDescriptors.unsafeClose(timer)
  }

  if (!poller.watch(timer, { unsafeReady: () => poller.later(ring) }, false)) {
    close()
    return undefined
  }
  return {
    close,
    after: (milliseconds, call) => {
      const alarm = { due: performance.now() + milliseconds, call }
      const later = alarms.findIndex(({ due }) => due > alarm.due)
      if (later < 0) alarms.push(alarm)
      else alarms.splice(later, 0, alarm)
      if (alarms[0] === alarm) set(timer, milliseconds)
      return () => {
        const index = alarms.indexOf(alarm)
        if (index >= 0) alarms.splice(index, 1)
      }
    }
  }
}
