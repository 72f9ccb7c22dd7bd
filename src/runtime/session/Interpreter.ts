import * as Effect from "effect/Effect"
import { HostPort } from "../../domain/HostPort.ts"
import type { Action } from "../../domain/session/Action.ts"
import type { Lease } from "../transfer/PassiveLease.ts"
import * as PassivePorts from "../transfer/PassivePorts.ts"
import type * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as Changes from "./Changes.ts"
import * as Login from "./Login.ts"
import * as Questions from "./Questions.ts"
import * as QuickDownload from "./QuickDownload.ts"
import * as QuickListing from "./QuickListing.ts"
import * as QuickUpload from "./QuickUpload.ts"
import * as Securing from "./Securing.ts"
import * as StatusListing from "./StatusListing.ts"
import * as TransferTask from "./TransferTask.ts"

/**
 * Does what needs no time, starts as the session's child fiber what may take some, and answers whether that was all: nothing but what the
 * session's own fiber has to wait for is left, for `perform`. Never fails: what goes wrong becomes the event that answers the action.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: Action): boolean => {
  switch (action._tag) {
    case "DropData":
      dropData(actor)
      return true
    case "CancelTransfer":
      actor.unsafeCancel()
      return true
    case "ReportProgress":
      actor.unsafeTell({ _tag: "Progress", lines: progressLines(actor.progress) })
      return true
    case "OpenPassive":
      return unsafeOpenPassive(actor, action.command)
    case "Transfer":
      unsafeTransfer(actor, action)
      return true
    case "Authenticate":
      Login.unsafeAuthenticate(actor, action)
      return true
    case "Recognise":
      Login.unsafeRecognise(actor, action)
      return true
    case "StartTls":
      Securing.unsafeControl(actor, action.follows)
      return true
    case "EndTls":
      Securing.unsafeClear(actor)
      return true
    case "Ask":
      Questions.unsafeAsk(actor, action.question)
      return true
    case "Change":
      Changes.unsafeMake(actor, action.change)
      return true
    case "Digest":
      Questions.unsafeDigest(actor, action)
      return true
    case "Measure":
      Questions.unsafeMeasure(actor, action.path)
      return true
    case "ListStatus":
      StatusListing.unsafeList(actor, action.path)
      return true
    case "Close":
      return true
  }
}

/**
 * Does what the session waits for before its next step.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const perform = (actor: Actor, action: Action): Effect.Effect<void> =>
  action._tag === "OpenPassive" ? openPassive(actor, action.command) : Effect.void

const unsafeTransfer = (actor: Actor, action: Extract<Action, { readonly _tag: "Transfer" }>): void => {
  const isDone =
    QuickDownload.unsafePerform(actor, action) ||
    QuickListing.unsafePerform(actor, action) ||
    QuickUpload.unsafePerform(actor, action)
  if (!isDone) TransferTask.unsafeStart(actor, action)
}

const dropData = (actor: Actor) => {
  actor.lease?.release()
  actor.lease = undefined
}

const leaseOptions = (actor: Actor): PassivePorts.LeaseOptions => ({
  peer: actor.client.connection.remote.address,
  anyPeer: actor.house.config.allowForeignPassive,
  unsafeBegin: (connection) => Securing.unsafeBegin(actor, connection)
})

const announced = ({ client, house }: Actor, command: "PASV" | "EPSV"): string | undefined => {
  const { local, remote } = client.connection
  return command === "EPSV" ? local.address : PassivePorts.announce(house.config, local.address, remote.address)
}

const leased = (actor: Actor, lease: Lease, address: string): void => {
  actor.lease = lease
  const protocol = address.includes(":") ? 2 : 1
  actor.unsafeTell({ _tag: "PassiveOpened", host: new HostPort({ protocol, address, port: lease.port }, true) })
}

/** Binds nothing: that takes time. */
const unsafeOpenPassive = (actor: Actor, command: "PASV" | "EPSV"): boolean => {
  dropData(actor)
  const address = announced(actor, command)
  if (address === undefined) {
    actor.unsafeTell({ _tag: "PassiveFailed", reason: "PASV needs an IPv4 address to announce; use EPSV." })
    return true
  }
  const lease = actor.house.passivePorts.unsafeLease(leaseOptions(actor))
  if (lease !== undefined) leased(actor, lease, address)
  return lease !== undefined
}

const openPassive = (actor: Actor, command: "PASV" | "EPSV"): Effect.Effect<void> =>
  actor.house.passivePorts.lease(leaseOptions(actor)).pipe(
    Effect.match({
      onSuccess: (lease) => leased(actor, lease, announced(actor, command) ?? ""),
      onFailure: () =>
        actor.unsafeTell({ _tag: "PassiveFailed", reason: "All passive ports are taken; try again later." })
    }),
    Effect.uninterruptible
  )

const progressLines = (progress: Progress.Progress | undefined): ReadonlyArray<string> =>
  progress === undefined
    ? ["No transfer runs"]
    : [
        progress.phase === "Moving"
          ? `${progress.bytes} bytes ${progress.unsafeIsWhole === undefined ? "sent" : "received"} so far`
          : "Waiting for the data connection"
      ]
