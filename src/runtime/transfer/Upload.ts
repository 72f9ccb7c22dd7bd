import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { FileFault } from "../../domain/FileFault.ts"
import { nothing } from "../../domain/limits/Quotas.ts"
import type { Upload as Payload } from "../../domain/session/Action.ts"
import * as Text from "../../domain/Text.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import { TcpError } from "../platform/Tcp.ts"
import { StorageError, type Stored, type StoreOptions, type Upload } from "../storage/Storage.ts"
import type * as Begun from "./Begun.ts"
import type { DataConnectionError } from "./DataConnection.ts"
import * as Deflate from "./Deflate.ts"
import * as Hindsight from "./Hindsight.ts"
import { Intake } from "./Intake.ts"
import * as LineEnds from "./LineEnds.ts"
import * as Quota from "./Quota.ts"
import type { Request } from "./Request.ts"
import * as Throttle from "./Throttle.ts"

/** Without another limit, more than this many bytes out of less than their 250th part are a bomb. */
const harmless = 64 * 1024 * 1024
const steepest = 250

/** Buffers of a client that fills them; the pool may have smaller ones. */
const largestBuffer = 1024 * 1024

type Failure = StorageError | DataConnectionError | TcpError | Deflate.DeflateError

interface Opened {
  readonly path: VirtualPath.VirtualPath
  readonly upload: Upload
  readonly room: Quota.Room | undefined
}

/**
 * Stores what a client sends under its name, once it is whole. How it failed, with nothing stored, is the error.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (request: Request, payload: Payload): Effect.Effect<void, Failure, Scope.Scope> => {
  const begun = request.begun?._tag === "Upload" ? request.begun : undefined
  if (begun?.underway === undefined) return store(request, payload, begun)
  return Effect.flatMap(Effect.uninterruptible(begun.underway), (underway) => {
    if (underway === "Begun") return store(request, payload, begun)
    if (underway === "Refused") return store(request, payload, undefined)
    return confirmed(underway, payload.path)
  })
}

const store = (
  request: Request,
  payload: Payload,
  begun: Begun.Upload | undefined
): Effect.Effect<void, Failure, Scope.Scope> =>
  Effect.flatMap(begun === undefined ? open(request, payload) : goOn(request, payload, begun), (opened) => {
    request.intake.begun(opened.path, opened.upload)
    if (begun?.connection === undefined) {
      request.opened(undefined, payload.how === "Unique" ? VirtualPath.basename(opened.path) : undefined)
    }
    return Effect.tapError(receive(request, opened, begun), (failure) =>
      isVoid(failure) ? opened.upload.discard : Effect.void
    )
  })

const confirmed = ({ unconfirmed }: Stored, path: VirtualPath.VirtualPath): Effect.Effect<void, StorageError> =>
  unconfirmed === true ? Effect.fail(new StorageError({ reason: "Unconfirmed", path })) : Effect.void

const worthless: ReadonlySet<FileFault> = new Set(["QuotaExceeded", "QuotaBytes", "QuotaFiles", "TooLarge", "TooDense"])

/** What is worth nothing to go on with, whatever the policy keeps. */
const isVoid = (failure: Failure): boolean =>
  failure._tag === "DeflateError" || (failure._tag === "StorageError" && worthless.has(failure.reason))

const open = (request: Request, payload: Payload) =>
  Effect.gen(function* () {
    const { intake, storage } = request
    const options: StoreOptions = {
      offset: payload.how === "Append" ? (payload.resumes === true ? "resume" : "end") : payload.offset,
      create: payload.create,
      replace: payload.replace,
      ...intake.store,
      // What a client counts as sent is not what would be kept.
      ...(request.mode === "Z" || payload.how === "Unique" ? { partial: "discard" } : {})
    }
    const path = payload.how === "Unique" ? variant(payload.path) : payload.path
    const upload = yield* storage.store(path, options)
    const room = yield* hold(request, path, upload)
    yield* room?.cover(upload.offset - (upload.replaces ?? 0)) ?? Effect.void
    return { path, upload, room }
  })

const goOn = (request: Request, { path }: Payload, { upload }: Begun.Upload) =>
  Effect.map(hold(request, path, upload), (room) => ({ path, upload, room }))

/** Room for one more file, where the name is new. */
const hold = (
  { intake: { quota }, progress }: Request,
  path: VirtualPath.VirtualPath,
  { replaces }: Upload
): Effect.Effect<Quota.Room | undefined, StorageError, Scope.Scope> =>
  quota === undefined
    ? Effect.succeed(undefined)
    : Finalizer.acquire(Quota.room(quota, { isNew: replaces === undefined, path }), (room) =>
        Effect.sync(() => (progress.committed ? undefined : room.unsafeSettle(nothing)))
      )

/** A name that nobody has and nobody else is given, on whatever thread. */
const variant = (path: VirtualPath.VirtualPath): VirtualPath.VirtualPath => {
  const suffix = `.${Crypto.randomBytes(5).toString("hex")}`
  let name = VirtualPath.basename(path)
  while (Text.byteLength(name) + suffix.length > VirtualPath.maxNameLength) name = name.slice(0, -1)
  return VirtualPath.join(VirtualPath.parent(path), name + suffix)
}

