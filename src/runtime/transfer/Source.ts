import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Ascii from "../../domain/Ascii.ts"
import type { Entry } from "../../domain/Entry.ts"
import * as Facts from "../../domain/Facts.ts"
import * as Glob from "../../domain/Glob.ts"
import * as Listing from "../../domain/Listing.ts"
import * as Rights from "../../domain/Rights.ts"
import type { Payload, Upload } from "../../domain/session/Action.ts"
import type { Representation } from "../../domain/session/State.ts"
import * as Text from "../../domain/Text.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import type { Descriptor } from "../platform/Descriptor.ts"
import type { SystemError } from "../platform/NodeCall.ts"
import * as HostError from "../storage/HostError.ts"
import * as Pull from "../storage/Pull.ts"
import type { Storage, StorageError } from "../storage/Storage.ts"

/**
 * Bytes ready to be sent. A chunk's memory is good until the next one is asked for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** Bytes in all, where that is known before they are read. */
  readonly size: number | undefined
  readonly bytes: Effect.Effect<Pull.Pull<Uint8Array, StorageError>, never, Scope.Scope>
  /** The file they are a part of as it lies there, for who can do without `bytes`. */
  readonly plain?: Plain
}

/**
 * A part of a file that is open: `length` bytes from `offset` on, and what a failure to read it is reported as.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plain {
  readonly file: Descriptor
  readonly offset: number
  readonly length: number
  readonly toError: (cause: SystemError) => StorageError
}

/**
 * Finds what a transfer command names. Fails with the storage's reason, with `BadRestart` where the restart marker lies
 * beyond the end, with `NotADirectory` where MLSD names a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (
  storage: Storage["Type"],
  payload: Exclude<Payload, Upload>,
  options: {
    readonly representation: Representation
    readonly rights: Rights.Rights
    readonly now: number
  }
): Effect.Effect<Source, StorageError | "BadRestart" | "NotADirectory", Scope.Scope> => {
  switch (payload._tag) {
    case "File":
      return openFile(storage, payload, options.representation)
    case "Listing":
      return openListing(storage, payload, options)
    case "Facts":
      return openFacts(storage, payload, options.rights)
  }
}

const openFile = (
  storage: Storage["Type"],
  { end = Number.POSITIVE_INFINITY, offset, path }: Extract<Payload, { readonly _tag: "File" }>,
  representation: Representation
) =>
  Effect.flatMap(storage.open(path), (file): Effect.Effect<Source, "BadRestart"> => {
    if (representation === "A") {
      const bytes = ascii(file.pull?.(0) ?? Pull.fromStream(file.bytes(0)), offset)
      return Effect.succeed({ size: undefined, bytes: limited(bytes, end - offset) })
    }
    const stop = Math.min(end, file.entry.size)
    return offset > file.entry.size
      ? Effect.fail("BadRestart")
      : Effect.succeed({
          size: Math.max(0, stop - offset),
          ...(file.file === undefined ? {} : { plain: plain(path, file.file, offset, Math.max(0, stop - offset)) }),
          bytes: limited(file.pull?.(offset) ?? Pull.fromStream(file.bytes(offset)), end - offset)
        })
  })

/**
 * The part of a file that is sent as it lies there.
 *
 * @since 0.1.0
 * @category constructors
 */
export const plain = (path: VirtualPath.VirtualPath, file: Descriptor, offset: number, length: number): Plain => ({
  file,
  offset,
  length,
  toError: HostError.toStorageError(path)
})

/** The first so many bytes. */
const limited = (bytes: Source["bytes"], length: number): Source["bytes"] =>
  length === Number.POSITIVE_INFINITY
    ? bytes
    : Effect.map(bytes, (pull) => {
        let left = Math.max(0, length)
        return Effect.suspend(() =>
          left === 0
            ? Effect.succeed(undefined)
            : Effect.map(pull, (chunk) => {
                if (chunk === undefined) return undefined
                return Chunk.map(chunk, (bytes) => {
                  const taken = bytes.subarray(0, left)
                  left -= taken.length
                  return taken
                })
              })
        )
      })

/** A restart marker counts bytes as they are sent (RFC 3659 section 5), so in TYPE A the line ends count as two. */
const ascii = (bytes: Source["bytes"], offset: number): Source["bytes"] =>
  Effect.map(bytes, (pull) => {
    let state = Ascii.emptyEncode
    let left = offset
    const encode = (chunk: Uint8Array): Uint8Array => {
      const [next, encoded] = Ascii.encode(state, chunk)
      state = next
      const skipped = Math.min(left, encoded.length)
      left -= skipped
      return encoded.subarray(skipped)
    }
    return Effect.map(pull, (chunk) => chunk && Chunk.map(chunk, encode))
  })

