import * as Effect from "effect/Effect"
import { HostPort } from "../../domain/HostPort.ts"
import type { Action, Transfer as TransferAction } from "../../domain/session/Action.ts"
import { ActiveLease } from "../transfer/ActiveLease.ts"
import * as PassivePorts from "../transfer/PassivePorts.ts"
import type * as Progress from "../transfer/Progress.ts"
import type { Actor } from "./Actor.ts"
import * as Changes from "./Changes.ts"
import * as Login from "./Login.ts"
import * as PooledUpload from "./PooledUpload.ts"
import * as Questions from "./Questions.ts"
import * as QuickDownload from "./QuickDownload.ts"
import * as QuickRefusal from "./QuickRefusal.ts"
import * as QuickSealed from "./QuickSealed.ts"
import * as QuickText from "./QuickText.ts"
import * as QuickUpload from "./QuickUpload.ts"
import * as Securing from "./Securing.ts"
import * as StatusListing from "./StatusListing.ts"
import * as TransferTask from "./TransferTask.ts"

/**
 * Does what needs no time, and starts as the session's child fiber what may take some. Answers what the session's own fiber has to wait for
 * before its next step, if there is anything. Never fails: what goes wrong becomes the event that answers the action.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafePerform = (actor: Actor, action: Action): Effect.Effect<void> | undefined => {
  switch (action._tag) {
    case "DropData":
      dropData(actor)
      break
    case "CancelTransfer":
      actor.unsafeCancel()
      break
    case "ReportProgress":
      actor.unsafeTell({ _tag: "Progress", lines: progressLines(actor.progress) })
      break
    case "OpenPassive":
      return unsafeOpenPassive(actor, action.command) ? undefined : openPassive(actor, action.command)
    case "Transfer":
      unsafeTransfer(actor, action)
      break
    case "Authenticate":
      Login.unsafeAuthenticate(actor, action)
      break
    case "Recognise":
      Login.unsafeRecognise(actor, action)
      break
    case "StartTls":
      Securing.unsafeControl(actor, action.follows)
      break
    case "EndTls":
      Securing.unsafeClear(actor)
      break
    case "Ask":
      Questions.unsafeAsk(actor, action.question)
      break
    case "Change":
      Changes.unsafeMake(actor, action.change)
      break
    case "Digest":
      Questions.unsafeDigest(actor, action)
      break
    case "Measure":
      Questions.unsafeMeasure(actor, action.path)
      break
    case "ListStatus":
      StatusListing.unsafeList(actor, action.path)
      break
    case "Close":
      break
  }
  return undefined
}

const unsafeTransfer = (actor: Actor, action: TransferAction): void => {
  const { client, house } = actor
  if (action.data._tag === "Active") actor.lease = new ActiveLease(house.tcp, action.data.target, client.connection)
  const isDone =
    QuickDownload.unsafePerform(actor, action) ||
    QuickText.unsafePerform(actor, action) ||
    QuickSealed.unsafePerform(actor, action) ||
    QuickUpload.unsafePerform(actor, action) ||
    PooledUpload.unsafePerform(actor, action) ||
    QuickRefusal.unsafePerform(actor, action)
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

const leased = (actor: Actor, lease: NonNullable<Actor["lease"]>, address: string): void => {
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
