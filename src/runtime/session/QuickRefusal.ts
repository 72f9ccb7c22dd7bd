import * as Either from "effect/Either"
import type { Entry } from "../../domain/Entry.ts"
import type { FileFault } from "../../domain/FileFault.ts"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as TransferNews from "./TransferNews.ts"

const faultOf = (found: Either.Either<Entry, FileFault>): FileFault | undefined => {
  if (Either.isLeft(found)) return found.left
  const { kind } = found.right
  return kind === "file" ? undefined : kind === "directory" ? "IsADirectory" : "NotAFile"
}

/**
 * Refuses a download in this turn, without a fiber, where storage can tell by now that the name leads to no file; answered by
 * `TransferEnded`. Otherwise answers `false`, and nothing has begun.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, { payload }: TransferAction): boolean => {
  if (payload._tag !== "File" || actor.begun !== undefined) return false
  const { house, lease, lodging } = actor
  const found = lodging.storage.unsafeStat?.(payload.path)
  const fault = found && faultOf(found)
  if (fault === undefined) return false
  lease?.release()
  actor.lease = undefined
  const outcome: Outcome = { _tag: "Fault", fault }
  const progress = Progress.make(house.timers.unsafeNow())
  TransferNews.unsafeTell(actor, { path: payload.path, kind: "download", progress, outcome })
  actor.unsafeTell({ _tag: "TransferEnded", outcome })
  return true
}
