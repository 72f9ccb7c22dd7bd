import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Gathering from "../../domain/Gathering.ts"
import type { Processors } from "../platform/Processors.ts"

/** Between two looks, while there is something to do and while there is not. */
const period = "50 millis"
const leisure = "250 millis"

/** In processors. Who uses less has nothing to gather, and the rest is not asked for. */
const light = 0.3

/**
 * Looks at the processors for as long as the scope is open, and says on how many of the shards the sessions are to be at work. Where the
 * system does not tell what is idle, that is all of them for ever.
 *
 * @since 0.1.0
 * @category constructors
 */
export const watch = (options: {
  readonly processors: Processors
  readonly shards: number
  /** Commands heard so far; of that number 32 bits. */
  readonly unsafeHeard: () => number
  readonly unsafeGather: (open: number) => void
}): Effect.Effect<void, never, Scope.Scope> => {
  const { processors, shards, unsafeGather, unsafeHeard } = options
  if (shards < 2 || processors.unsafeIdle() === undefined) return Effect.void
  return Effect.gen(function* () {
    let gathering = Gathering.spread(shards)
    let last = { at: 0, used: processors.unsafeUsed(), idle: undefined as number | undefined, heard: unsafeHeard() }
    const look = Effect.flatMap(Clock.currentTimeNanos, (nanos) => {
      const at = Number(nanos / 1000n) / 1000
      const elapsed = at - last.at
      const used = processors.unsafeUsed()
      const share = (used - last.used) / elapsed
      const idle = share < light ? undefined : processors.unsafeIdle()
      const before = last
      const heard = unsafeHeard()
      last = { at, used, idle, heard }
      const { open } = gathering
      // The first of several periods has nothing to be compared with.
      if (idle !== undefined && before.idle === undefined) return Effect.void
      const reading =
        idle === undefined || before.idle === undefined
          ? undefined
          : {
              used: share,
              idle: (idle - before.idle) / elapsed,
              heard: (1000 * ((heard - before.heard) >>> 0)) / elapsed
            }
      gathering = Gathering.next(gathering, shards, reading)
      if (gathering.open === open) return Effect.void
      unsafeGather(gathering.open)
      return Effect.logDebug(`sessions are at work on ${gathering.open} of ${shards} shards`)
    })
    const wait = Effect.suspend(() => Effect.sleep(last.idle === undefined ? leisure : period))
    yield* wait.pipe(Effect.zipRight(look), Effect.forever, Effect.interruptible, Effect.forkScoped)
  })
}
