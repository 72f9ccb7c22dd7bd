import type { VirtualPath } from "../../domain/VirtualPath.ts"
import * as Begun from "../transfer/Begun.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import type { Actor } from "./Actor.ts"
import * as TransferNews from "./TransferNews.ts"

/**
 * Ends a download of which the kernel has taken all: it sends the end behind the bytes. Answered by `TransferEnded`.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeEnd = (actor: Actor, path: VirtualPath, begun: Begun.Download): void => {
  begun.connection.unsafeForgetInput?.()
  Begun.unsafeDrop(begun)
  TransferNews.unsafeTell(actor, { path, kind: "download", progress: begun.progress, outcome: Outcomes.done })
  actor.unsafeTell({ _tag: "TransferEnded", outcome: Outcomes.done })
}
