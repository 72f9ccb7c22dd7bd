import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Permission } from "../../domain/Permission.ts"
import type { Payload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import type { Representation } from "../../domain/session/State.ts"
import type * as Tcp from "../platform/Tcp.ts"
import * as Pull from "../storage/Pull.ts"
import type { Storage, StorageError } from "../storage/Storage.ts"
import type { DataConnectionError } from "./DataConnection.ts"
import type { Progress } from "./Progress.ts"
import * as Source from "./Source.ts"

/**
 * One transfer as the session asks for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly storage: Storage["Type"]
  readonly payload: Payload
  readonly representation: Representation
  readonly permissions: ReadonlySet<Permission>
  /** Gets the one data connection; it is dropped with the scope. */
  readonly connect: Effect.Effect<Tcp.Connection, DataConnectionError, Scope.Scope>
  /** Called once what is sent has been found, before the data connection is asked for. */
  readonly opened: (size: number | undefined) => void
  readonly progress: Progress
  /** Milliseconds since the epoch. */
  readonly unsafeNow: () => number
}

/**
 * Sends what a RETR, LIST, NLST or MLSD names over its data connection: one chunk, and then the next one when that has left.
 * How it ended is the result; only defects and interruption are not.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (request: Request): Effect.Effect<Outcome> =>
  Effect.scoped(Effect.flatMap(open(request), (source) => send(request, source))).pipe(
    Effect.match({ onSuccess: () => done, onFailure: toOutcome })
  )

const done: Outcome = { _tag: "Done" }

type Failure = StorageError | "BadRestart" | "NotADirectory" | DataConnectionError | Tcp.TcpError

const open = (request: Request) =>
  Effect.suspend(() =>
    Source.open(request.storage, request.payload, {
      representation: request.representation,
      permissions: request.permissions,
      now: request.unsafeNow()
    })
  )

const send = Effect.fnUntraced(function* (request: Request, source: Source.Source) {
  const { progress } = request
  request.opened(source.size)
  moveOn(request, "Connecting")
  const connection = yield* request.connect
  progress.unsafeUndelivered = connection.unsafeUndelivered
  moveOn(request, "Moving")
  yield* Pull.forEach(yield* source.bytes, (chunk) => {
    if (chunk.length === 0) return Effect.void
    return Effect.map(connection.write(chunk), () => {
      progress.bytes += chunk.length
      progress.movedAt = request.unsafeNow()
    })
  })
  yield* connection.end
})

const moveOn = ({ progress, unsafeNow }: Request, phase: Progress["phase"]) => {
  progress.phase = phase
  progress.movedAt = unsafeNow()
}

const refusals: Readonly<Record<DataConnectionError["reason"], string>> = {
  TimedOut: "The data connection did not come in time.",
  Refused: "The client refused the data connection.",
  Unreachable: "The client cannot be reached for the data connection.",
  Closed: "The data connection is gone.",
  Other: "The data connection failed.",
  Unprotected: "The data connection is not protected."
}

const toOutcome = (failure: Failure): Outcome => {
  if (failure === "BadRestart" || failure === "NotADirectory") return { _tag: failure }
  switch (failure._tag) {
    case "StorageError":
      return { _tag: "Fault", fault: failure.reason }
    case "DataConnectionError":
      return failure.reason === "Unprotected"
        ? { _tag: "Unprotected", reason: `TLS on the data connection failed: ${failure.cause?.message ?? ""}.` }
        : { _tag: "NoConnection", reason: refusals[failure.reason] }
    case "TcpError":
      return { _tag: "Cut", reason: "The data connection broke; transfer cut." }
  }
}
