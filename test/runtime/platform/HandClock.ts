import type { Clock } from "../../../src/runtime/platform/Turns.ts"

/** A clock that stands still and rings when it is told to. */
export class HandClock implements Clock {
  time = 1000
  wasSet = false
  #ring: (() => void) | undefined = undefined

  readonly now = (): number => this.time

  readonly alarm = (ring: () => void): (() => void) => {
    this.wasSet = true
    this.#ring = ring
    return () => {
      if (this.#ring === ring) this.#ring = undefined
    }
  }

  get isSet(): boolean {
    return this.#ring !== undefined
  }

  ring(): void {
    const ring = this.#ring
    this.#ring = undefined
    ring?.()
  }
}
