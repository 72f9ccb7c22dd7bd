import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as FileSystem from "./FileSystem.ts"
import * as Finalizer from "./Finalizer.ts"
import * as NodeCall from "./NodeCall.ts"

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

/**
 * A descriptor that something is written through: a disk may tell only at its closing that what was written is lost.
 *
 * @since 0.1.0
 * @category models
 */
export interface Written extends Descriptor {
  /** Closes before the scope does, once no call uses the number; the scope then finds nothing left to close. */
  readonly close: Effect.Effect<void, NodeCall.SystemError>
}

/** Nothing was written through these descriptors, or nobody cares any more, so a failing close loses nothing. */
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

  /** Hands the number over to be closed elsewhere; -1 while a call uses it, or where there is none. */
  const take = (): number => {
    if (users > 0) return -1
    const last = fd
    closing = true
    fd = -1
    return last
  }

  return { descriptor, keep, close, take }
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
  Finalizer.acquire(
    Effect.sync(() => make(unsafeClose)),
    (self) => self.close
  ).pipe(
    Effect.tap((self) => open(self.keep)),
    Effect.map((self) => self.descriptor)
  )

/**
 * A descriptor whose owner closes it by `unsafeClose`, once no system call uses the number any more.
 *
 * @since 0.1.0
 * @category models
 */
export interface Owned extends Descriptor {
  readonly unsafeClose: () => void
}

/**
 * One that something is written through, to a disk.
 *
 * @since 0.1.0
 * @category models
 */
export interface Growing extends Owned, Written {
  /** Hands the number over to be closed elsewhere; -1 where there is none, and while a call uses it, behind which it is closed here. */
  readonly unsafeYield: () => number
}

class Opened implements Owned {
  fd: number
  readonly #unsafeClose: (fd: number) => void
  #users = 0
  #isClosing = false

  constructor(fd: number, unsafeClose: (fd: number) => void) {
    this.fd = fd
    this.#unsafeClose = unsafeClose
  }

  hold(): boolean {
    if (this.#isClosing) return false
    this.#users += 1
    return true
  }

  release(): void {
    this.#users -= 1
    if (this.#isClosing && this.#users === 0) this.#close()
  }

  unsafeClose(): void {
    if (this.#isClosing) return
    this.#isClosing = true
    if (this.#users === 0) this.#close()
  }

  #close(): void {
    const last = this.fd
    this.fd = -1
    this.#unsafeClose(last)
  }

  unsafeYield(): number {
    if (this.#users > 0 || this.#isClosing) {
      this.unsafeClose()
      return -1
    }
    const last = this.fd
    this.#isClosing = true
    this.fd = -1
    return last
  }
}

/** Opened by Node. */
class OpenedOnDisk extends Opened implements Growing {
  constructor(fd: number) {
    super(fd, closeQuietly)
  }

  get close(): Effect.Effect<void, NodeCall.SystemError> {
    return Effect.suspend(() => {
      const last = this.unsafeYield()
      return last < 0 ? Effect.void : NodeCall.call<void>((done) => Fs.close(last, (error) => done(error ?? null)))
    })
  }
}

class OpenedToWrite extends Opened implements Written {
  get close(): Effect.Effect<void> {
    return Effect.sync(() => this.unsafeClose())
  }
}

/**
 * Takes over a descriptor that was opened in this turn and may be closed in it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeOwned = (fd: number, unsafeClose: (fd: number) => void): Owned => new Opened(fd, unsafeClose)

/**
 * The same for one that something was written through that no disk has to keep.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeWritten = (fd: number, unsafeClose: (fd: number) => void): Owned & Written =>
  new OpenedToWrite(fd, unsafeClose)

/**
 * The same for one that `node:fs` has opened on a disk, which may tell at its closing that something is lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeWrittenOnDisk = (fd: number): Growing => new OpenedOnDisk(fd)

const closeNow = (fd: number): Effect.Effect<void, NodeCall.SystemError> =>
  Effect.try({ try: () => Fs.closeSync(fd), catch: (error) => error as NodeCall.SystemError })

const closeLoudly = (self: ReturnType<typeof make>): Effect.Effect<void, NodeCall.SystemError> =>
  Effect.suspend(() => {
    const last = self.take()
    return last < 0 ? Effect.void : NodeCall.call<void>((done) => Fs.close(last, (error) => done(error ?? null)))
  })

/**
 * Keeps a descriptor that was opened for writing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const written = (fd: number): Effect.Effect<Written, never, Scope.Scope> =>
  Finalizer.acquire(
    Effect.sync(() => {
      const self = make(closeQuietly)
      self.keep(fd)
      return self
    }),
    (self) => Effect.zipRight(Effect.ignore(closeLoudly(self)), self.close)
  ).pipe(
    Effect.map((self) => ({
      get fd() {
        return self.descriptor.fd
      },
      hold: self.descriptor.hold,
      release: self.descriptor.release,
      close: Effect.suspend(() => {
        if (!FileSystem.isInMemory(self.descriptor.fd)) return closeLoudly(self)
        const last = self.take()
        return last < 0 ? Effect.void : closeNow(last)
      })
    }))
  )
