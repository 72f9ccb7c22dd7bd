import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { Entry } from "../../domain/Entry.ts"
import type { FileFault } from "../../domain/FileFault.ts"
import { HostPort } from "../../domain/HostPort.ts"
import * as Listing from "../../domain/Listing.ts"
import { readOnly } from "../../domain/Permission.ts"
import * as Reply from "../../domain/Reply.ts"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { Action, Payload } from "../../domain/session/Action.ts"
import type { Event, Outcome, Verdict } from "../../domain/session/Event.ts"
import type { DataPlan, State } from "../../domain/session/State.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import type { AccountsError } from "../accounts/Accounts.ts"
import type { Client } from "../server/Client.ts"
import * as DataConnection from "../transfer/DataConnection.ts"
import type { Lease } from "../transfer/PassiveLease.ts"
import * as PassivePorts from "../transfer/PassivePorts.ts"
import * as Progress from "../transfer/Progress.ts"
import * as Transfer from "../transfer/Transfer.ts"
import type { ControlConnection } from "./ControlConnection.ts"
import type { House } from "./House.ts"

/**
 * What a session lends to those who act for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Actor {
  readonly house: House
  readonly client: Client
  readonly control: ControlConnection
  readonly state: State
  /** The passive port that the next transfer will use. */
  lease: Lease | undefined
  /** The running transfer's, and undefined while none runs. */
  progress: Progress.Progress | undefined
  /** Gives the session an event to step through. */
  readonly unsafeTell: (event: Event) => void
  /** Interrupts the running task without waiting for it; its end is told as an event. */
  readonly unsafeCancel: () => void
  /** Runs an effect as the session's one child fiber; `toEvent` makes of any ending the event that answers its action. */
  readonly fork: <A>(effect: Effect.Effect<A>, toEvent: (exit: Exit.Exit<A>) => Event) => Effect.Effect<void>
  /** Completes when the client has read enough of its replies, or is gone; a client that never does is dropped. */
  readonly caughtUp: Effect.Effect<void>
}

