import * as Channel from "effect/Channel"
import type * as Chunk from "effect/Chunk"
import type * as Effect from "effect/Effect"
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
