/**
 * A client's place in a pool: a slot (`granted`), a place in the queue, or none (`refused`).
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly granted: boolean
  readonly refused: boolean
  /** Says what to do when a waiting place becomes a slot; done at once if it has become one already. */
  readonly onTurn: (act: () => void) => void
  /** Gives up what is held; a slot goes to whoever waits longest. Once. */
  readonly leave: () => void
}

/**
 * Slots, and those who wait for one, served in the order they came.
 *
 * @since 0.1.0
 * @category models
 */
export interface Places {
  readonly enter: () => Place
  /** A slot for who has had one elsewhere, at once, also where all are taken. */
  readonly enterAtOnce: () => Place
  readonly free: () => number
  readonly waiting: () => number
}

/**
 * Places with all of its slots free and nobody waiting.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (slots: number, queue: number): Places => {
  const waiting = new Set<Standing>()
  let free = slots

  const giveBack = () => {
    const [next] = waiting
    if (next === undefined || free < 0) {
      free++
      return
    }
    waiting.delete(next)
    next.grant()
  }

  return {
    enter: () => {
      if (free > 0) {
        free--
        return new Standing(true, false, giveBack)
      }
      if (waiting.size >= queue) return new Standing(false, true, () => {})
      const place: Standing = new Standing(false, false, () => {
        if (place.granted) giveBack()
        else waiting.delete(place)
      })
      waiting.add(place)
      return place
    },
    enterAtOnce: () => {
      free--
      return new Standing(true, false, giveBack)
    },
    free: () => free,
    waiting: () => waiting.size
  }
}

class Standing implements Place {
  granted: boolean
  readonly refused: boolean
  readonly #giveUp: () => void
  #act: (() => void) | undefined
  #left = false

  constructor(granted: boolean, refused: boolean, giveUp: () => void) {
    this.granted = granted
    this.refused = refused
    this.#giveUp = giveUp
  }

  grant(): void {
    this.granted = true
    this.#act?.()
  }

  onTurn(act: () => void): void {
    if (this.granted) act()
    else this.#act = act
  }

  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#giveUp()
  }
}
