import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { readOnly } from "../../domain/Permission.ts"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { Action, Payload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import type { DataPlan } from "../../domain/session/State.ts"
import * as DataConnection from "../transfer/DataConnection.ts"
import type { Lease } from "../transfer/PassiveLease.ts"
import * as Progress from "../transfer/Progress.ts"
import * as Transfer from "../transfer/Transfer.ts"
import type { Actor } from "./Actor.ts"
import * as Securing from "./Securing.ts"

/** With TLS on top where the session protects its data; the scope drops that too. */
const secured = (actor: Actor, connection: ReturnType<typeof connect>) =>
  Effect.flatMap(connection, (below) =>
    Effect.acquireRelease(
      Effect.interruptible(
        Effect.mapError(
          Securing.data(actor, below),
          (cause) => new DataConnection.DataConnectionError({ reason: "Unprotected", cause })
        )
      ),
      (made) => Effect.sync(made.unsafeDestroy)
    )
  )

const connect = (actor: Actor, data: DataPlan, lease: Lease | undefined) =>
  data._tag === "Active"
    ? DataConnection.active(actor.house.tcp, data.target, actor.client.connection)
    : lease === undefined
      ? DataConnection.gone
      : DataConnection.passive(lease)

/**
 * Runs a transfer over the data connection that was agreed on; answered by `TransferOpened` and `TransferEnded`. Its passive port is
 * given back however it ends.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const start = (
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
    connect: secured(actor, connect(actor, data, lease)),
    opened: (size) => actor.unsafeTell({ _tag: "TransferOpened", size }),
    progress,
    unsafeNow: house.timers.unsafeNow
  })
  return actor.fork(sending, (exit) => {
    lease?.release()
    const outcome = toOutcome(progress, exit)
    house.unsafeTell(transferEnded(actor, payload, progress, outcome))
    return { _tag: "TransferEnded", outcome }
  })
}

const toOutcome = (progress: Progress.Progress, exit: Exit.Exit<Outcome>): Outcome => {
  if (Exit.isSuccess(exit)) return exit.value
  if (!Cause.isInterruptedOnly(exit.cause)) return { _tag: "Defect" }
  switch (progress.late) {
    case "NoStorage":
      return { _tag: "Fault", fault: "Io" }
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
