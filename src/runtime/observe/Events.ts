import * as Context from "effect/Context"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { Topic } from "./Interest.ts"

/**
 * Where sessions tell what happened. Telling never waits and never fails: an observer that is slow misses events rather than
 * holding up a session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Telling {
  readonly unsafeTell: (event: ServerEvent) => void
  /** Whether it does anything with such; it need not be told of others. What a host answers never changes. Absent: all. */
  readonly unsafeWants?: (topic: Topic) => boolean
}

/** A host that says nothing wants to hear nothing. @since 0.1.0 @category tags */
export class Events extends Context.Reference<Events>()("weft/Events", {
  defaultValue: (): Telling => ({ unsafeTell: () => {}, unsafeWants: () => false })
}) {}
