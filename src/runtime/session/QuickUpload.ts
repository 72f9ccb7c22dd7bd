import { nothing } from "../../domain/limits/Quotas.ts"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import { unsafeNow } from "../platform/EventLoop.ts"
import type { Connection, Reader } from "../platform/Tcp.ts"
import type { PromptUpload, Stored } from "../storage/Storage.ts"
import type * as Begun from "../transfer/Begun.ts"
import * as Hindsight from "../transfer/Hindsight.ts"
import { passage } from "../transfer/Intake.ts"
import * as LineEnds from "../transfer/LineEnds.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import * as Progress from "../transfer/Progress.ts"
import * as Quota from "../transfer/Quota.ts"
import type { Actor } from "./Actor.ts"
import { Holding } from "./Holding.ts"
import * as Limits from "./Limits.ts"
import * as Quotas from "./Quotas.ts"
import * as TransferNews from "./TransferNews.ts"
import * as TransferTask from "./TransferTask.ts"
import * as UploadTerms from "./UploadTerms.ts"

const ignore = () => {}

const none = new Uint8Array(0)

/**
 * Whether it is a whole file, in clear and as fast as its bytes come.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPlain = ({ mode, payload }: TransferAction, actor: Actor): boolean =>
  payload._tag === "Upload" &&
  payload.how !== "Unique" &&
  payload.offset === 0 &&
  payload.resumes !== true &&
  mode === "S" &&
  actor.state.protection.data === "C" &&
  Limits.largestUpload(actor) === Number.POSITIVE_INFINITY &&
  !Quotas.areLimited(actor) &&
  !Limits.paces(actor, "upload")

/**
 * Begins an upload in this turn, and stores it without a fiber, where neither a disk nor the client has to be waited for; answered by
 * `TransferOpened` and `TransferEnded`. Otherwise answers `false`: what has begun is then in `actor.begun`.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { payload, representation } = action
  if (payload._tag !== "Upload" || !isPlain(action, actor)) return false
  const { house, lease, lodging } = actor
  if (lease?.unsafeIsAtHand() !== true) return false
  const { create, how, path, replace } = payload
  const offset = how === "Append" ? "end" : 0
  const upload = lodging.storage.unsafeStore?.(path, { offset, create, replace, ...UploadTerms.of(actor) })
  if (upload === undefined) return false
  const connection = lease.unsafeArrived()
  if (connection?.unsafeForgetInput === undefined) {
    const progress = Progress.make(house.timers.unsafeNow())
    actor.begun = { _tag: "Upload", connection: undefined, upload, progress, unsafeReplay: ignore }
    return false
  }
  lease.unsafeTake()
  actor.lease = undefined
  actor.unsafeTell({ _tag: "TransferOpened", size: undefined })
  const decoder = representation === "A" ? LineEnds.decoder(decoded) : undefined
  const errand = new Receiving({ actor, action, connection, decoder, path, upload })
  actor.errand = errand
  actor.progress = errand.progress
  connection.read(errand)
  return true
}

/** Where TYPE A is decoded, and stored from in the same turn. */
const decoded = Buffer.allocUnsafeSlow(2 * passage.length + 1)

/** What an upload that runs needs. */
interface Work {
  readonly actor: Actor
  readonly action: TransferAction
  readonly path: VirtualPath
  readonly connection: Connection
  readonly upload: PromptUpload
  /** For TYPE A. */
  readonly decoder: LineEnds.Turning | undefined
}

/** Stores what comes in the turn it comes. Whatever is more than that, it leaves to a fiber. */
class Receiving extends Holding<Work> implements Reader {
  readonly progress: Progress.Progress
  readonly #begunAt = unsafeNow()
  #isWhole = false
  #rest: Uint8Array | undefined = undefined

  constructor(work: Work) {
    super(work)
    this.progress = Progress.make(work.actor.house.timers.unsafeNow())
    this.progress.phase = "Moving"
    this.progress.unsafeIsWhole = () => this.#isWhole
  }

  unsafeRoom(): Uint8Array {
    return passage
  }

  unsafeReceive(socket: number): number | undefined {
    const work = this.work
    const moved = work?.decoder === undefined ? work?.upload.unsafeReceive?.(socket) : undefined
    if (work === undefined || moved === undefined) return undefined
    if (moved.taken > 0) this.#count(work, moved.taken - (moved.left?.length ?? 0))
    if (moved.left !== undefined) this.#leave(moved.left)
    return moved.taken
  }

  onData(bytes: Uint8Array): void {
    const work = this.work
    const rest = work === undefined ? bytes : this.#store(work, bytes)
    if (work !== undefined) this.#count(work, bytes.length - rest.length)
    if (rest.length > 0) this.#leave(Uint8Array.from(rest))
  }

  /** What is not stored, as it came: a fiber decodes it anew. */
  #store({ decoder, upload }: Work, bytes: Uint8Array): Uint8Array {
    const wanted = decoder === undefined ? bytes : decoder.unsafeTurn(bytes)
    const stored = upload.unsafeWrite?.(wanted) ?? 0
    const rest = wanted.subarray(stored)
    return decoder === undefined || rest.length === 0 ? rest : LineEnds.undecoded(rest)
  }

  onEnd(): void {
    this.#isWhole = true
    const work = this.work
    if (work === undefined) return
    const left = Hindsight.unsafeLeft({ begunAt: this.#begunAt, endedAt: unsafeNow() })
    if (work.actor.unsafeIsDeserted()) this.unsafeHandOver()
    else this.unsafeWait(work, left, () => this.#finish())
  }

  onClose(): void {
    this.unsafeHandOver()
  }

  unsafeHandOver(): void {
    const work = this.unsafeEnd()
    if (work === undefined) return
    const { action, actor, connection, decoder, upload } = work
    connection.pause()
    this.#hold(work, decoder?.unsafeFlush() ?? none)
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
    this.#keep(rest)
    this.unsafeHandOver()
  }

  /** A CR that waits for what follows it is told to the fiber, and counted there. */
  #hold(work: Work, held: Uint8Array): void {
    if (held.length === 0) return
    this.#count(work, -held.length)
    this.#keep(held)
  }

  #keep(rest: Uint8Array): void {
    if (rest.length > 0) this.#rest = this.#rest === undefined ? rest : Buffer.concat([this.#rest, rest])
  }

  #finish(): void {
    const work = this.work
    const stored = work?.actor.unsafeIsDeserted() === false ? this.#commit(work) : undefined
    if (stored === undefined) this.unsafeHandOver()
    else this.#succeed(stored)
  }

  #commit(work: Work): Stored | undefined {
    const held = work.decoder?.unsafeFlush() ?? none
    if (held.length === 0 || work.upload.unsafeWrite?.(held) === held.length) return work.upload.unsafeCommit()
    this.#hold(work, held)
    return undefined
  }

  #succeed(stored: Stored): void {
    const work = this.unsafeEnd()
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
