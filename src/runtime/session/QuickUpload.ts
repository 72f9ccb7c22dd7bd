import { nothing } from "../../domain/limits/Quotas.ts"
import type { Action, Upload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import { unsafeNow } from "../platform/EventLoop.ts"
import type { Connection, Reader } from "../platform/Tcp.ts"
import type { PromptUpload, Stored } from "../storage/Storage.ts"
import type * as Begun from "../transfer/Begun.ts"
import * as Hindsight from "../transfer/Hindsight.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor, Errand } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as Quotas from "./Quotas.ts"
import * as TransferNews from "./TransferNews.ts"
import * as UploadTerms from "./UploadTerms.ts"

type TransferAction = Extract<Action, { readonly _tag: "Transfer" }>

const done: Outcome = { _tag: "Done" }

/** Read without a copy, and of no use to anybody once it is stored, so one does for all uploads of a thread. No `Buffer`: its `slice` copies nothing. */
const passage = new Uint8Array(256 * 1024)

/** A whole file, as its bytes come and as fast as they come, from a client that has connected. */
const isPlain = ({ data, mode, payload, representation }: TransferAction, actor: Actor): boolean =>
  payload._tag === "Upload" &&
  payload.how === "Replace" &&
  payload.offset === 0 &&
  representation === "I" &&
  mode === "S" &&
  data._tag === "Passive" &&
  actor.state.protection.data === "C" &&
  Limits.largestUpload(actor) === Number.POSITIVE_INFINITY &&
  !Quotas.areLimited(actor) &&
  !Limits.paces(actor, "upload")

/**
 * Begins an upload in this turn, and stores it without a fiber, where no disk has to be waited for and the client has connected; answered by
 * `TransferOpened` and `TransferEnded`. Otherwise answers `false`, and nothing has begun.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { payload } = action
  if (payload._tag !== "Upload" || !isPlain(action, actor)) return false
  const { lease, lodging } = actor
  const connection = lease?.unsafeArrived()
  if (connection?.unsafeForgetInput === undefined) return false
  const { create, path, replace } = payload
  const upload = lodging.storage.unsafeStore?.(path, { offset: 0, create, replace, ...UploadTerms.of(actor) })
  if (upload === undefined) return false
  lease?.unsafeTake()
  actor.lease = undefined
  actor.unsafeTell({ _tag: "TransferOpened", size: undefined })
  const errand = new Receiving(actor, action, payload, connection, upload)
  actor.errand = errand
  actor.progress = errand.progress
  connection.read(errand)
  return true
}

/** Stores what comes in the turn it comes. Whatever is more than that, it leaves to a fiber. */
class Receiving implements Reader, Errand {
  readonly progress: Progress.Progress
  readonly #actor: Actor
  readonly #action: TransferAction
  readonly #payload: Upload
  readonly #connection: Connection
  readonly #upload: PromptUpload
  readonly #begunAt = unsafeNow()
  #isWhole = false
  #rest: Uint8Array | undefined = undefined
  #isOver = false
  #calledOff = () => {}

  constructor(actor: Actor, action: TransferAction, payload: Upload, connection: Connection, upload: PromptUpload) {
    this.#actor = actor
    this.#action = action
    this.#payload = payload
    this.#connection = connection
    this.#upload = upload
    this.progress = Progress.make(actor.house.timers.unsafeNow())
    this.progress.phase = "Moving"
    this.progress.unsafeIsWhole = () => this.#isWhole
  }

  unsafeRoom(): Uint8Array {
    return passage
  }

  unsafeReceive(socket: number): number | undefined {
    if (this.#isOver) return undefined
    const moved = this.#upload.unsafeReceive?.(socket)
    if (moved === undefined) return undefined
    if (moved.taken > 0) this.#count(moved.taken)
    if (moved.left !== undefined) this.#leave(moved.left)
    return moved.taken
  }

  onData(bytes: Uint8Array): void {
    this.#count(bytes.length)
    const stored = this.#isOver ? 0 : (this.#upload.unsafeWrite?.(bytes) ?? 0)
    if (stored < bytes.length) this.#leave(bytes.slice(stored))
  }

  onEnd(): void {
    this.#isWhole = true
    if (this.#isOver) return
    if (this.#actor.unsafeIsDeserted()) this.unsafeHandOver()
    else this.#lookBack()
  }

  #lookBack(): void {
    const left = Hindsight.unsafeLeft({ begunAt: this.#begunAt, endedAt: unsafeNow() })
    this.#calledOff = this.#actor.house.tcp.unsafeAfter(left, () => this.#finish())
  }

  onClose(): void {
    this.unsafeHandOver()
  }

  unsafeHandOver(): void {
    if (this.#isOver) return
    this.#end()
    const { progress } = this
    const [connection, upload] = [this.#connection, this.#upload]
    connection.pause()
    const unsafeReplay: Begun.Upload["unsafeReplay"] = (reader) => {
      if (this.#rest !== undefined) reader.onData(this.#rest)
      if (this.#isWhole) reader.onEnd()
    }
    this.#actor.begun = { _tag: "Upload", connection, upload, progress, unsafeReplay }
    this.#actor.unsafeResume(this.#action)
  }

  #count(bytes: number): void {
    this.progress.bytes += bytes
    this.progress.movedAt = this.#actor.house.timers.unsafeNow()
  }

  /** It is counted again by who stores it. */
  #leave(rest: Uint8Array): void {
    this.progress.bytes -= rest.length
    this.#rest = this.#rest === undefined ? rest : Buffer.concat([this.#rest, rest])
    this.unsafeHandOver()
  }

  #end(): void {
    this.#isOver = true
    this.#calledOff()
    this.#actor.errand = undefined
  }

  #finish(): void {
    const stored = this.#actor.unsafeIsDeserted() ? undefined : this.#upload.unsafeCommit()
    if (stored === undefined) this.unsafeHandOver()
    else this.#succeed(stored)
  }

  #succeed(stored: Stored): void {
    this.#end()
    const actor = this.#actor
    const { progress } = this
    const { path } = this.#payload
    const { replaced, size } = stored
    actor.progress = undefined
    progress.committed = true
    this.#connection.unsafeDestroy()
    const changed = { bytes: size - (replaced ?? 0), files: replaced === undefined ? 1 : 0 }
    Quotas.of(actor).unsafeSettle({ reserved: nothing, changed })
    TransferNews.unsafeTellStored(actor, path, stored)
    TransferNews.unsafeTell(actor, { path, kind: "upload", progress, outcome: done })
    actor.unsafeTell({ _tag: "TransferEnded", outcome: done })
  }
}
