import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import * as Turns from "../platform/Turns.ts"
import type * as Begun from "../transfer/Begun.ts"
import * as Progress from "../transfer/Progress.ts"
import * as QuickSend from "../transfer/QuickSend.ts"
import type { Actor } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as PooledDownload from "./PooledDownload.ts"
import * as SentDownload from "./SentDownload.ts"

/** Plain bytes of a file, as they lie there: what the kernel does alone. */
const isPlain = ({ mode, payload, representation }: TransferAction, actor: Actor): boolean =>
  payload._tag === "File" &&
  representation === "I" &&
  mode === "S" &&
  actor.state.protection.data === "C" &&
  !Limits.paces(actor, "download")

/**
 * Does a download in this turn, without a fiber, where the file is in the kernel's cache, the client has connected and the kernel takes all
 * of it at once; has the pool do it where it has to come from a disk. Answered by `TransferOpened` and `TransferEnded`. Otherwise answers
 * `false`: what has begun is then in `actor.begun`, for the transfer to go on with, and be it only the file, where the client has not
 * connected or is to be connected to.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { payload } = action
  if (payload._tag !== "File" || !isPlain(action, actor)) return false
  const { house, lease, lodging } = actor
  const opened = lodging.storage.unsafeOpen?.(payload.path)
  if (opened === undefined) return false
  const { file, size } = opened
  const { end = size, offset } = payload
  const length = Math.max(0, Math.min(end, size) - offset)
  if (offset > size) {
    file.unsafeClose()
    return false
  }
  const progress = Progress.make(house.timers.unsafeNow())
  const connection = lease?.unsafeArrived()
  if (connection?.unsafeSendFile === undefined) {
    actor.begun = { _tag: "Found", file, offset, length, progress }
    return false
  }
  const sent = QuickSend.unsafeSend(connection, { file, offset, length })
  if (sent < 0) {
    file.unsafeClose()
    return false
  }
  lease?.unsafeTake()
  actor.lease = undefined
  progress.bytes = sent
  actor.unsafeTell({ _tag: "TransferOpened", size: length })
  const begun: Begun.Download = {
    _tag: "Download",
    connection,
    file,
    offset: offset + sent,
    length: length - sent,
    progress
  }
  if (sent < length) {
    if (PooledDownload.unsafePerform(actor, action, begun)) return true
    actor.begun = begun
    return false
  }
  actor.came = Turns.ofThread.unsafeServed(actor.came, sent)
  SentDownload.unsafeEnd(actor, payload.path, begun)
  return true
}
