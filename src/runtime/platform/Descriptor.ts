import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * A file descriptor that belongs to a scope and is closed exactly once, when the scope has closed and no system call uses the
 * number any more. So a late read can never hit another file that was given the same number.
 *
 * @since 0.1.0
 * @category models
 */
export interface Descriptor {
  readonly fd: number
  /** Announces a system call on `fd` that outlives this turn; `false` once the scope has closed. */
  readonly hold: () => boolean
  /** Ends what one successful `hold` began. */
  readonly release: () => void
}

/** Nothing was written through these descriptors, so a failing close loses nothing. */
const closeQuietly = (fd: number) => {
  try {
    Fs.closeSync(fd)
  } catch {}
}

const make = (unsafeClose: (fd: number) => void) => {
  let fd = -1
  let users = 0
  let closing = false
  let closed = () => {}

  const closeNow = () => {
    const last = fd
    fd = -1
    if (last >= 0) unsafeClose(last)
    closed()
  }

  const descriptor: Descriptor = {
    get fd() {
      return fd
    },
    hold: () => {
      if (closing) return false
      users += 1
      return true
    },
    release: () => {
      users -= 1
      if (closing && users === 0) closeNow()
    }
  }

  const keep = (opened: number) => {
    if (closing) unsafeClose(opened)
    else fd = opened
  }

  const close = Effect.async<void>((resume) => {
    closing = true
    closed = () => resume(Effect.void)
    if (users === 0) closeNow()
  })

  return { descriptor, keep, close }
}

/**
 * Opens a descriptor in the scope. `open` hands the number to `keep` in the very callback that receives it, so that an
 * interruption at any moment leaves nothing open; after the scope has closed, `keep` closes what it is given. `unsafeClose` is for
 * what `node:fs` did not open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const scoped = <E, R>(
  open: (keep: (fd: number) => void) => Effect.Effect<void, E, R>,
  unsafeClose: (fd: number) => void = closeQuietly
): Effect.Effect<Descriptor, E, R | Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => make(unsafeClose)),
    (self) => self.close
  ).pipe(
    Effect.tap((self) => open(self.keep)),
    Effect.map((self) => self.descriptor)
  )
