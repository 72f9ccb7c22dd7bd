/** @since 0.1.0 @category constants */
export const sharedBytes = 4

/**
 * Whether those who need no password are welcome right now, in memory that all threads share: a thread that does not know the accounts
 * knows by it whether it may let them in. Who takes new accounts up sets it in the same step, before anybody can hear of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Door {
  readonly unsafeIsOpen: () => boolean
  readonly unsafeSet: (open: boolean) => void
}

/** What the memory says, whoever wrote it; fresh memory is a door that is shut. @since 0.1.0 @category constructors */
export const of = (shared: SharedArrayBuffer): Door => {
  const word = new Int32Array(shared)
  return {
    unsafeIsOpen: () => Atomics.load(word, 0) === 1,
    unsafeSet: (open) => void Atomics.store(word, 0, open ? 1 : 0)
  }
}
