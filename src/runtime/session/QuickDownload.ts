import * as Os from "node:os"
import type { Action } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import type { Descriptor } from "../platform/Descriptor.ts"
import * as PageCache from "../platform/PageCache.ts"
import type { Connection } from "../platform/Tcp.ts"
import * as Turns from "../platform/Turns.ts"
import * as Begun from "../transfer/Begun.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as TransferNews from "./TransferNews.ts"

const { EAGAIN } = Os.constants.errno

type TransferAction = Extract<Action, { readonly _tag: "Transfer" }>

/** Bytes that are sent before other sessions have their turn. */
const quick = 1024 * 1024

const done: Outcome = { _tag: "Done" }

interface Part {
  readonly file: Descriptor
  readonly offset: number
  readonly length: number
}

/** Plain bytes of a file, as they lie there, to a client that has connected: what the kernel does alone. */
const isPlain = ({ data, mode, payload, representation }: TransferAction, actor: Actor): boolean =>
  payload._tag === "File" &&
  representation === "I" &&
  mode === "S" &&
  data._tag === "Passive" &&
  actor.state.protection.data === "C" &&
  !Limits.paces(actor, "download")

/**
 * Does a download in this turn, without a fiber, where the file is in the kernel's cache, the client has connected and the kernel takes all
 * of it at once; answered by `TransferOpened` and `TransferEnded`. Otherwise answers `false`: what has begun is then in `actor.begun`, for
 * the transfer to go on with.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { payload } = action
  if (payload._tag !== "File" || !isPlain(action, actor)) return false
  const { house, lease, lodging } = actor
  const connection = lease?.unsafeArrived()
  if (connection?.unsafeSendFile === undefined) return false
  const opened = lodging.storage.unsafeOpen?.(payload.path)
  if (opened === undefined) return false
  const { file, size } = opened
  const { end = size, offset } = payload
  const length = Math.max(0, Math.min(end, size) - offset)
  const sent = offset > size ? -1 : send(connection, { file, offset, length: Math.min(length, quick) })
  if (sent < 0) {
    file.unsafeClose()
    return false
  }
  lease?.unsafeTake()
  actor.lease = undefined
  const progress = Progress.make(house.timers.unsafeNow())
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
    actor.begun = begun
    return false
  }
  actor.came = Turns.ofThread.unsafeServed(actor.came, sent)
  connection.unsafeForgetInput?.()
  // The kernel sends the end behind the bytes it has taken.
  Begun.unsafeDrop(begun)
  TransferNews.unsafeTell(actor, { path: payload.path, kind: "download", progress, outcome: done })
  actor.unsafeTell({ _tag: "TransferEnded", outcome: done })
  return true
}

/** How many bytes went out; below 0 where none ever will this way. */
const send = (connection: Connection, part: Part): number => {
  const { length } = part
  if (length === 0) return 0
  const sent = (length <= PageCache.portion ? sendLast : sendFile)(connection, part)
  return sent === -EAGAIN ? 0 : sent
}

const sendLast = (connection: Connection, { file, length, offset }: Part): number =>
  connection.unsafeSendLast?.(file.fd, offset, length) ?? -1

const sendFile = (connection: Connection, { file, length, offset }: Part): number =>
  PageCache.has(file.fd, offset, length) ? (connection.unsafeSendFile?.(file.fd, offset, length) ?? -1) : 0
