/**
 * How fast a session may hear commands: after a pause as many at once as in a second, and no more a second than that. At rate 0 it never
 * says no.
 *
 * @since 0.1.0
 * @category models
 */
export class CommandRate {
  /** Commands that may wait to be heard: what is heard in ten seconds. More than that is no client that is merely in a hurry. */
  readonly patience: number
  readonly #interval: number
  /** Until when the commands heard are paid for, in milliseconds. */
  #paid = Number.NEGATIVE_INFINITY

  /** `rate` is in commands a second. */
  constructor(rate: number) {
    this.patience = rate === 0 ? Number.POSITIVE_INFINITY : 10 * rate
    this.#interval = rate === 0 ? 0 : 1000 / rate
  }

  /** Whether it asks for the time at all. */
  get isLimited(): boolean {
    return this.#interval > 0
  }

  /** Milliseconds until the next command may be heard. */
  unsafeWait(now: number): number {
    if (this.#interval === 0) return 0
    // More than this is never owed: the clock was set back.
    if (this.#paid > now + this.#interval) this.#paid = now
    return Math.max(0, this.#paid + this.#interval - now)
  }

  /** A command was heard. */
  unsafePay(now: number): void {
    if (this.#interval > 0) this.#paid = Math.max(this.#paid, now - 1000) + this.#interval
  }
}
