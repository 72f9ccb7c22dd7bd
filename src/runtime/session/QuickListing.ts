import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import * as Text from "../../domain/Text.ts"
import type { Connection } from "../platform/Tcp.ts"
import * as ListingText from "../transfer/ListingText.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as TransferNews from "./TransferNews.ts"
import * as TransferTask from "./TransferTask.ts"

const { EAGAIN } = Os.constants.errno

/**
 * Lists a short directory in this turn where no disk has to be waited for and the client has connected; answered by `TransferOpened` and
 * `TransferEnded`. Otherwise answers `false`, and nothing has begun. Only where the kernel does not take all of it, it takes a fiber.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { data, mode, payload } = action
  if (payload._tag === "File" || payload._tag === "Upload") return false
  const { house, lease, lodging, state } = actor
  const isPlain = mode === "S" && data._tag === "Passive" && state.protection.data === "C"
  if (!isPlain || Limits.paces(actor, "download")) return false
  const connection = lease?.unsafeArrived()
  if (connection?.unsafeWriteLast === undefined) return false
  const now = house.timers.unsafeNow()
  const text = ListingText.unsafeText(lodging.storage, payload, { now, rights: lodging.rights })
  if (text === undefined) return false
  lease?.unsafeTake()
  actor.lease = undefined
  actor.unsafeTell({ _tag: "TransferOpened", size: undefined })
  const bytes = Text.encode(text)
  const sent = bytes.length === 0 ? 0 : connection.unsafeWriteLast(bytes)
  const progress = Progress.make(now)
  progress.bytes = Math.max(0, sent)
  const ended = (outcome: Outcome) => {
    connection.unsafeDestroy()
    TransferNews.unsafeTell(actor, { path: payload.path, kind: "listing", progress, outcome })
    return { _tag: "TransferEnded", outcome } as const
  }
  if (sent < bytes.length && (sent >= 0 || sent === -EAGAIN)) {
    unsafeFinish(actor, { connection, rest: bytes.subarray(progress.bytes), progress, ended })
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
