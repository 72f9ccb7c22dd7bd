import * as Fs from "node:fs"
import { Effect } from "effect"
import { ffi } from "../../src/runtime/platform/Ffi.ts"

/** One turn of the event loop, so that what the kernel has ready is seen. */
export const turn: Effect.Effect<void> = Effect.async((resume) => {
  setImmediate(() => resume(Effect.void))
})

/** Descriptors this process has open; -1 where that cannot be told. */
export const unsafeCount = (): number => {
  try {
    return Fs.readdirSync("/proc/self/fd").length
  } catch {
    return -1
  }
}

/** Whether a number is an open descriptor's. */
export const unsafeIsOpen = (descriptor: number): boolean => {
  try {
    Fs.fstatSync(descriptor)
    return true
  } catch {
    return false
  }
}

/** Turns the event loop until `settled` holds; the test's own timeout is the limit. */
export const until = (settled: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (settled() ? Effect.void : Effect.zipRight(turn, until(settled))))

/** Turns the event loop until `value` has been the same for many turns. */
export const settled = (value: () => number): Effect.Effect<number> =>
  Effect.gen(function* () {
    let last = value()
    for (let same = 0; same < 100; same++) {
      yield* turn
      if (value() === last) continue
      last = value()
      same = 0
    }
    return last
  })

const numberOfFiles = 7

/** How many descriptors this process may have: `lower` lets it open no more. */
export const unsafeLimit = (): { readonly lower: () => void; readonly restore: () => void } => {
  const getrlimit = ffi?.libc.func("int getrlimit(int, void *)")
  const setrlimit = ffi?.libc.func("int setrlimit(int, void *)")
  const limits = new BigUint64Array(2)
  getrlimit?.(numberOfFiles, limits)
  return {
    lower: () => setrlimit?.(numberOfFiles, BigUint64Array.of(0n, limits[1] ?? 0n)),
    restore: () => setrlimit?.(numberOfFiles, limits)
  }
}
