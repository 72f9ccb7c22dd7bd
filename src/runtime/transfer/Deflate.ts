import * as Zlib from "node:zlib"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/**
 * What came is not what MODE Z says it is: `Broken` is no deflate data, `Truncated` ends too early, `Trailing` goes on after its end.
 *
 * @since 0.1.0
 * @category errors
 */
export class DeflateError extends Schema.TaggedError<DeflateError>()("DeflateError", {
  reason: Schema.Literal("Broken", "Truncated", "Trailing")
}) {}

/**
 * Bytes go in, and what becomes of them comes out to whoever uses it; nothing more is made before that has been used.
 *
 * @since 0.1.0
 * @category models
 */
export interface Engine {
  readonly feed: <E>(bytes: Uint8Array, use: Use<E>) => Effect.Effect<void, E | DeflateError>
  /** Nothing more goes in; what is left comes out. */
  readonly finish: <E>(use: Use<E>) => Effect.Effect<void, E | DeflateError>
}

/** @since 0.1.0 @category models */
export type Use<E> = (bytes: Uint8Array) => Effect.Effect<void, E>

type Transform = Zlib.Deflate | Zlib.Inflate

const reasonOf = (error: NodeJS.ErrnoException): DeflateError["reason"] =>
  error.code === "Z_BUF_ERROR" ? "Truncated" : "Broken"

/** Node's transforms keep their promises when asked piece by piece: work stops at a full buffer and goes on when that is read. */
const drive = (transform: Transform): Engine => {
  let error: DeflateError | undefined
  let ended = false
  let taken = true
  let fed = 0
  let wake: (() => void) | undefined
  const stir = () => {
    const woken = wake
    wake = undefined
    woken?.()
  }
  transform.on("readable", stir)
  transform.on("end", () => {
    ended = true
    stir()
  })
  transform.on("error", (cause) => {
    error = new DeflateError({ reason: reasonOf(cause) })
    stir()
  })

  const pump = <E>(isDone: () => boolean, use: Use<E>): Effect.Effect<void, E | DeflateError> =>
    Effect.suspend(() => {
      const bytes = transform.read() as Buffer | null
      if (bytes !== null) return Effect.zipRight(use(bytes), pump(isDone, use))
      if (error !== undefined) return Effect.fail(error)
      if (ended && transform.bytesWritten < fed) return Effect.fail(new DeflateError({ reason: "Trailing" }))
      if (isDone()) return Effect.void
      return Effect.zipRight(
        Effect.async<void>((resume) => {
          wake = () => resume(Effect.void)
          return Effect.sync(() => {
            wake = undefined
          })
        }),
        pump(isDone, use)
      )
    })

  return {
    feed: (bytes, use) =>
      Effect.suspend(() => {
        taken = false
        fed += bytes.length
        transform.write(bytes, () => {
          taken = true
          stir()
        })
        return pump(() => taken, use)
      }),
    finish: (use) =>
      Effect.suspend(() => {
        transform.end()
        return pump(() => ended, use)
      })
  }
}

const scoped = (make: () => Transform): Effect.Effect<Engine, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Effect.sync(make), (transform) =>
      Effect.sync(() => {
        transform.destroy()
      })
    ),
    drive
  )

/** Makes deflate data in the zlib format (draft-preston-ftpext-deflate). @since 0.1.0 @category constructors */
export const deflate: Effect.Effect<Engine, never, Scope.Scope> = scoped(() =>
  Zlib.createDeflate({ chunkSize: 64 * 1024 })
)

/** Reads deflate data in the zlib format. @since 0.1.0 @category constructors */
export const inflate: Effect.Effect<Engine, never, Scope.Scope> = scoped(() =>
  Zlib.createInflate({ chunkSize: 64 * 1024 })
)
