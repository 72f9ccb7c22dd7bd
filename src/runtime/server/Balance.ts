import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Gathering from "../../domain/Gathering.ts"
import { type Processors, processors } from "../platform/Processors.ts"

/** Between two looks, while there is something to do and while there is not. */
const period = "50 millis"
const leisure = "250 millis"

/** In processors. Who uses less has nothing to gather, and the rest is not asked for. */
const light = 0.3

/**
 * The shards, as far as sessions are dealt to them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Crew {
  readonly shards: number
  /** Commands heard so far, by all of them; of that number 32 bits. */
  readonly unsafeHeard: () => number
  /** See `Shards`. */
  readonly unsafeGather: (open: number) => void
}

/** What was read when, in milliseconds; `idle` only while there is something to do. */
interface Look {
  readonly at: number
  readonly used: number
  readonly idle: number | undefined
  readonly heard: number
}

const since = (before: Look, now: Look): Gathering.Reading | undefined => {
  if (before.idle === undefined || now.idle === undefined) return undefined
  const elapsed = now.at - before.at
  return {
    idle: (now.idle - before.idle) / elapsed,
    used: (now.used - before.used) / elapsed,
    heard: (1000 * ((now.heard - before.heard) >>> 0)) / elapsed
  }
}

/**
 * Looks at the processors for as long as the scope is open, and gathers sessions or spreads them as `Gathering` says. Where the system does
 * not tell what is idle, all shards are open for ever.
 *
 * @since 0.1.0
 * @category constructors
 */
export const watch = (
  { shards, unsafeGather, unsafeHeard }: Crew,
  { unsafeIdle, unsafeUsed }: Processors = processors
): Effect.Effect<void, never, Scope.Scope> => {
  if (shards < 2 || unsafeIdle() === undefined) return Effect.void
  let gathering = Gathering.spread(shards)
  let last: Look | undefined

  const look = (at: number): Look => {
    const used = unsafeUsed()
    const isLight = last === undefined || used - last.used < light * (at - last.at)
    return { at, used, idle: isLight ? undefined : unsafeIdle(), heard: unsafeHeard() }
  }

  const go = Effect.flatMap(Clock.currentTimeNanos, (nanos) => {
    const before = last
    const now = look(Number(nanos / 1000n) / 1000)
    last = now
    if (before === undefined) return Effect.void
    const { open } = gathering
    gathering = Gathering.next(gathering, shards, since(before, now))
    if (gathering.open === open) return Effect.void
    unsafeGather(gathering.open)
    return Effect.logDebug(`sessions are at work on ${gathering.open} of ${shards} shards`)
  })

  const rest = Effect.suspend(() => Effect.sleep(last?.idle === undefined ? leisure : period))
  return Effect.asVoid(Effect.forkScoped(Effect.interruptible(Effect.forever(Effect.zipRight(go, rest)))))
}
