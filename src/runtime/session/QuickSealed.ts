import * as Effect from "effect/Effect"
import type { Payload, Transfer as TransferAction, Upload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import * as Text from "../../domain/Text.ts"
import * as PageCache from "../platform/PageCache.ts"
import * as Sealing from "../platform/Sealing.ts"
import * as ListingText from "../transfer/ListingText.ts"
import * as Outcomes from "../transfer/Outcomes.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import { Holding } from "./Holding.ts"
import * as Limits from "./Limits.ts"
import * as TransferNews from "./TransferNews.ts"
import * as TransferTask from "./TransferTask.ts"

type Listed = Exclude<Payload, Upload>

/** Milliseconds that a handshake, or the kernel, may take before a fiber waits for it, which knows how long it may take at all. */
const patience = 250

/** Something short that is sent whole or not at all. */
interface Content {
  /** In bytes, where the client is told. */
  readonly size: number | undefined
  /** Good until the next call for any; absent where it would have to come from a disk. */
  readonly unsafeBytes: () => Uint8Array | undefined
  readonly unsafeDrop: () => void
}

const ignore = () => {}

const isPlain = ({ data, mode, payload, representation }: TransferAction, actor: Actor): boolean =>
  payload._tag !== "Upload" &&
  (payload._tag !== "File" || representation === "I") &&
  mode === "S" &&
  data._tag === "Passive" &&
  actor.state.protection.data === "P" &&
  !Limits.paces(actor, "download")

const contentOf = (actor: Actor, payload: Listed): Content | undefined =>
  payload._tag === "File" ? fileOf(actor, payload) : listingOf(actor, payload)

const fileOf = (
  { lodging }: Actor,
  { end, offset, path }: Extract<Payload, { readonly _tag: "File" }>
): Content | undefined => {
  const opened = lodging.storage.unsafeOpen?.(path)
  if (opened === undefined) return undefined
  const { file, size } = opened
  const length = Math.max(0, Math.min(end ?? size, size) - offset)
  const unsafeDrop = () => file.unsafeClose()
  if (offset <= size && length <= PageCache.most) {
    return { size: length, unsafeBytes: () => PageCache.unsafeRead(file.fd, offset, length), unsafeDrop }
  }
  unsafeDrop()
  return undefined
}

const listingOf = (
  { house, lodging }: Actor,
  payload: Exclude<Listed, { readonly _tag: "File" }>
): Content | undefined => {
  const now = house.timers.unsafeNow()
  const text = ListingText.unsafeText(lodging.storage, payload, { now, rights: lodging.rights })
  const bytes = text === undefined ? undefined : Text.encode(text)
  if (bytes === undefined || bytes.length > PageCache.most) return undefined
  return { size: undefined, unsafeBytes: () => bytes, unsafeDrop: ignore }
}

/**
 * Sends a short file or listing under TLS without a fiber, once the handshake is done, where no disk has to be waited for and the client has
 * connected; answered by `TransferOpened` and `TransferEnded`. Otherwise answers `false`, and nothing has begun.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction): boolean => {
  const { payload } = action
  if (payload._tag === "Upload" || !isPlain(action, actor)) return false
  const { lease } = actor
  const connection = lease?.unsafeArrived()
  if (!Sealing.isSealing(connection)) return false
  const content = contentOf(actor, payload)
  if (content === undefined) return false
  lease?.unsafeTake()
  actor.lease = undefined
  actor.unsafeTell({ _tag: "TransferOpened", size: content.size })
  const sending = new Sending({ actor, action, connection, content })
  actor.errand = sending
  actor.progress = sending.progress
  sending.unsafeBegin()
  return true
}

/** What a transfer that waits for its handshake needs. */
interface Work {
  readonly actor: Actor
  readonly action: TransferAction
  readonly connection: Sealing.Sealing
  readonly content: Content
}

/**
 * Waits for the handshake, sends, and waits until the kernel has all of it. Whatever is more than that, it leaves to a fiber, to which also a
 * handshake that failed is told.
 */
class Sending extends Holding<Work> {
  readonly progress: Progress.Progress
  /** How many bytes are on their way with the end behind them. */
  #sent: number | undefined = undefined

  constructor(work: Work) {
    super(work)
    this.progress = Progress.make(work.actor.house.timers.unsafeNow())
    this.progress.phase = "Connecting"
  }

  unsafeBegin(): void {
    const work = this.work
    work?.connection.unsafeWhenSettled(() => this.#send())
    if (this.work !== undefined) this.#wait(this.work)
  }

  unsafeHandOver(): void {
    const work = this.#end()
    if (work === undefined) return
    const { action, actor, connection } = work
    if (this.#sent !== undefined) {
      this.#finish(work, this.#sent)
      return
    }
    actor.begun = { _tag: "Announced", connection, progress: this.progress }
    TransferTask.unsafeStart(actor, action)
  }

  #wait(work: Work): void {
    this.unsafeWait(work, patience, () => this.unsafeHandOver())
  }

  #send(): void {
    const work = this.work
    if (work === undefined || this.#sent !== undefined) return
    const { actor, connection, content } = work
    const { progress } = this
    const isWanted = !actor.house.config.tlsRequireReuse || connection.unsafeIsResumed()
    const bytes = isWanted ? content.unsafeBytes() : undefined
    if (bytes === undefined || !connection.unsafeEndWith(bytes, (isWhole) => this.#hearEnd(isWhole))) {
      this.unsafeHandOver()
      return
    }
    this.#sent = bytes.length
    progress.phase = "Moving"
    progress.movedAt = actor.house.timers.unsafeNow()
    progress.unsafeUndelivered = () => connection.unsafeUndelivered()
    this.#wait(work)
  }

  #hearEnd(isWhole: boolean): void {
    const sent = this.#sent ?? 0
    const work = this.#end()
    if (work === undefined) return
    work.actor.progress = undefined
    work.actor.unsafeTell(this.#ended(work, sent, isWhole ? Outcomes.done : Outcomes.broken))
  }

  /** The kernel takes its time. */
  #finish(work: Work, sent: number): void {
    const { actor, connection } = work
    actor.unsafeStart(
      Effect.match(connection.end, { onSuccess: () => Outcomes.done, onFailure: () => Outcomes.broken }),
      (exit) => this.#ended(work, sent, TransferTask.toOutcome(this.progress, exit))
    )
  }

  #ended({ action, actor, connection }: Work, sent: number, outcome: Outcome) {
    const { progress } = this
    if (outcome._tag === "Done") progress.bytes = sent
    connection.unsafeDestroy()
    const { path, _tag } = action.payload
    TransferNews.unsafeTell(actor, { path, kind: TransferNews.kinds[_tag], progress, outcome })
    return { _tag: "TransferEnded", outcome } as const
  }

  #end(): Work | undefined {
    const work = this.unsafeEnd()
    work?.content.unsafeDrop()
    return work
  }
}
