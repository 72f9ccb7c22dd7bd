/**
 * Bytes that a long transfer is sent at once while it may have to wait for others; who was sent fewer is none of them, for bytes are not
 * what it lacks.
 *
 * @since 0.1.0
 * @category constants
 */
export const portion = 256 * 1024

/** As much as is sent at once of one file: regulars take their turns in files, and no more than that is lost by it. */
const file = 4 * portion

/** How many times what a regular gets a long transfer may have. */
const lead = 2

/** Milliseconds for which the next question of a regular is awaited. */
const patience = 2

/** Milliseconds. Who comes for a file in two of these that follow one another is a regular. */
const period = 25

/**
 * Milliseconds on a clock that only runs forwards, and an alarm that rings once, in one to two of them, unless what it answers is called
 * before.
 *
 * @since 0.1.0
 * @category models
 */
export interface Clock {
  readonly now: () => number
  readonly alarm: (ring: () => void) => () => void
}

interface Held {
  readonly due: number
  readonly release: (due: number) => void
}

/**
 * Who of a thread's downloads has to wait for whom. A regular is a session that fetches one file after the other, each of which the kernel
 * takes at once: between two of them there is nothing to send it, and all there is would be a long transfer's. So, while a regular is
 * about to ask again, a long transfer that has had {@link lead} times a regular's bytes is held until they have caught up. When the
 * alarm rings before, it is sent a {@link portion} until it is held again.
 *
 * @since 0.1.0
 * @category models
 */
export class Turns {
  readonly #clock: Clock
  /** Bytes that all regulars together were sent. */
  #served = 0
  /** How many they are: as many as came in the last period, or more that have come in this one. */
  #regulars = 0
  #come = 0
  #period = 0
  #periodFrom = Number.NEGATIVE_INFINITY
  #lastServed = Number.NEGATIVE_INFINITY
  #held: Array<Held> = []
  /** When the first of those who are held is due. */
  #earliest = Number.POSITIVE_INFINITY
  #silence: (() => void) | undefined = undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The kernel took a whole file at once. Takes the period in which the session last came, 0 at first, and answers the one to keep. */
  unsafeServed(came: number, bytes: number): number {
    if (bytes < portion) return came
    const now = this.#clock.now()
    if (now - this.#periodFrom >= period) this.#begin(now)
    // Who comes once in a while on a slow line makes nobody wait.
    if (came > 0 && came >= this.#period - 1) this.#lastServed = now
    if (came !== this.#period) this.#come += 1
    this.#regulars = Math.max(this.#regulars, this.#come)
    this.#served += bytes
    if (this.#served > this.#earliest) this.#catchUp()
    return this.#period
  }

  /** Whether a regular is about to ask for its next file. */
  unsafeIsAwaiting(): boolean {
    return this.#regulars > 0 && this.#clock.now() - this.#lastServed <= patience
  }

  /** When a transfer that was due at `due` is due once it has been sent so many bytes more, by the bytes that regulars were sent. */
  unsafeDue(due: number, bytes: number): number {
    return Math.max(due, this.#start) + this.#share * bytes
  }

  /** Whether a transfer that is due then has to wait; `release` hears when it need not any longer, and when it is due from then on. */
  unsafeHolds(due: number, release: (due: number) => void): boolean {
    if (due < this.#served) return false
    this.#hold({ due, release })
    this.#silence ??= this.#clock.alarm(() => this.#forgive())
    return true
  }

  /** What all regulars together have to be sent for each byte of a long transfer. */
  get #share(): number {
    return this.#regulars / lead
  }

  /** When one is due that owes nothing. */
  get #start(): number {
    return this.#served - Math.max(this.#share * portion, file)
  }

  #begin(now: number): void {
    const follows = now - this.#periodFrom < 2 * period
    this.#regulars = follows ? this.#come : 0
    this.#come = 0
    this.#period += follows ? 1 : 2
    this.#periodFrom = now
  }

  #hold(held: Held): void {
    this.#held.push(held)
    this.#earliest = Math.min(this.#earliest, held.due)
  }

  #take(): Array<Held> {
    const held = this.#held
    this.#held = []
    this.#earliest = Number.POSITIVE_INFINITY
    return held
  }

  #catchUp(): void {
    for (const held of this.#take()) {
      if (held.due < this.#served) held.release(held.due)
      else this.#hold(held)
    }
    if (this.#held.length > 0) return
    this.#silence?.()
    this.#silence = undefined
  }

  /** The others did not catch up in time: what is owed is not asked for any more, or a transfer would be held on and on. */
  #forgive(): void {
    this.#silence = undefined
    for (const { release } of this.#take()) release(this.#start)
  }
}

const alarm: Clock["alarm"] = (ring) => {
  const timer = setTimeout(ring, 1)
  return () => clearTimeout(timer)
}

/** Those of this thread. @since 0.1.0 @category constructors */
export const ofThread = new Turns({ now: () => performance.now(), alarm })
