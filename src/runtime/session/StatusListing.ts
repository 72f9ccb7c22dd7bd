import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { Entry } from "../../domain/Entry.ts"
import * as Listing from "../../domain/Listing.ts"
import * as Reply from "../../domain/Reply.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as ListingText from "../transfer/ListingText.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"

/**
 * Lists a path as inner lines of a 213 reply, no faster than the client reads them; answered by `StatusListed`.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeList = (actor: Actor, path: VirtualPath.VirtualPath): void => {
  const { control, house, lodging } = actor
  const now = house.timers.unsafeNow()
  if (unsafeListShort(actor, path, now)) return
  const progress = Progress.make(now)
  actor.progress = progress
  const moved = () => {
    progress.movedAt = house.timers.unsafeNow()
  }
  const line = Listing.long(now)
  const say = (entries: Iterable<Entry>) => {
    for (const entry of entries) control.unsafeSay(Reply.inner(line(entry)))
    control.unsafeFlush()
    return Effect.map(actor.caughtUp, moved)
  }
  let begun = false
  const listed = Effect.flatMap(
    Effect.suspend(() => lodging.storage.stat(path)),
    (entry) => {
      begun = true
      moved()
      control.unsafeSay(Reply.begin(213, `Status of ${VirtualPath.quote(path)}`))
      const entries =
        entry.kind === "directory" ? ListingText.list(lodging.storage, path, lodging.rights) : Stream.make(entry)
      return Stream.runForEachChunk(entries, say).pipe(
        Effect.match({ onSuccess: () => "Whole" as const, onFailure: () => "CutShort" as const })
      )
    }
  )
  actor.unsafeStart(
    Effect.catchAll(listed, ({ reason }) => Effect.succeed(reason)),
    (exit) => ({
      _tag: "StatusListed",
      ended: Exit.getOrElse(exit, () =>
        begun ? ("CutShort" as const) : progress.late === undefined ? ("Io" as const) : ("TimedOut" as const)
      )
    })
  )
}

/** In this turn, where the directory is short and nothing has to be waited for. */
const unsafeListShort = (actor: Actor, path: VirtualPath.VirtualPath, now: number): boolean => {
  const { control, lodging } = actor
  const entries = control.unsafeIsBehind() ? undefined : ListingText.unsafeList(lodging.storage, path, lodging.rights)
  if (entries === undefined) return false
  const line = Listing.long(now)
  control.unsafeSay(Reply.begin(213, `Status of ${VirtualPath.quote(path)}`))
  for (const entry of entries) control.unsafeSay(Reply.inner(line(entry)))
  actor.unsafeTell({ _tag: "StatusListed", ended: "Whole" })
  return true
}
