import * as Channel from "effect/Channel"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/**
 * Gives the next elements each time it is run, and `undefined` once there are no more.
 *
 * @since 0.1.0
 * @category models
 */
export type Pull<A, E> = Effect.Effect<Chunk.Chunk<A> | undefined, E>

type Source<A, E> = Channel.Channel<Chunk.Chunk<A>, unknown, E, unknown, unknown, unknown>

const repeat = <A, E>(pull: Pull<A, E>): Source<A, E> => {
  const next: Source<A, E> = Channel.flatMap(Channel.fromEffect(pull), (chunk) =>
    chunk === undefined ? Channel.void : Channel.flatMap(Channel.write(chunk), () => next)
  )
  return next
}

/**
 * A stream that opens its source when it is first asked for an element, pulls only when asked for more, and closes the source's
 * scope however it ends. It does what `Stream.fromPull` does for about half the price of a stream and of a chunk,
 * which counts when most files are small.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stream = <A, E>(open: Effect.Effect<Pull<A, E>, E, Scope.Scope>): Stream.Stream<A, E> =>
  Stream.fromChannel(
    Channel.acquireUseRelease(
      Scope.make(),
      (scope) => Channel.flatMap(Channel.fromEffect(Scope.extend(open, scope)), repeat),
      (scope, exit) => Scope.close(scope, exit)
    )
  )

/**
 * The other way round: pulls from a stream as long as the scope is open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStream = <A, E>(stream: Stream.Stream<A, E>): Effect.Effect<Pull<A, E>, never, Scope.Scope> =>
  Effect.map(Stream.toPull(stream), (pull) =>
    Effect.catchAll(pull, Option.match({ onNone: () => Effect.succeed(undefined), onSome: Effect.fail }))
  )

/**
 * Does something with every element, asking for the next chunk only when it is done with the last.
 *
 * @since 0.1.0
 * @category combinators
 */
export const forEach = <A, E, E2>(
  pull: Pull<A, E>,
  use: (a: A) => Effect.Effect<void, E2>
): Effect.Effect<void, E | E2> => {
  const next: Effect.Effect<void, E | E2> = Effect.flatMap(pull, (chunk) => {
    if (chunk === undefined) return Effect.void
    const used = chunk.length === 1 ? use(Chunk.unsafeHead(chunk)) : Effect.forEach(chunk, use, { discard: true })
    return Effect.zipRight(used, next)
  })
  return next
}
