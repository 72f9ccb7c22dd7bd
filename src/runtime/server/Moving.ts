/**
 * How many of a shard's sessions that are at work are to stay: `stay` of each `of`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Share {
  readonly stay: number
  readonly of: number
}

/**
 * Sessions that go for one wish: a crowd costs more on its way than it gains, and what it does as a few of it go tells that.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 256

/**
 * The wish that sessions of a shard go on in another one. It reaches those whose clients are at work, each when it is next at rest, and no
 * others: who is silent costs no shard anything.
 *
 * @since 0.1.0
 * @category models
 */
export class Moving<A> {
  /** A new number for each wish. */
  wish = 0
  /** The session goes, and belongs to the other shard from now on. */
  readonly unsafeLeave: (one: A) => void
  readonly #heard: Int32Array
  #of = 1
  #stay = 1
  #asked = 0
  #left = 0

  /** Commands are counted in the first word of `heard`, which turns over. */
  constructor(heard: Int32Array, unsafeLeave: (one: A) => void) {
    this.#heard = heard
    this.unsafeLeave = unsafeLeave
  }

  /** A command was heard. No other thread writes there. */
  unsafeCount(): void {
    this.#heard[0] = ((this.#heard[0] ?? 0) + 1) | 0
  }

  /** Of each `of` sessions so many are to stay, and the others to go. */
  unsafeWish({ of, stay }: Share): void {
    this.#of = of
    this.#stay = stay
    this.#asked = 0
    this.#left = most
    this.wish += 1
  }

  /** Whether a session that could go shall; to be asked once for each wish. */
  unsafeTakes(): boolean {
    const isWanted = this.#left > 0 && this.#asked++ % this.#of >= this.#stay
    if (isWanted) this.#left -= 1
    return isWanted
  }
}
