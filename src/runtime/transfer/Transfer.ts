import * as Effect from "effect/Effect"
import type { Payload, Upload as UploadPayload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import type * as Tcp from "../platform/Tcp.ts"
import * as Pull from "../storage/Pull.ts"
import { StorageError } from "../storage/Storage.ts"
import type { DataConnectionError } from "./DataConnection.ts"
import * as Deflate from "./Deflate.ts"
import type { Request } from "./Request.ts"
import * as Source from "./Source.ts"
import * as Throttle from "./Throttle.ts"
import * as Upload from "./Upload.ts"

/**
 * Moves what a RETR, LIST, NLST, MLSD, STOR, STOU or APPE names over its data connection: one chunk, and then the next one when that has
 * left or is stored. How it ended is the result; only defects and interruption are not.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (request: Request): Effect.Effect<Outcome> =>
  Effect.scoped(move(request)).pipe(Effect.match({ onSuccess: () => done, onFailure: toOutcome }))

const done: Outcome = { _tag: "Done" }

type Failure = StorageError | "BadRestart" | "NotADirectory" | DataConnectionError | Tcp.TcpError | Deflate.DeflateError

const move = (request: Request) => {
  const { payload } = request
  return payload._tag === "Upload"
    ? Upload.run(request, payload)
    : Effect.flatMap(open(request, payload), (source) => send(request, source))
}

const open = (request: Request, payload: Exclude<Payload, UploadPayload>) =>
  Effect.suspend(() => Source.open(request.storage, payload, { ...request, now: request.unsafeNow() }))

const send = Effect.fnUntraced(function* (request: Request, source: Source.Source) {
  const { progress, throttle, unsafeNow } = request
  request.opened(source.size)
  progress.phase = "Connecting"
  progress.movedAt = unsafeNow()
  const connection = yield* request.connect
  progress.unsafeUndelivered = connection.unsafeUndelivered
  progress.phase = "Moving"
  progress.movedAt = unsafeNow()
  const write = (chunk: Uint8Array) => {
    if (chunk.length === 0) return Effect.void
    return Effect.map(connection.write(chunk), () => {
      progress.bytes += chunk.length
      progress.movedAt = unsafeNow()
    })
  }
  const paced = throttle === undefined ? write : (chunk: Uint8Array) => Throttle.forEach(throttle, chunk, write)
  const bytes = yield* source.bytes
  const engine = request.mode === "S" ? undefined : yield* Deflate.deflate
  let taken = 0
  yield* Pull.forEach(bytes, (chunk) => {
    taken += chunk.length
    if (engine === undefined) return paced(chunk)
    return chunk.length === 0 ? Effect.void : engine.feed(chunk, paced)
  })
  // The client was told a size, or had it from SIZE: an orderly end would make it believe that this is all.
  const isShort = request.payload._tag === "File" && source.size !== undefined && taken < source.size
  if (isShort) return yield* new StorageError({ reason: "Shortened", path: request.payload.path })
  if (engine !== undefined) yield* engine.finish(paced)
  yield* connection.end
})

const refusals: Readonly<Record<DataConnectionError["reason"], string>> = {
  TimedOut: "The data connection did not come in time.",
  Refused: "The client refused the data connection.",
  Unreachable: "The client cannot be reached for the data connection.",
  Closed: "The data connection is gone.",
  Other: "The data connection failed.",
  Unprotected: "The data connection is not protected."
}

const badData: Readonly<Record<Deflate.DeflateError["reason"], string>> = {
  Broken: "What came is not deflate data.",
  Truncated: "The deflate data ended too early.",
  Trailing: "Something came after the end of the deflate data."
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
    case "DeflateError":
      return { _tag: "BadData", reason: badData[failure.reason] }
  }
}
