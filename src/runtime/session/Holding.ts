import type { Actor, Errand } from "./Actor.ts"

const ignore = () => {}

/**
 * An errand with all that it works with, until that is over: then it holds nothing. V8 has come to put such objects among the old ones, and
 * what those hold is not collected before they are.
 *
 * @since 0.1.0
 * @category models
 */
export abstract class Holding<Work extends { readonly actor: Actor }> implements Errand {
  #work: Work | undefined
  #callOff = ignore

  constructor(work: Work) {
    this.#work = work
  }

  abstract unsafeHandOver(): void

  /** Nothing, once it is over. */
  protected get work(): Work | undefined {
    return this.#work
  }

  /** Calls after so many milliseconds, unless it is over by then; in place of what was to be called before. */
  protected unsafeWait({ actor }: Work, milliseconds: number, call: () => void): void {
    this.#callOff()
    this.#callOff = actor.house.tcp.unsafeAfter(milliseconds, call)
  }

  /** It is over: what it worked with belongs to the caller, and it is nobody's errand any more. */
  protected unsafeEnd(): Work | undefined {
    const work = this.#work
    if (work === undefined) return undefined
    this.#work = undefined
    this.#callOff()
    this.#callOff = ignore
    work.actor.errand = undefined
    return work
  }
}
