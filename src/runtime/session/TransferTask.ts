import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { Event, Outcome } from "../../domain/session/Event.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import type { Upload } from "../storage/Storage.ts"
import * as Begun from "../transfer/Begun.ts"
import * as DataConnection from "../transfer/DataConnection.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Intake } from "../transfer/Request.ts"
import * as Transfer from "../transfer/Transfer.ts"
import type { Actor } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as Quotas from "./Quotas.ts"
import * as Securing from "./Securing.ts"
import * as TransferNews from "./TransferNews.ts"
import * as UploadTerms from "./UploadTerms.ts"

/** What has become of an upload; nothing, for a transfer that is none. */
interface Fate {
  path: VirtualPath
  /** Absent until it has begun. */
  upload: Upload | undefined
}

/** With TLS on top where the session protects its data; the scope drops that too. */
const secured = (actor: Actor, connection: ReturnType<typeof connect>) =>
  Effect.flatMap(connection, (below) =>
    Finalizer.acquire(
      Effect.interruptible(
        Effect.mapError(
          Securing.data(actor, below),
          (cause) => new DataConnection.DataConnectionError({ reason: "Unprotected", cause })
        )
      ),
      (made) => Effect.sync(() => made.unsafeDestroy())
    )
  )

const connect = (lease: Actor["lease"], begun: Begun.Begun | undefined) =>
  begun?._tag === "Announced"
    ? Effect.succeed(begun.connection)
    : lease === undefined
      ? DataConnection.gone
      : DataConnection.of(lease)

/**
 * Runs a transfer over the data connection that was agreed on; answered by `TransferOpened` and `TransferEnded`. Its passive port is
 * given back however it ends, and of an upload that has begun the world hears once what became of it.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeStart = (actor: Actor, action: TransferAction): void => {
  const { mode, payload, representation } = action
  const { begun, house, lease, lodging } = actor
  const progress = begun?.progress ?? Progress.make(house.timers.unsafeNow())
  actor.progress = progress
  const begunUpload = begun?._tag === "Upload" ? begun.upload : undefined
  const isPlaced = begun?._tag === "Upload" && (begun.underway === undefined || begun.connection !== undefined)
  const fate: Fate = { path: payload.path, upload: isPlaced ? begunUpload : undefined }
  const moving = Transfer.run({
    storage: lodging.storage,
    payload,
    representation,
    mode,
    rights: lodging.rights,
    connect: secured(actor, connect(lease, begun)),
    opened: (size, name) => {
      if (begun?._tag === "Announced") return
      actor.unsafeTell({ _tag: "TransferOpened", size, ...(name === undefined ? {} : { name }) })
    },
    begun,
    progress,
    throttle: Limits.throttle(actor, payload._tag === "Upload" ? "upload" : "download", progress),
    unsafeNow: house.timers.unsafeNow,
    unsafeAfter: house.tcp.unsafeAfter,
    intake: intake(actor, fate)
  })
  const ended = (exit: Exit.Exit<Outcome>): Event => {
    lease?.release()
    if (begun !== undefined) Begun.unsafeDrop(begun)
    const outcome = toOutcome(progress, exit)
    const at = house.timers.unsafeNow()
    const { bytes } = progress
    if (fate.upload !== undefined && !progress.committed) {
      const kept = fate.upload.unsafeIsKept()
      house.unsafeTell({
        _tag: "UploadInterrupted",
        ...TransferNews.sessionOf(actor),
        at,
        path: fate.path,
        bytes,
        outcome: nameOf(outcome),
        kept
      })
    }
    TransferNews.unsafeTell(actor, { path: fate.path, kind: TransferNews.kinds[payload._tag], progress, outcome })
    return { _tag: "TransferEnded", outcome }
  }
  actor.lease = undefined
  actor.begun = undefined
  actor.unsafeStart(moving, ended, begunUpload?.release)
}

const intake = (actor: Actor, fate: Fate): Intake => {
  const { house } = actor
  const { chunks, config } = house
  return {
    pool: chunks,
    store: UploadTerms.of(actor),
    largest: Limits.largestUpload(actor),
    unsafeIsDeserted: () => actor.unsafeIsDeserted(),
    needsCloseNotify: config.tlsCloseNotify === "require",
    quota: Quotas.of(actor),
    stored: (path, stored) => TransferNews.unsafeTellStored(actor, path, stored),
    begun: (path, upload) => {
      fate.path = path
      fate.upload = upload
    }
  }
}

const nameOf = (outcome: Outcome): string => (outcome._tag === "Fault" ? outcome.fault : outcome._tag)

/** How a transfer's fiber has ended. @since 0.1.0 @category conversions */
export const toOutcome = (progress: Progress.Progress, exit: Exit.Exit<Outcome>): Outcome => {
  if (Exit.isSuccess(exit)) return exit.value
  if (progress.committed) return { _tag: "Done" }
  if (!Cause.isInterruptedOnly(exit.cause)) return { _tag: "Defect" }
  switch (progress.late) {
    case "NoStorage":
      return { _tag: "Fault", fault: "TimedOut" }
    case "NoConnection":
      return { _tag: "NoConnection", reason: "The data connection did not come in time." }
    case "Stalled":
      return { _tag: "Cut", reason: "The data connection stalled; transfer cut." }
    case undefined:
      return { _tag: "Cancelled" }
  }
}
