import * as Effect from "effect/Effect"
import { nothing } from "../../domain/limits/Quotas.ts"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import { unsafeNow } from "../platform/EventLoop.ts"
import type { Connection, Reader } from "../platform/Tcp.ts"
import type { PooledUpload, Stored } from "../storage/Storage.ts"
import type * as Begun from "../transfer/Begun.ts"
import * as Hindsight from "../transfer/Hindsight.ts"
import { passage } from "../transfer/Intake.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import { Pieces } from "../transfer/Pieces.ts"
import * as Progress from "../transfer/Progress.ts"
import * as Quota from "../transfer/Quota.ts"
import type { Actor } from "./Actor.ts"
import { Holding } from "./Holding.ts"
import * as QuickUpload from "./QuickUpload.ts"
import * as Quotas from "./Quotas.ts"
import * as TransferNews from "./TransferNews.ts"
import * as TransferTask from "./TransferTask.ts"
import * as UploadTerms from "./UploadTerms.ts"

/**
 * Has the pool store an upload under a name that is free, without a fiber, as long as it is not large; answered by `TransferOpened`
 * and `TransferEnded`. Otherwise answers `false`, and nothing has begun.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { payload, representation } = action
  if (actor.begun !== undefined || payload._tag !== "Upload" || representation !== "I") return false
  if (actor.lease === undefined || !QuickUpload.isPlain(action, actor)) return false
  const { create, how, path, replace } = payload
  const options = { offset: how === "Append" ? "end" : 0, create, replace, ...UploadTerms.of(actor) } as const
  const { storage } = actor.lodging
  const upload = storage.unsafeStoreOnPool?.(path, options, (isBegun) => errand?.unsafeOpen(isBegun))
  const errand = upload && new Receiving({ actor, action, path, upload })
  if (errand === undefined) return false
  actor.errand = errand
  actor.progress = errand.progress
  return true
}

/** Bytes that are held in memory before they are stored. */
const most = 1024 * 1024

const none = new Uint8Array(0)

/** What an upload that runs needs. */
interface Work {
  readonly actor: Actor
  readonly action: TransferAction
  readonly path: VirtualPath
  readonly upload: PooledUpload
}

/** What the pool is doing with it; a fiber that takes over waits for that. */
type Stage = "Opening" | "Receiving" | "Sealing" | "Naming"

/** Gathers what comes, and has it stored behind the last byte. Whatever is more than that, it leaves to a fiber. */
class Receiving extends Holding<Work> implements Reader {
  readonly progress: Progress.Progress
  readonly #pieces: Pieces
  #stage: Stage = "Opening"
  #connection: Connection | undefined = undefined
  #begunAt = 0
  #endedAt = 0
  #rest: Uint8Array = none
  #stored: Stored | undefined = undefined

  constructor(work: Work) {
    super(work)
    const { house } = work.actor
    this.progress = Progress.make(house.timers.unsafeNow())
    this.#pieces = new Pieces(house.chunks, most)
  }

  unsafeOpen(isBegun: boolean): void {
    const work = this.work
    if (work === undefined) return
    const { actor } = work
    const { lease } = actor
    const connection = isBegun ? lease?.unsafeArrived() : undefined
    this.#stage = "Receiving"
    if (connection?.unsafeForgetInput === undefined) {
      this.unsafeHandOver()
      return
    }
    lease?.unsafeTake()
    actor.lease = undefined
    this.#connection = connection
    this.#begunAt = unsafeNow()
    actor.unsafeTell({ _tag: "TransferOpened", size: undefined })
    this.progress.phase = "Moving"
    this.progress.movedAt = actor.house.timers.unsafeNow()
    this.progress.unsafeIsWhole = () => this.#stage !== "Receiving"
    connection.read(this)
  }

  unsafeRoom(): Uint8Array {
    const room = this.#pieces.unsafeRoom()
    return room.length > 0 ? room : passage
  }

