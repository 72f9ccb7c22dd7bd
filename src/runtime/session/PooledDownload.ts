import * as Effect from "effect/Effect"
import type { Transfer as TransferAction } from "../../domain/session/Action.ts"
import type * as Begun from "../transfer/Begun.ts"
import * as QuickSend from "../transfer/QuickSend.ts"
import type { Actor } from "./Actor.ts"
import { Holding } from "./Holding.ts"
import * as SentDownload from "./SentDownload.ts"
import * as TransferTask from "./TransferTask.ts"

interface Work {
  readonly actor: Actor
  readonly action: TransferAction
  readonly begun: Begun.Download
}

/**
 * Has the pool send what has begun, without a fiber, where that is little and none of it is out: it most likely has to come from a disk.
 * Answers `false` otherwise, and then nothing has begun.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: TransferAction, begun: Begun.Download): boolean => {
  if (begun.progress.bytes > 0 || begun.length > QuickSend.most) return false
  const errand = new Sending({ actor, action, begun })
  const { connection, file, length, offset, progress } = begun
  progress.phase = "Moving"
  actor.errand = errand
  actor.progress = progress
  if (connection.unsafeSendFileOnPool?.(file, offset, length, (sent) => errand.unsafeTake(sent)) === true) return true
  actor.errand = undefined
  actor.progress = undefined
  return false
}

/** One call of the pool's. Whatever is more than that, it leaves to a fiber. */
class Sending extends Holding<Work> {
  #sent: number | undefined = undefined
  /** Tells a fiber that waits for the call. */
  #wake: ((sent: Effect.Effect<number>) => void) | undefined = undefined

  unsafeTake(answer: number): void {
    const sent = Math.max(0, answer)
    this.#sent = sent
    this.#wake?.(Effect.succeed(sent))
    if (this.work === undefined) return
    if (sent < this.work.begun.length) this.unsafeHandOver()
    else this.#succeed(sent)
  }

  unsafeHandOver(): void {
    const work = this.unsafeEnd()
    if (work === undefined) return
    const { action, actor, begun } = work
    actor.begun = { ...begun, underway: this.#settled }
    TransferTask.unsafeStart(actor, action)
  }

  get #settled(): Effect.Effect<number> {
    return Effect.async((resume) => {
      if (this.#sent === undefined) this.#wake = resume
      else resume(Effect.succeed(this.#sent))
    })
  }

  #succeed(sent: number): void {
    const work = this.unsafeEnd()
    if (work === undefined) return
    const { action, actor, begun } = work
    begun.progress.bytes = sent
    actor.progress = undefined
    SentDownload.unsafeEnd(actor, action.payload.path, begun)
  }
}
