import * as Fs from "node:fs"
import * as Disk from "./Disk.ts"
import type { OwnedPlace } from "./Root.ts"

/**
 * Waits until what was done to the names of directories is on the disk, once for all who wait for the same directory: one sync serves whoever
 * asked before it began, and who comes later waits for the next. Each hears whether the disk has confirmed it; file systems that cannot tell are
 * taken at their word.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settling {
  readonly unsafeSettle: (place: OwnedPlace, done: (isConfirmed: boolean) => void) => void
}

interface Waiter {
  readonly place: OwnedPlace
  readonly done: (isConfirmed: boolean) => void
}

/**
 * Makes one for a storage. `fsync` is Node's.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (fsync: typeof Fs.fsync = Fs.fsync): Settling => {
  /** Those who wait for the next sync of a directory, while one is under way. */
  const next = new Map<string, Array<Waiter>>()

  const sync = ({ place: { descriptor } }: Waiter, done: Waiter["done"]): void =>
    fsync(descriptor.fd, (error) => done(error === null || Disk.cannotTell.has(error.code)))

  const begin = (directory: string, first: Waiter, others: ReadonlyArray<Waiter>): void => {
    next.set(directory, [])
    sync(first, (isConfirmed) => {
      const [then, ...rest] = next.get(directory) ?? []
      if (then === undefined) next.delete(directory)
      else begin(directory, then, rest)
      first.done(isConfirmed)
      for (const other of others) other.done(isConfirmed)
    })
  }

  return {
    unsafeSettle: (place, done) => {
      const isHeld = place.descriptor.hold()
      const waiter: Waiter = {
        place,
        done: (isConfirmed) => {
          if (isHeld) place.descriptor.release()
          done(isConfirmed)
        }
      }
      const directory = place.look("")?.unique
      const waiting = directory === undefined ? undefined : next.get(directory)
      if (directory === undefined) sync(waiter, waiter.done)
      else if (waiting === undefined) begin(directory, waiter, [])
      else waiting.push(waiter)
    }
  }
}
