import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import * as Text from "../../domain/Text.ts"
import type { Connection } from "../platform/Tcp.ts"
import * as FileText from "../transfer/FileText.ts"
import * as ListingText from "../transfer/ListingText.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as TransferNews from "./TransferNews.ts"
import * as TransferTask from "./TransferTask.ts"

const { EAGAIN } = Os.constants.errno

/** What is sent, where it takes no time to have it. */
const unsafeText = (actor: Actor, { payload, representation }: TransferAction, now: number): Uint8Array | undefined => {
  const { rights, storage } = actor.lodging
  switch (payload._tag) {
    case "Upload":
      return undefined
    case "File":
      return representation === "A" ? FileText.unsafeText(storage, payload) : undefined
    case "Listing":
    case "Facts": {
      const text = ListingText.unsafeText(storage, payload, { now, rights })
      return text === undefined ? undefined : Text.encode(text)
    }
  }
}

/**
 * Sends a short listing, or a small file in TYPE A, in this turn where no disk has to be waited for, nor the client; answered by
 * `TransferOpened` and `TransferEnded`. Otherwise answers `false`, and nothing has begun. Only where the kernel does not take all of it, it
 * takes a fiber.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { mode, payload } = action
  const { house, lease, state } = actor
  if (mode !== "S" || state.protection.data !== "C" || Limits.paces(actor, "download")) return false
  if (lease?.unsafeIsAtHand() !== true) return false
  const now = house.timers.unsafeNow()
  const bytes = unsafeText(actor, action, now)
  const connection = bytes && lease.unsafeArrived()
  if (bytes === undefined || connection?.unsafeWriteLast === undefined) return false
  lease.unsafeTake()
  actor.lease = undefined
  actor.unsafeTell({ _tag: "TransferOpened", size: undefined })
  const kind = TransferNews.kinds[payload._tag]
  const sent = bytes.length === 0 ? 0 : connection.unsafeWriteLast(bytes)
  const progress = Progress.make(now)
  progress.bytes = Math.max(0, sent)
  const ended = (outcome: Outcome) => {
    connection.unsafeDestroy()
    TransferNews.unsafeTell(actor, { path: payload.path, kind, progress, outcome })
    return { _tag: "TransferEnded", outcome } as const
  }
  if (sent < bytes.length && (sent >= 0 || sent === -EAGAIN)) {
    unsafeFinish(actor, { connection, rest: Uint8Array.from(bytes.subarray(progress.bytes)), progress, ended })
    return true
  }
  // The kernel sends the end behind the bytes it has taken.
  connection.unsafeForgetInput?.()
  actor.unsafeTell(ended(sent < 0 ? Outcomes.broken : Outcomes.done))
  return true
}

interface Rest {
  readonly connection: Connection
  readonly rest: Uint8Array
  readonly progress: Progress.Progress
  readonly ended: (outcome: Outcome) => { readonly _tag: "TransferEnded"; readonly outcome: Outcome }
}

const unsafeFinish = (actor: Actor, { connection, ended, progress, rest }: Rest): void => {
  progress.phase = "Moving"
  progress.unsafeUndelivered = () => connection.unsafeUndelivered()
  actor.progress = progress
  const written = Effect.map(connection.write(rest), () => {
    progress.bytes += rest.length
  })
  const finished = Effect.zipRight(written, connection.end)
  actor.unsafeStart(
    Effect.match(finished, { onSuccess: () => Outcomes.done, onFailure: () => Outcomes.broken }),
    (exit) => ended(TransferTask.toOutcome(progress, exit))
  )
}
