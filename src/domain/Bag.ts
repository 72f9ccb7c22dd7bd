/**
 * What was added to a bag, for it to be taken out again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry<A> {
  readonly item: A
  /** Where the bag has it; -1 once it is out. */
  at: number
}

/**
 * A collection, in no order, of what comes and goes thousands of times a second. A `Set` that is used so keeps V8's minor collections from
 * freeing what was in it: each table that it outgrows refers to the next.
 *
 * @since 0.1.0
 * @category models
 */
export class Bag<A> {
  readonly #entries: Array<Entry<A>> = []

  get size(): number {
    return this.#entries.length
  }

  add(item: A): Entry<A> {
    const entry = { item, at: this.#entries.length }
    this.#entries.push(entry)
    return entry
  }

  /** Harmless when repeated. */
  remove(entry: Entry<A>): void {
    if (entry.at < 0) return
    const last = this.#entries.pop()
    if (last !== undefined && last !== entry) {
      this.#entries[entry.at] = last
      last.at = entry.at
    }
    entry.at = -1
  }

  /** What is in it now. */
  items(): ReadonlyArray<A> {
    return this.#entries.map(({ item }) => item)
  }
}