  onData(bytes: Uint8Array): void {
    const rest = this.#pieces.unsafeTake(bytes)
    this.#count(bytes.length)
    if (rest.length === 0) return
    this.#rest = rest
    this.unsafeHandOver()
  }

  #count(bytes: number): void {
    this.progress.bytes += bytes
    this.progress.movedAt = this.work?.actor.house.timers.unsafeNow() ?? this.progress.movedAt
  }

  onEnd(): void {
    const work = this.work
    if (work === undefined) return
    this.#endedAt = unsafeNow()
    if (work.actor.unsafeIsDeserted()) this.unsafeHandOver()
    else this.#seal(work)
  }

  #seal(work: Work): void {
    this.#stage = "Sealing"
    this.progress.storing = true
    work.upload.unsafeSeal(this.#pieces.pieces, (isSealed) => this.#wait(isSealed))
  }

  onClose(): void {
    if (this.#stage === "Receiving") this.unsafeHandOver()
  }

  #wait(isSealed: boolean): void {
    this.#pieces.unsafeClear()
    const work = this.work
    if (work === undefined) return
    const left = Hindsight.unsafeLeft({ begunAt: this.#begunAt, endedAt: this.#endedAt })
    if (!isSealed) this.unsafeHandOver()
    else if (left > 0) this.unsafeWait(work, left, () => this.#name())
    else this.#name()
  }

  #name(): void {
    const work = this.work
    if (work === undefined) return
    if (work.actor.unsafeIsDeserted()) {
      this.unsafeHandOver()
      return
    }
    this.#stage = "Naming"
    work.upload.unsafeName((stored) => this.#named(work, stored))
  }

  #named(work: Work, stored: Stored | undefined): void {
    this.#stage = "Sealing"
    if (stored === undefined) this.unsafeHandOver()
    else this.#end(work, stored)
  }

  /** It has its name, whoever waits for that by now. */
  #end({ actor, path }: Work, stored: Stored): void {
    this.#stored = stored
    this.progress.committed = true
    Quotas.of(actor).unsafeSettle({ reserved: nothing, changed: Quota.gained(stored) })
    TransferNews.unsafeTellStored(actor, path, stored)
    if (this.unsafeEnd() === undefined) return
    actor.progress = undefined
    this.#connection?.unsafeDestroy()
    const outcome: Outcome = stored.unconfirmed === true ? { _tag: "Fault", fault: "Unconfirmed" } : Outcomes.done
    TransferNews.unsafeTell(actor, { path, kind: "upload", progress: this.progress, outcome })
    actor.unsafeTell({ _tag: "TransferEnded", outcome })
  }

  unsafeHandOver(): void {
    const work = this.unsafeEnd()
    if (work === undefined) return
    const { action, actor, upload } = work
    const connection = this.#connection
    connection?.pause()
    const { progress } = this
    const came = this.#stage === "Receiving" ? this.#unsafeTakeBack() : none
    const begun = {
      _tag: "Upload",
      connection,
      upload,
      progress,
      unsafeReplay: (reader: Reader) => {
        if (came.length > 0) reader.onData(came)
        if (this.#endedAt > 0) reader.onEnd()
      }
    } as const
    const isUnderway = connection === undefined || this.#stage === "Naming"
    actor.begun = isUnderway ? { ...begun, underway: this.#underway(upload) } : begun
    TransferTask.unsafeStart(actor, action)
  }

  #underway(upload: PooledUpload): Effect.Effect<Begun.Underway> {
    return Effect.map(upload.settled, () => this.#stored ?? (upload.unsafeIsBegun() ? "Begun" : "Refused"))
  }

  /** What has come and the pool has not had; that is stored by now, or `seal` says why it is not. */
  #unsafeTakeBack(): Uint8Array {
    const came = Buffer.concat([...this.#pieces.pieces, this.#rest])
    this.#pieces.unsafeClear()
    this.progress.bytes -= came.length
    return came
  }
}
