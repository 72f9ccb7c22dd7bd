/** How often it is asked whether anything has come: for some 25 microseconds. */
const looks = 128

/** Where more were told than these, they come in crowds, which share the cost of a wake-up, and need the processor themselves. */
const few = 8

/** Sleeps from one try to the next at most. */
const most = 1024

/**
 * Whether a thread looks out a moment longer before it sleeps. To be woken takes a processor longer than a client on the same host takes
 * to answer, so that pays while clients answer at once. Where it did not pay, it is tried again after twice as many sleeps, and costs
 * nothing in the end.
 *
 * @since 0.1.0
 * @category models
 */
export class Lookout {
  /** From one try to the next, in sleeps. */
  #pause = 1
  #left = 0

  /** Whether to look out before this sleep, after so many were `told` something that they may answer; to be asked once for each. */
  unsafeIsDue(told: number): boolean {
    if (told === 0 || told > few) return false
    if (this.#left === 0) return true
    this.#left -= 1
    return false
  }

  /** Looks out until something `hasCome`, but not for long. */
  unsafeLook(hasCome: () => boolean): void {
    let left = looks
    while (left > 0 && !hasCome()) left -= 1
    this.#pause = left > 0 ? 1 : Math.min(2 * this.#pause, most)
    this.#left = this.#pause - 1
  }
}
