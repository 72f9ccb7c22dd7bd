import * as Effect from "effect/Effect"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import { Events, type Telling } from "../observe/Events.ts"
import * as Interest from "../observe/Interest.ts"

const capacity = 1024

/**
 * Where the events of all sessions come together: for the host's own `Events`, if it has any, and for whoever reads the stream.
 *
 * @since 0.1.0
 * @category models
 */
export interface EventHub extends Required<Telling> {
  readonly stream: Stream.Stream<ServerEvent>
  /** What of all that host and readers want, for other threads; see `Interest`. */
  readonly interest: SharedArrayBuffer
}

/** @since 0.1.0 @category constructors */
export const make: Effect.Effect<EventHub, never, Scope.Scope> = Effect.gen(function* () {
  const host = yield* Events
  const hub = yield* Effect.acquireRelease(PubSub.sliding<ServerEvent>(capacity), PubSub.shutdown)
  const shared = Interest.make((topic) => host.unsafeWants?.(topic) !== false)
  const interest = Interest.of(shared)
  const reading = Effect.acquireRelease(Effect.sync(interest.unsafeEnter), () => Effect.sync(interest.unsafeLeave))
  return {
    unsafeWants: interest.unsafeWants,
    unsafeTell: (event) => {
      if (host.unsafeWants?.(event._tag) !== false) host.unsafeTell(event)
      if (interest.unsafeReaders() > 0) hub.unsafeOffer(event)
    },
    stream: Stream.unwrapScoped(Effect.as(reading, Stream.fromPubSub(hub))),
    interest: shared
  }
})
