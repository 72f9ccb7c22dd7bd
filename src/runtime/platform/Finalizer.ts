import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"

/**
 * As `Effect.addFinalizer`, at a tenth of its price: the finalizer sees the fiber refs of who closes the scope, and those of who added it
 * are neither kept nor compared.
 *
 * @since 0.1.0
 * @category resources
 */
export const add = (finalizer: Effect.Effect<unknown>): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, finalizer))

/**
 * As `Effect.acquireRelease`, with a finalizer of {@link add}.
 *
 * @since 0.1.0
 * @category resources
 */
export const acquire = <A, E, R>(
  acquire: Effect.Effect<A, E, R>,
  release: (acquired: A) => Effect.Effect<unknown>
): Effect.Effect<A, E, R | Scope.Scope> =>
  Effect.uninterruptible(Effect.tap(acquire, (acquired) => add(release(acquired))))