const openListing = (
  storage: Storage["Type"],
  { itself, path, style, written }: Extract<Payload, { readonly _tag: "Listing" }>,
  { now, rights }: { readonly now: number; readonly rights: Rights.Rights }
) => {
  const long = (entries: Stream.Stream<Entry, StorageError>) => lines(entries, Listing.long(now))
  const short = (names: Stream.Stream<string, StorageError>, where: "inside" | "beside") => {
    const prefix = Listing.prefix(written, where)
    return lines(names, (name) => Listing.name(name, prefix))
  }
  const one = (entry: Entry) => (style === "Long" ? long(Stream.make(entry)) : short(Stream.make(entry.name), "beside"))
  const inside = () =>
    style === "Long" ? long(list(storage, path, rights)) : short(names(storage, path, rights), "inside")
  const pattern = VirtualPath.basename(path)
  const matching = () => {
    const matches = Glob.compile(pattern)
    const folder = VirtualPath.parent(path)
    return style === "Long"
      ? long(Stream.filter(list(storage, folder, rights), (entry) => matches(entry.name)))
      : short(Stream.filter(names(storage, folder, rights), matches), "beside")
  }
  return storage.stat(path).pipe(
    Effect.map((entry) => (entry.kind === "directory" && !itself ? inside() : one(entry))),
    Effect.catchIf(
      ({ reason }) => reason === "NotFound" && Glob.isPattern(pattern),
      () => Effect.succeed(matching())
    ),
    Effect.map((bytes): Source => ({ size: undefined, bytes: Pull.fromStream(bytes) }))
  )
}

/**
 * The text of a listing in this turn, as `open` gives it; `undefined` where that takes longer, or is for `open` to refuse.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeText = (
  storage: Storage["Type"],
  payload: Extract<Payload, { readonly _tag: "Listing" | "Facts" }>,
  { now, rights }: { readonly now: number; readonly rights: Rights.Rights }
): string | undefined => {
  if (payload._tag === "Listing" && payload.itself) return undefined
  const entries = storage.unsafeList?.(payload.path)
  if (entries === undefined) return undefined
  const line = payload._tag === "Facts" ? factsLine(payload, rights) : listingLine(payload, now)
  let text = ""
  for (const entry of entries) {
    if (!Rights.deniesName(rights, entry.name)) text += `${line(entry)}\r\n`
  }
  return text
}

const listingLine = (
  { style, written }: Extract<Payload, { readonly _tag: "Listing" }>,
  now: number
): ((entry: Entry) => string) => {
  if (style === "Long") return Listing.long(now)
  const prefix = Listing.prefix(written, "inside")
  return ({ name }) => Listing.name(name, prefix)
}

/**
 * The entries of a directory but for those whose names are denied to the account.
 *
 * @since 0.1.0
 * @category streams
 */
export const list = (
  storage: Storage["Type"],
  path: VirtualPath.VirtualPath,
  rights: Rights.Rights
): Stream.Stream<Entry, StorageError> =>
  rights.denied.length === 0
    ? storage.list(path)
    : Stream.filter(storage.list(path), ({ name }) => !Rights.deniesName(rights, name))

/** The names alone, without having the storage look at what they stand for where it need not. */
const names = (
  storage: Storage["Type"],
  path: VirtualPath.VirtualPath,
  rights: Rights.Rights
): Stream.Stream<string, StorageError> => {
  const all = storage.names?.(path) ?? Stream.map(storage.list(path), ({ name }) => name)
  return rights.denied.length === 0 ? all : Stream.filter(all, (name) => !Rights.deniesName(rights, name))
}

const factsLine = (
  { facts, path }: Extract<Payload, { readonly _tag: "Facts" }>,
  rights: Rights.Rights
): ((entry: Entry) => string) => {
  const here = Rights.at(rights, path)
  const isSame = !rights.prefixes.some((prefix) => prefix.path !== path && VirtualPath.contains(path, prefix.path))
  const permissions = isSame ? () => here : (entry: Entry) => Rights.at(rights, VirtualPath.join(path, entry.name))
  const write = Facts.line(facts)
  return (entry) => write(entry, { permissions: permissions(entry) })
}

const openFacts = (
  storage: Storage["Type"],
  payload: Extract<Payload, { readonly _tag: "Facts" }>,
  rights: Rights.Rights
) => {
  const { path } = payload
  const line = factsLine(payload, rights)
  return Effect.flatMap(
    storage.stat(path),
    (entry): Effect.Effect<Source, "NotADirectory"> =>
      entry.kind === "directory"
        ? Effect.succeed({ size: undefined, bytes: Pull.fromStream(lines(list(storage, path, rights), line)) })
        : Effect.fail("NotADirectory")
  )
}

const lines = <A>(
  shown: Stream.Stream<A, StorageError>,
  line: (one: A) => string
): Stream.Stream<Uint8Array, StorageError> =>
  Stream.mapChunks(shown, (batch) => {
    let text = ""
    for (const one of batch) text += `${line(one)}\r\n`
    return Chunk.of(Text.encode(text))
  })
