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
  #among = 0
  #asked = 0

  /** Commands are counted in the first word of `heard`, which turns over. */
  constructor(heard: Int32Array, unsafeLeave: (one: A) => void) {
    this.#heard = heard
    this.unsafeLeave = unsafeLeave
  }

  /** A command was heard. No other thread writes there. */
  unsafeCount(): void {
    this.#heard[0] = ((this.#heard[0] ?? 0) + 1) | 0
  }

  /** Of so many sessions one is to go; 0 where all shall stay. */
  unsafeWish(every: number): void {
    this.#among = every
    this.#asked = 0
    this.wish += 1
  }

  /** Whether a session that could go shall; to be asked once for each wish. */
  unsafeTakes(): boolean {
    return this.#among > 0 && ++this.#asked % this.#among === 0
  }
}
