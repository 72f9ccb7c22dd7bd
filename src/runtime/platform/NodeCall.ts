import * as Os from "node:os"
import * as Effect from "effect/Effect"

/**
 * An error of the operating system as `node:fs` shapes it: `code` is the errno's name, such as `ENOENT`.
 *
 * @since 0.1.0
 * @category errors
 */
export type SystemError = NodeJS.ErrnoException

/**
 * Runs one callback call of `node:fs`, so that neither a promise nor the event loop stands in its way. An interrupted caller
 * no longer hears of the result: what the call opens must be kept by the call's own callback (see `Descriptor`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const call = <A>(
  run: (done: (error: SystemError | null, value: A) => void) => void
): Effect.Effect<A, SystemError> =>
  Effect.async((resume) => {
    try {
      run((error, value) => resume(error === null ? Effect.succeed(value) : Effect.fail(error)))
    } catch (error) {
      resume(Effect.fail(error as SystemError))
    }
  })

/** Where two names share a number, such as EAGAIN and EWOULDBLOCK, the first one counts, as it does in libuv. */
const names = new Map(
  Object.entries(Os.constants.errno)
    .reverse()
    .map(([name, errno]) => [errno, name])
)

/**
 * Gives an errno that came back from FFI the shape of a `node:fs` error; `errno` is positive.
 *
 * @since 0.1.0
 * @category constructors
 */
export const systemError = (errno: number, syscall: string): SystemError => {
  const code = names.get(errno) ?? `E${errno}`
  return Object.assign(new Error(`${code}: ${syscall}`), { code, errno: -errno, syscall })
}
