import * as Effect from "effect/Effect"

/**
 * Lets one at a time change what has a name, so that each learns what it took the place of. Two names may share a lock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Locks {
  readonly locked: (name: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Nobody has the name's lock or waits for it: what is done in this turn is done alone. */
  readonly unsafeIsFree: (name: string) => boolean
}

const stripes = 64

const slotOf = (name: string): number => {
  let sum = 0
  for (let index = 0; index < name.length; index++) sum = (sum * 31 + name.charCodeAt(index)) >>> 0
  return sum % stripes
}

/**
 * Makes locks for one storage.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): Locks => {
  const semaphores = Array.from({ length: stripes }, () => Effect.unsafeMakeSemaphore(1))
  const users = semaphores.map(() => 0)
  const count = (slot: number, change: number) =>
    Effect.sync(() => {
      users[slot] = (users[slot] ?? 0) + change
    })
  return {
    locked: (name) => {
      const slot = slotOf(name)
      return (effect) =>
        Effect.acquireUseRelease(
          count(slot, 1),
          () => semaphores[slot]?.withPermits(1)(effect) ?? effect,
          () => count(slot, -1)
        )
    },
    unsafeIsFree: (name) => users[slotOf(name)] === 0
  }
}
