import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { FromShard } from "./ShardProtocol.ts"

/**
 * What a shard tells the main thread, in order. Events of one turn of its event loop go in one message.
 *
 * @since 0.1.0
 * @category models
 */
export interface ShardOutbox {
  readonly unsafeTell: (event: ServerEvent) => void
  /** Sends a message at once, behind the events before it. */
  readonly unsafePost: (message: Exclude<FromShard, { readonly _tag: "Events" }>) => void
  /** Sends the events that wait. */
  readonly unsafeFlush: () => void
}

/** What the client knows of its upload once it has the reply is not left waiting in a thread that may die. */
const isUrgent = ({ _tag }: ServerEvent) => _tag === "UploadCompleted" || _tag === "UploadInterrupted"

/** Nothing waits. `atTurnEnd` calls back once, after what the loop is about now. @since 0.1.0 @category constructors */
export const make = (
  post: (message: FromShard) => void,
  atTurnEnd: (act: () => void) => void = setImmediate
): ShardOutbox => {
  let events: Array<ServerEvent> = []
  let isAwaited = false

  const unsafeFlush = () => {
    if (events.length === 0) return
    const taken = events
    events = []
    post({ _tag: "Events", events: taken })
  }

  const onTurnEnd = () => {
    isAwaited = false
    unsafeFlush()
  }

  return {
    unsafeTell: (event) => {
      events.push(event)
      if (isUrgent(event)) return unsafeFlush()
      if (isAwaited) return
      isAwaited = true
      atTurnEnd(onTurnEnd)
    },
    unsafePost: (message) => {
      unsafeFlush()
      post(message)
    },
    unsafeFlush
  }
}
