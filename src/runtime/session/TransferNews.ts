import type { Payload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Stored } from "../storage/Storage.ts"
import type { Progress } from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"

/**
 * Whom an event is about.
 *
 * @since 0.1.0
 * @category getters
 */
export const sessionOf = (actor: Actor) => ({
  session: actor.client.id,
  peer: actor.state.settings.peer,
  account: actor.state.account?.name ?? ""
})

/**
 * What the world calls a transfer of each kind.
 *
 * @since 0.1.0
 * @category constants
 */
export const kinds: { readonly [P in Payload["_tag"]]: "download" | "listing" | "upload" } = {
  File: "download",
  Listing: "listing",
  Facts: "listing",
  Upload: "upload"
}

/**
 * Tells the world of a file that has its name.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeTellStored = (actor: Actor, path: VirtualPath, { digest, size }: Stored): void =>
  actor.house.unsafeTell({
    _tag: "UploadCompleted",
    ...sessionOf(actor),
    at: actor.house.timers.unsafeNow(),
    path,
    size,
    ...(digest === undefined ? {} : { digest })
  })

/**
 * Tells the world once how a transfer has ended.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeTell = (
  actor: Actor,
  transfer: {
    readonly path: VirtualPath
    readonly kind: (typeof kinds)[keyof typeof kinds]
    readonly progress: Progress
    readonly outcome: Outcome
  }
): void => {
  const { kind, outcome, path, progress } = transfer
  const at = actor.house.timers.unsafeNow()
  actor.house.unsafeTell({
    _tag: "TransferEnded",
    ...sessionOf(actor),
    at,
    path,
    kind,
    bytes: progress.bytes,
    milliseconds: at - progress.startedAt,
    outcome: outcome._tag
  })
}
