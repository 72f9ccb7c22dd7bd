import * as Context from "effect/Context"
import type { ServerEvent } from "../../domain/ServerEvent.ts"

/**
 * Where sessions tell what happened. Telling never waits and never fails: an observer that is slow misses events rather than
 * holding up a session.
 *
 * @since 0.1.0
 * @category tags
 */
export class Events extends Context.Reference<Events>()("weft/Events", {
  defaultValue: () => ({ unsafeTell: (_event: ServerEvent): void => {} })
}) {}
