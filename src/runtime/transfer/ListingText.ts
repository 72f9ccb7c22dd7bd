import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Entry } from "../../domain/Entry.ts"
import * as Facts from "../../domain/Facts.ts"
import * as Glob from "../../domain/Glob.ts"
import * as Listing from "../../domain/Listing.ts"
import * as Rights from "../../domain/Rights.ts"
import type { Payload } from "../../domain/session/Action.ts"
import * as Text from "../../domain/Text.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import type { Storage, StorageError } from "../storage/Storage.ts"

/** What LIST, NLST and MLSD ask for. @since 0.1.0 @category models */
export type Listed = Extract<Payload, { readonly _tag: "Listing" | "Facts" }>

/** `now` is in milliseconds since the epoch. @since 0.1.0 @category models */
export interface Options {
  readonly now: number
  readonly rights: Rights.Rights
}

type Bytes = Stream.Stream<Uint8Array, StorageError>

/**
 * The lines of a listing. Fails with the storage's reason, with `NotADirectory` where MLSD names a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (
  storage: Storage["Type"],
  payload: Listed,
  options: Options
): Effect.Effect<Bytes, StorageError | "NotADirectory"> =>
  payload._tag === "Facts" ? openFacts(storage, payload, options.rights) : openListing(storage, payload, options)

const openListing = (
  storage: Storage["Type"],
  { itself, path, style, written }: Extract<Payload, { readonly _tag: "Listing" }>,
  { now, rights }: Options
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
    )
  )
}

/**
 * The text of a listing in this turn, as `open` gives it; `undefined` where that takes longer, or is for `open` to refuse.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeText = (storage: Storage["Type"], payload: Listed, { now, rights }: Options): string | undefined => {
  const { path } = payload
  const whole = <A>(shown: ReadonlyArray<A> | undefined, line: (one: A) => string) => shown && textOf(shown, line)
  if (payload._tag === "Facts") return whole(unsafeList(storage, path, rights), factsLine(payload, rights))
  if (payload.itself) return undefined
  if (payload.style === "Long") return whole(unsafeList(storage, path, rights), Listing.long(now))
  const prefix = Listing.prefix(payload.written, "inside")
  return whole(unsafeNames(storage, path, rights), (name) => Listing.name(name, prefix))
}

/**
 * The entries of a short directory in this turn but for those whose names are denied to the account; `undefined` where that takes longer,
 * or is for `list` to refuse.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeList = (
  storage: Storage["Type"],
  path: VirtualPath.VirtualPath,
  rights: Rights.Rights
): ReadonlyArray<Entry> | undefined => {
  const all = storage.unsafeList?.(path)
  return rights.denied.length === 0 ? all : all?.filter(({ name }) => !Rights.deniesName(rights, name))
}

const unsafeNames = (storage: Storage["Type"], path: VirtualPath.VirtualPath, rights: Rights.Rights) => {
  const all =
    storage.unsafeNames === undefined ? storage.unsafeList?.(path)?.map(({ name }) => name) : storage.unsafeNames(path)
  return rights.denied.length === 0 ? all : all?.filter((name) => !Rights.deniesName(rights, name))
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
    (entry): Effect.Effect<Bytes, "NotADirectory"> =>
      entry.kind === "directory"
        ? Effect.succeed(lines(list(storage, path, rights), line))
        : Effect.fail("NotADirectory")
  )
}

const lines = <A>(
  shown: Stream.Stream<A, StorageError>,
  line: (one: A) => string
): Stream.Stream<Uint8Array, StorageError> =>
  Stream.mapChunks(shown, (batch) => Chunk.of(Text.encode(textOf(batch, line))))

const textOf = <A>(some: Iterable<A>, line: (one: A) => string): string => {
  let text = ""
  for (const one of some) text += `${line(one)}\r\n`
  return text
}
