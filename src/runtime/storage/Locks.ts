import * as Effect from "effect/Effect"

/**
 * Lets one at a time change what has a name, so that each learns what it took the place of. Two names may share a lock.
 *
 * @since 0.1.0
 * @category models
 */
export type Locks = (name: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

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
  return (name) => semaphores[slotOf(name)]?.withPermits(1) ?? ((effect) => effect)
}