const receive = Effect.fnUntraced(function* (
  request: Request,
  { path, room, upload }: Opened,
  begun: Begun.Upload | undefined
) {
  const { progress, throttle, unsafeNow } = request
  progress.phase = "Connecting"
  progress.movedAt = unsafeNow()
  const connection = begun?.connection ?? (yield* request.connect)
  const intake = yield* Finalizer.acquire(
    Effect.sync(
      () =>
        new Intake(connection, {
          pool: request.intake.pool,
          progress,
          unsafeIsDeserted: request.intake.unsafeIsDeserted,
          needsCloseNotify: request.intake.needsCloseNotify,
          largest: throttle === undefined ? largestBuffer : Math.min(throttle.chunk, largestBuffer),
          unsafeNow
        })
    ),
    (intake) => Effect.sync(() => intake.unsafeClose())
  )
  const sink = yield* makeSink(request, path, upload, room)
  if (throttle === undefined) {
    intake.unsafeStore = sink.unsafeFeed
    intake.unsafeStoreFrom = sink.unsafeReceive
  }
  progress.phase = "Moving"
  progress.movedAt = unsafeNow()
  progress.unsafeIsWhole = () => intake.whole
  begun?.unsafeReplay(intake)
  connection.read(intake)
  for (;;) {
    const bytes = yield* intake.take
    if (bytes === undefined) break
    yield* Throttle.forEach(throttle, bytes, sink.feed)
  }
  // A client may wait for the answer to its close_notify before it asks for the reply.
  if (connection.truncated !== undefined) yield* Effect.ignore(connection.end)
  yield* sink.finish
  progress.storing = true
  yield* upload.seal
  yield* Hindsight.passed(request.unsafeAfter, intake)
  if (request.intake.unsafeIsDeserted()) return yield* new TcpError({ reason: "Closed" })
  const stored = yield* Effect.uninterruptible(
    Effect.tap(upload.commit, (stored) => {
      progress.committed = true
      room?.unsafeSettle(Quota.gained(stored))
      request.intake.stored(path, stored)
      return Effect.void
    })
  )
  yield* confirmed(stored, path)
})

/** Only what would have to wait for the disk is left to do. */
const put = (upload: Upload, bytes: Uint8Array) =>
  Effect.suspend(() => {
    const stored = upload.unsafeWrite?.(bytes) ?? 0
    return stored === bytes.length ? Effect.void : upload.write(bytes.subarray(stored))
  })

/** What becomes of the bytes on their way: out of MODE Z, out of TYPE A, within the limits, to storage. */
const makeSink = Effect.fnUntraced(function* (
  { intake, mode, progress, representation, unsafeNow }: Request,
  path: VirtualPath.VirtualPath,
  upload: Upload,
  room: Quota.Room | undefined
) {
  const { largest, quota } = intake
  const isUnlimited = largest === Number.POSITIVE_INFINITY && quota?.isLimited !== true
  const replaces = upload.replaces ?? 0
  let size = upload.offset + progress.bytes
  let inflated = 0
  const write = (bytes: Uint8Array) =>
    Effect.suspend(() => {
      if (bytes.length === 0) return Effect.void
      size += bytes.length
      if (size > largest) return Effect.fail(new StorageError({ reason: "TooLarge", path }))
      progress.storing = true
      const written = Effect.map(put(upload, bytes), () => {
        progress.storing = false
        progress.movedAt = unsafeNow()
      })
      return room === undefined ? written : Effect.zipRight(room.cover(size - replaces), written)
    })
  /** Within the limits, as far as they are known to reach. */
  const unsafeFeed = (bytes: Uint8Array): number => {
    const after = size + bytes.length
    if (after > largest || room?.unsafeCovers(after - replaces) === false) return 0
    const stored = upload.unsafeWrite?.(bytes) ?? 0
    size += stored
    return stored
  }

  const decoder = representation === "A" ? LineEnds.decoder() : undefined
  const stored = decoder ? (bytes: Uint8Array) => Effect.suspend(() => write(decoder.unsafeTurn(bytes))) : write
  const flush = decoder ? Effect.suspend(() => write(decoder.unsafeFlush())) : Effect.void
  if (mode === "S") {
    const isStraight = decoder === undefined && upload.unsafeWrite !== undefined
    if (!isStraight) return { feed: stored, finish: flush }
    // Limits have to see how much it is before it is there.
    const isMoved = isUnlimited && upload.unsafeReceive !== undefined
    const unsafeReceive = isMoved ? (socket: number) => upload.unsafeReceive?.(socket) : undefined
    return { feed: stored, finish: flush, unsafeFeed, unsafeReceive }
  }

  const engine = yield* Deflate.inflate
  const unpacked = (bytes: Uint8Array) => {
    inflated += bytes.length
    const isBomb = isUnlimited && inflated > harmless && inflated > steepest * progress.bytes
    return isBomb ? Effect.fail(new StorageError({ reason: "TooDense", path })) : stored(bytes)
  }
  return {
    feed: (bytes: Uint8Array) => engine.feed(bytes, unpacked),
    finish: Effect.zipRight(engine.finish(unpacked), flush)
  }
})