/**
 * Does what needs no time, and answers whether that was all.
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
    case "Close":
      return true
    default:
      return false
  }
}

/**
 * Does what takes time, or starts it as the session's child fiber. Needs nothing but what the session's house holds, and never
 * fails: what goes wrong becomes the event that answers the action.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const perform = (actor: Actor, action: Action): Effect.Effect<void> => {
  switch (action._tag) {
    case "Authenticate":
      return authenticate(actor, action)
    case "OpenPassive":
      return openPassive(actor, action.command)
    case "Ask":
      return actor.fork(
        Effect.either(Effect.mapError(actor.house.storage.stat(action.question.path), ({ reason }) => reason)),
        (exit) => ({ _tag: "Answered", answer: Exit.getOrElse(exit, () => Either.left<FileFault>("Io")) })
      )
    case "ListStatus":
      return listStatus(actor, action.path)
    case "Transfer":
      return transfer(actor, action)
    default:
      return Effect.void
  }
}

const dropData = (actor: Actor) => {
  actor.lease?.release()
  actor.lease = undefined
}

const authenticate = (
  actor: Actor,
  { name, password }: Extract<Action, { readonly _tag: "Authenticate" }>
): Effect.Effect<void> => {
  const { peer } = actor.state.settings
  const told = (verdict: Verdict) => {
    const { id: session } = actor.client
    const at = actor.house.timers.unsafeNow()
    actor.house.unsafeTell(
      verdict._tag === "Welcome"
        ? { _tag: "LoggedIn", session, peer, at, account: verdict.account.name }
        : { _tag: "LoginRefused", session, peer, at, name, reason: verdict._tag }
    )
    return verdict
  }
  return actor.fork(
    actor.house.accounts.authenticate({ name, password, peer }).pipe(
      Effect.match({
        onSuccess: (account): Verdict => ({ _tag: "Welcome", account }),
        onFailure: ({ reason }: AccountsError): Verdict => ({ _tag: reason })
      })
    ),
    (exit) => ({
      _tag: "LoginDecided",
      verdict: told(Exit.isSuccess(exit) ? exit.value : { _tag: "Unavailable" })
    })
  )
}

const openPassive = (actor: Actor, command: "PASV" | "EPSV"): Effect.Effect<void> => {
  const { house } = actor
  const { local, remote } = actor.client.connection
  dropData(actor)
  const address =
    command === "EPSV" ? local.address : PassivePorts.announce(house.config, local.address, remote.address)
  if (address === undefined) {
    actor.unsafeTell({ _tag: "PassiveFailed", reason: "PASV needs an IPv4 address to announce; use EPSV." })
    return Effect.void
  }
  const leased = house.passivePorts.lease({ peer: remote.address, anyPeer: house.config.allowForeignPassive }).pipe(
    Effect.match({
      onSuccess: (lease) => {
        actor.lease = lease
        const protocol = address.includes(":") ? 2 : 1
        actor.unsafeTell({ _tag: "PassiveOpened", host: new HostPort({ protocol, address, port: lease.port }) })
      },
      onFailure: () =>
        actor.unsafeTell({ _tag: "PassiveFailed", reason: "All passive ports are taken; try again later." })
    })
  )
  return Effect.uninterruptible(leased)
}

const listStatus = (actor: Actor, path: VirtualPath.VirtualPath): Effect.Effect<void> => {
  const { control, house } = actor
  const now = house.timers.unsafeNow()
  const say = (entries: Iterable<Entry>) => {
    for (const entry of entries) control.unsafeSay(Reply.inner(Listing.long(entry, now)))
    control.unsafeFlush()
    return actor.caughtUp
  }
  const listed = Effect.flatMap(house.storage.stat(path), (entry) => {
    control.unsafeSay(Reply.begin(213, `Status of ${VirtualPath.quote(path)}`))
    const entries = entry.kind === "directory" ? house.storage.list(path) : Stream.make(entry)
    return Stream.runForEachChunk(entries, say).pipe(
      Effect.match({ onSuccess: () => "Whole" as const, onFailure: () => "CutShort" as const })
    )
  })
  return actor.fork(
    Effect.catchAll(listed, ({ reason }) => Effect.succeed(reason)),
    (exit) => ({ _tag: "StatusListed", ended: Exit.getOrElse(exit, () => "CutShort" as const) })
  )
}

const connect = (actor: Actor, data: DataPlan, lease: Lease | undefined) =>
  data._tag === "Active"
    ? DataConnection.active(actor.house.tcp, data.target, actor.client.connection)
    : lease === undefined
      ? Effect.fail(new DataConnection.DataConnectionError({ reason: "Closed" }))
      : DataConnection.passive(lease)

const transfer = (
  actor: Actor,
  { data, payload, representation }: Extract<Action, { readonly _tag: "Transfer" }>
): Effect.Effect<void> => {
  const { house, lease } = actor
  const progress = Progress.make(house.timers.unsafeNow())
  actor.progress = progress
  actor.lease = undefined
  const sending = Transfer.run({
    storage: house.storage,
    payload,
    representation,
    permissions: actor.state.account?.permissions ?? readOnly,
    connect: connect(actor, data, lease),
    opened: (size) => actor.unsafeTell({ _tag: "TransferOpened", size }),
    progress,
    unsafeNow: house.timers.unsafeNow
  })
  const released = Effect.ensuring(
    sending,
    Effect.sync(() => lease?.release())
  )
  return actor.fork(released, (exit) => {
    const outcome = toOutcome(progress, exit)
    house.unsafeTell(transferEnded(actor, payload, progress, outcome))
    return { _tag: "TransferEnded", outcome }
  })
}

const toOutcome = (progress: Progress.Progress, exit: Exit.Exit<Outcome>): Outcome => {
  if (Exit.isSuccess(exit)) return exit.value
  if (!Cause.isInterruptedOnly(exit.cause)) return { _tag: "Defect" }
  switch (progress.late) {
    case "NoConnection":
      return { _tag: "NoConnection", reason: "The data connection did not come in time." }
    case "Stalled":
      return { _tag: "Cut", reason: "The data connection stalled; transfer cut." }
    case undefined:
      return { _tag: "Cancelled" }
  }
}

const transferEnded = (actor: Actor, payload: Payload, progress: Progress.Progress, outcome: Outcome): ServerEvent => {
  const at = actor.house.timers.unsafeNow()
  return {
    _tag: "TransferEnded",
    session: actor.client.id,
    peer: actor.state.settings.peer,
    at,
    account: actor.state.account?.name ?? "",
    path: payload.path,
    kind: kinds[payload._tag],
    bytes: progress.bytes,
    milliseconds: at - progress.startedAt,
    outcome: outcome._tag
  }
}

const kinds: { readonly [P in Payload["_tag"]]: "download" | "listing" } = {
  File: "download",
  Listing: "listing",
  Facts: "listing"
}

const progressLines = (progress: Progress.Progress | undefined): ReadonlyArray<string> =>
  progress === undefined
    ? ["No transfer runs"]
    : [progress.phase === "Moving" ? `${progress.bytes} bytes sent so far` : "Waiting for the data connection"]
