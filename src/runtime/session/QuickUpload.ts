import { nothing } from "../../domain/limits/Quotas.ts"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import { unsafeNow } from "../platform/EventLoop.ts"
import type { Connection, Reader } from "../platform/Tcp.ts"
import type { PromptUpload, Stored } from "../storage/Storage.ts"
import type * as Begun from "../transfer/Begun.ts"
import * as Hindsight from "../transfer/Hindsight.ts"
import { passage } from "../transfer/Intake.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import * as Progress from "../transfer/Progress.ts"
import * as Quota from "../transfer/Quota.ts"
import type { Actor, Errand } from "./Actor.ts"
import * as Limits from "./Limits.ts"
import * as Quotas from "./Quotas.ts"
import * as TransferNews from "./TransferNews.ts"
import * as TransferTask from "./TransferTask.ts"
import * as UploadTerms from "./UploadTerms.ts"

/** A whole file, as its bytes come and as fast as they come, from a client that has connected. */
const isPlain = ({ data, mode, payload, representation }: TransferAction, actor: Actor): boolean =>
  payload._tag === "Upload" &&
  payload.how !== "Unique" &&
  payload.offset === 0 &&
  payload.resumes !== true &&
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
  const { create, how, path, replace } = payload
  const offset = how === "Append" ? "end" : 0
  const upload = lodging.storage.unsafeStore?.(path, { offset, create, replace, ...UploadTerms.of(actor) })
  if (upload === undefined) return false
  lease?.unsafeTake()
  actor.lease = undefined
  actor.unsafeTell({ _tag: "TransferOpened", size: undefined })
  const errand = new Receiving({ actor, action, connection, path, upload })
  actor.errand = errand
  actor.progress = errand.progress
  connection.read(errand)
  return true
}

/** What an upload that runs needs. */
interface Work {
  readonly actor: Actor
  readonly action: TransferAction
  readonly path: VirtualPath
  readonly connection: Connection
  readonly upload: PromptUpload
}

const ignore = () => {}

/**
 * Stores what comes in the turn it comes. Whatever is more than that, it leaves to a fiber. When it is over it holds nothing: V8 has come
 * to put such objects among the old ones, and what those hold is not collected before they are.
 */
class Receiving implements Reader, Errand {
  readonly progress: Progress.Progress
  #work: Work | undefined
  readonly #begunAt = unsafeNow()
  #isWhole = false
  #rest: Uint8Array | undefined = undefined
  #callOff = ignore

  constructor(work: Work) {
    this.#work = work
    this.progress = Progress.make(work.actor.house.timers.unsafeNow())
    this.progress.phase = "Moving"
    this.progress.unsafeIsWhole = () => this.#isWhole
  }

  unsafeRoom(): Uint8Array {
    return passage
  }

  unsafeReceive(socket: number): number | undefined {
    const work = this.#work
    const moved = work?.upload.unsafeReceive?.(socket)
    if (work === undefined || moved === undefined) return undefined
    if (moved.taken > 0) this.#count(work, moved.taken - (moved.left?.length ?? 0))
    if (moved.left !== undefined) this.#leave(moved.left)
    return moved.taken
  }

  onData(bytes: Uint8Array): void {
    const work = this.#work
    const stored = work?.upload.unsafeWrite?.(bytes) ?? 0
    if (work !== undefined) this.#count(work, stored)
    if (stored < bytes.length) this.#leave(bytes.slice(stored))
  }

  onEnd(): void {
    this.#isWhole = true
    const work = this.#work
    if (work === undefined) return
    const left = Hindsight.unsafeLeft({ begunAt: this.#begunAt, endedAt: unsafeNow() })
    if (work.actor.unsafeIsDeserted()) this.unsafeHandOver()
    else this.#callOff = work.actor.house.tcp.unsafeAfter(left, () => this.#finish())
  }

  onClose(): void {
    this.unsafeHandOver()
  }

  unsafeHandOver(): void {
    const work = this.#end()
    if (work === undefined) return
    const { action, actor, connection, upload } = work
    connection.pause()
    const unsafeReplay: Begun.Upload["unsafeReplay"] = (reader) => {
      if (this.#rest !== undefined) reader.onData(this.#rest)
      if (this.#isWhole) reader.onEnd()
    }
    actor.begun = { _tag: "Upload", connection, upload, progress: this.progress, unsafeReplay }
    TransferTask.unsafeStart(actor, action)
  }

  /** What is left is counted by who stores it. */
  #count({ actor }: Work, stored: number): void {
    this.progress.bytes += stored
    this.progress.movedAt = actor.house.timers.unsafeNow()
  }

  #leave(rest: Uint8Array): void {
    this.#rest = this.#rest === undefined ? rest : Buffer.concat([this.#rest, rest])
    this.unsafeHandOver()
  }

  #end(): Work | undefined {
    const work = this.#work
    if (work === undefined) return undefined
    this.#work = undefined
    this.#callOff()
    this.#callOff = ignore
    work.actor.errand = undefined
    return work
  }

  #finish(): void {
    const work = this.#work
    const stored = work?.actor.unsafeIsDeserted() === false ? work.upload.unsafeCommit() : undefined
    if (stored === undefined) this.unsafeHandOver()
    else this.#succeed(stored)
  }

  #succeed(stored: Stored): void {
    const work = this.#end()
    if (work === undefined) return
    const { actor, connection, path } = work
    const { progress } = this
    actor.progress = undefined
    progress.committed = true
    connection.unsafeDestroy()
    Quotas.of(actor).unsafeSettle({ reserved: nothing, changed: Quota.gained(stored) })
    TransferNews.unsafeTellStored(actor, path, stored)
    TransferNews.unsafeTell(actor, { path, kind: "upload", progress, outcome: Outcomes.done })
    actor.unsafeTell({ _tag: "TransferEnded", outcome: Outcomes.done })
  }
}
