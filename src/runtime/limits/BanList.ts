import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AddressBlock from "../../domain/limits/AddressBlock.ts"
import * as Bans from "../../domain/limits/Bans.ts"
import * as BanFile from "./BanFile.ts"

/**
 * The bans of a server, in a file where it has one: they then outlast it, and whoever edits the file lifts and bans.
 *
 * @since 0.1.0
 * @category models
 */
export interface BanList {
  readonly unsafeBan: (block: string, until: number) => void
  /** When a block's ban ends, in milliseconds since the epoch; `undefined` where it has none. */
  readonly unsafeUntil: (block: string, now: number) => number | undefined
  /** Tells of every ban and lift from now on, after those that hold already. */
  readonly unsafeHear: (hearer: Hearer) => void
}

/** Who is to know of bans. @since 0.1.0 @category models */
export interface Hearer {
  readonly ban: (block: string, until: number) => void
  readonly lift: (block: string) => void
}

/**
 * A text that is held somewhere: `undefined` where there is none yet, a change for each time somebody may have replaced it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Held {
  readonly read: Effect.Effect<string | undefined, unknown>
  /** Replaces the text by what is made of it, with nobody else's change lost; not where that fails. */
  readonly update: <E>(change: (text: string | undefined) => Effect.Effect<string, E>) => Effect.Effect<void, unknown>
  readonly changes: Stream.Stream<void, unknown>
}

/**
 * Reads what is held, and then keeps list and file alike for as long as the scope: a ban is written, and what somebody else wrote is
 * taken up. A broken file is logged and left alone, and so is the list.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (held: Held | undefined): Effect.Effect<BanList, never, Scope.Scope> =>
  Effect.gen(function* () {
    const bans = Bans.make()
    const hearers = new Set<Hearer>()
    /** Made here and not written yet: that the file does not know these is no lift. */
    const unwritten = new Map<string, number>()
    const wake = yield* Queue.sliding<void>(1)

    const ban = (block: string, until: number) => {
      bans.ban(block, until)
      for (const hearer of hearers) hearer.ban(block, until)
    }
    const lift = (block: string) => {
      bans.lift(block)
      for (const hearer of hearers) hearer.lift(block)
    }

    /** Makes the list what the file says, but for what it cannot know yet. */
    const adopt = (found: ReadonlyArray<BanFile.Ban>, now: number) => {
      const wanted = new Map(found.map(({ address, until }) => [AddressBlock.of(address), until.getTime()]))
      for (const [block] of bans.all(now)) if (!wanted.has(block) && !unwritten.has(block)) lift(block)
      for (const [block, until] of wanted) {
        if (until > now && bans.until(block, now) !== until && !unwritten.has(block)) ban(block, until)
      }
    }

    const takeUp = (text: string | undefined) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Either.match(BanFile.parse(text ?? ""), {
          onLeft: (problem) => Effect.fail(`the list of bans is broken and is not taken up: ${problem}`),
          onRight: (found) => Effect.sync(() => adopt(found, now))
        })
      )

    const write = (held: Held) =>
      Effect.suspend(() => {
        const writing = new Map(unwritten)
        return held
          .update((text) =>
            Effect.zipRight(
              takeUp(text),
              Effect.map(Clock.currentTimeMillis, (now) =>
                BanFile.render(bans.all(now).map(([address, until]) => ({ address, until: new Date(until) })))
              )
            )
          )
          .pipe(
            Effect.tap(() => {
              for (const [block, until] of writing) if (unwritten.get(block) === until) unwritten.delete(block)
            })
          )
      })

    const synchronize = (held: Held) =>
      Effect.suspend(() => (unwritten.size > 0 ? write(held) : Effect.flatMap(held.read, takeUp))).pipe(
        Effect.catchAllCause((cause) => Effect.logError("bans and their file differ", cause))
      )

    if (held !== undefined) {
      yield* held.changes.pipe(
        Stream.runForEach(() => Queue.offer(wake, undefined)),
        Effect.catchAllCause((cause) => Effect.logError("the list of bans cannot be watched", cause)),
        Effect.forkScoped
      )
      yield* synchronize(held)
      yield* Queue.take(wake).pipe(Effect.zipRight(synchronize(held)), Effect.forever, Effect.forkScoped)
    }

    const clock = yield* Effect.clock
    return {
      unsafeBan: (block, until) => {
        if (held !== undefined && unwritten.size < Bans.capacity) unwritten.set(block, until)
        ban(block, until)
        wake.unsafeOffer(undefined)
      },
      unsafeUntil: bans.until,
      unsafeHear: (hearer) => {
        hearers.add(hearer)
        for (const [block, until] of bans.all(clock.unsafeCurrentTimeMillis())) hearer.ban(block, until)
      }
    }
  })
