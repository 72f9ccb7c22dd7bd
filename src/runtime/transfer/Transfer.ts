import * as Effect from "effect/Effect"
import type { Payload, Upload as UploadPayload } from "../../domain/session/Action.ts"
import type { Outcome } from "../../domain/session/Event.ts"
import * as Tcp from "../platform/Tcp.ts"
import * as Pull from "../storage/Pull.ts"
import { StorageError } from "../storage/Storage.ts"
import type { Download, Found } from "./Begun.ts"
import type { DataConnectionError } from "./DataConnection.ts"
import * as Deflate from "./Deflate.ts"
import * as Outcomes from "./Outcomes.ts"
import * as QuickSend from "./QuickSend.ts"
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
  Effect.scoped(move(request)).pipe(Effect.match({ onSuccess: () => Outcomes.done, onFailure: toOutcome }))

type Failure = StorageError | "BadRestart" | "NotADirectory" | DataConnectionError | Tcp.TcpError | Deflate.DeflateError

const move = (request: Request) => {
  const { begun, payload } = request
  if (payload._tag === "Upload") return Upload.run(request, payload)
  if (begun?._tag === "Found") return sendFound(request, begun, payload)
  return begun?._tag === "Download"
    ? goOn(request, begun, payload)
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
  moves(request, connection)
  if (source.plain !== undefined && request.mode === "S" && throttle === undefined) {
    const isSent = yield* sendFile(request, connection, source.plain)
    if (isSent) return yield* connection.end
  }
  yield* sendBytes(request, connection, source)
})

/** Most of them are out at once. */
const sendFound = Effect.fnUntraced(function* (
  request: Request,
  { file, length, offset, progress }: Found,
  payload: Exclude<Payload, UploadPayload>
) {
  request.opened(length)
  progress.phase = "Connecting"
  progress.movedAt = request.unsafeNow()
  const connection = yield* request.connect
  const sent = Math.max(0, QuickSend.unsafeSend(connection, { file, offset, length }))
  progress.bytes = sent
  if (sent < length) {
    const rest = { connection, file, offset: offset + sent, length: length - sent, progress }
    return yield* goOn(request, { _tag: "Download", ...rest }, payload)
  }
  // The kernel sends the end behind the bytes it has taken, but not where something was left unread.
  connection.unsafeForgetInput?.()
})

const moves = ({ progress, unsafeNow }: Request, connection: Tcp.Connection): void => {
  progress.unsafeUndelivered = () => connection.unsafeUndelivered()
  progress.phase = "Moving"
  progress.movedAt = unsafeNow()
}

const sendBytes = Effect.fnUntraced(function* (request: Request, connection: Tcp.Connection, source: Source.Source) {
  const { progress, throttle, unsafeNow } = request
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
  const isShort = request.payload._tag === "File" && source.size !== undefined && taken < source.size
  if (isShort) return yield* shortened(request.payload)
  if (engine !== undefined) yield* engine.finish(paced)
  yield* connection.end
})

/** The client was told a size, or had it from SIZE: an orderly end would make it believe that this is all. */
const shortened = ({ path }: Payload): StorageError => new StorageError({ reason: "Shortened", path })

/** Some file systems of older kernels cannot be sent from. */
const cannotSend = new Set(["EINVAL", "ENOSYS", "EOPNOTSUPP"])

/** Without a copy: the bytes do not pass through this process. `false`, and nothing sent, where that cannot be. */
const sendFile = (
  { payload, progress, unsafeNow }: Request,
  connection: Tcp.Connection,
  { toError, ...part }: Source.Plain
): Effect.Effect<boolean, StorageError | Tcp.TcpError> => {
  if (connection.sendFile === undefined) return Effect.succeed(false)
  const onSent = (bytes: number) => {
    progress.bytes += bytes
    progress.movedAt = unsafeNow()
  }
  return Effect.matchEffect(connection.sendFile({ ...part, onSent }), {
    onSuccess: (sent) => (sent < part.length ? Effect.fail(shortened(payload)) : Effect.succeed(true)),
    onFailure: (error): Effect.Effect<boolean, StorageError | Tcp.TcpError> => {
      if (error instanceof Tcp.TcpError) return Effect.fail(error)
      const isRefused = progress.bytes === 0 && cannotSend.has(error.code ?? "")
      return isRefused ? Effect.succeed(false) : Effect.fail(toError(error))
    }
  })
}

/** Where the kernel cannot send from the file nothing is out yet, so it can be read from its beginning. */
const goOn = Effect.fnUntraced(function* (
  request: Request,
  { connection, file, length, offset, underway }: Download,
  payload: Exclude<Payload, UploadPayload>
) {
  moves(request, connection)
  const sent = underway === undefined ? 0 : yield* underway
  request.progress.bytes += sent
  const rest = Source.plain(payload.path, file, offset + sent, length - sent)
  const isSent = yield* sendFile(request, connection, rest)
  if (isSent) return yield* connection.end
  yield* sendBytes(request, connection, yield* open(request, payload))
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
      return Outcomes.broken
    case "DeflateError":
      return { _tag: "BadData", reason: badData[failure.reason] }
  }
}
