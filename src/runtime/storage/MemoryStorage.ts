import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { Entry } from "../../domain/Entry.ts"
import * as HiddenName from "../../domain/HiddenName.ts"
import * as Text from "../../domain/Text.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Guard from "./Guard.ts"
import * as HostPath from "./HostPath.ts"
import * as MemoryChanges from "./MemoryChanges.ts"
import * as MemoryTree from "./MemoryTree.ts"
import * as MemoryUpload from "./MemoryUpload.ts"
import * as Pull from "./Pull.ts"
import { type Readable, Storage, StorageError } from "./Storage.ts"

/**
 * Files that live in this process: for tests, for a server inside another program, and as the smallest example of a `Storage`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MemoryStorage {
  readonly storage: typeof Storage.Service
  /** Puts a file, directory or link in place of what has the name; directories on the way are made. */
  readonly put: (path: VirtualPath.VirtualPath, source: MemoryTree.Source) => Effect.Effect<void>
  /** Takes a name away with all below it; whoever has the file open still reads it to its end. */
  readonly remove: (path: VirtualPath.VirtualPath) => Effect.Effect<void>
}

/**
 * Content by path; a "/" in front may be left out.
 *
 * @since 0.1.0
 * @category models
 */
export type Files = Readonly<Record<string, MemoryTree.Source>>

const chunkSize = 64 * 1024
const batchLength = 256

const entry = (name: string, node: MemoryTree.Node): Entry => ({
  name,
  kind: node.kind,
  size: node.kind === "link" ? Text.byteLength(node.target) : node.content.length,
  modified: node.modified,
  mode: node.mode,
  links: 1,
  owner: "ftp",
  group: "ftp",
  unique: MemoryTree.uniqueOf(node),
  ...(node.kind === "link" ? { target: node.target } : {})
})

/** Copies into two buffers by turns, so that who keeps a chunk too long notices here and not first on a disk. */
const bytes = (content: Uint8Array, offset: number): Stream.Stream<Uint8Array> =>
  Pull.stream(
    Effect.sync(() => {
      const size = Math.min(chunkSize, Math.max(content.length - offset, 0))
      let [buffer, other] = [new Uint8Array(size), new Uint8Array(size)]
      let position = offset
      return Effect.sync(() => {
        if (position >= content.length) return undefined
        const piece = content.subarray(position, position + size)
        position += piece.length
        ;[buffer, other] = [other, buffer]
        buffer.set(piece)
        return Chunk.of(buffer.subarray(0, piece.length))
      })
    })
  )

const namesInOrder = (directory: MemoryTree.Node): ReadonlyArray<string> =>
  [...directory.children.keys()]
    .filter((name) => !HiddenName.is(name))
    .map((name) => ({ name, bytes: HostPath.fromText(name) }))
    .sort((one, other) => (one.bytes < other.bytes ? -1 : 1))
    .map(({ name }) => name)

const entries = (directory: MemoryTree.Node): Pull.Pull<Entry, never> => {
  const names = namesInOrder(directory)
  let position = 0
  return Effect.sync(() => {
    if (position >= names.length) return undefined
    const batch = names.slice(position, position + batchLength)
    position += batch.length
    return Chunk.filterMap(Chunk.unsafeFromArray(batch), (name) =>
      Option.map(Option.fromNullable(directory.children.get(name)), (node) => entry(name, node))
    )
  })
}

const readable = (root: MemoryTree.Node): Readable => {
  const refuse = (reason: StorageError["reason"], path: string) => Effect.fail(new StorageError({ reason, path }))

  const find = (path: VirtualPath.VirtualPath) =>
    Effect.suspend(() =>
      Either.match(MemoryTree.find(root, path), {
        onLeft: (reason) => refuse(reason, path),
        onRight: (node) => Effect.succeed(node)
      })
    )

  return {
    stat: (path) => Effect.map(find(path), (node) => entry(VirtualPath.basename(path), node)),
    open: (path) =>
      Effect.flatMap(find(path), (node) =>
        node.kind === "file"
          ? Effect.succeed({
              entry: entry(VirtualPath.basename(path), node),
              bytes: (offset) => bytes(node.content, offset)
            })
          : refuse("IsADirectory", path)
      ),
    list: (path) =>
      Pull.stream(
        Effect.flatMap(find(path), (node) =>
          node.kind === "directory" ? Effect.sync(() => entries(node)) : refuse("NotADirectory", path)
        )
      )
  }
}

const makeStorage = (tree: MemoryUpload.Tree): Storage["Type"] => {
  const home: Storage["Type"]["home"] = (home) =>
    Effect.suspend(() => {
      const found = Either.mapLeft(VirtualPath.resolve(VirtualPath.root, home), () => "InvalidName" as const).pipe(
        Either.flatMap((path) => MemoryTree.find(tree.root, path)),
        Either.filterOrLeft(
          ({ kind }) => kind === "directory",
          () => "NotADirectory" as const
        )
      )
      return Either.match(found, {
        onLeft: (reason) => Effect.fail(new StorageError({ reason, path: home })),
        onRight: (root) => Effect.succeed(makeStorage({ ...tree, root }))
      })
    })

  return Guard.guard({
    ...readable(tree.root),
    ...MemoryChanges.make(tree),
    store: (path, options) => MemoryUpload.begin(tree, path, options),
    home
  })
}

/**
 * What the tree gets at most: `capacity` in bytes of all files together and of uploads under way, beyond which writes fail with
 * `NoSpace`; without end by default. `umask` are the permission bits that new files and directories do not get, 0o022 by default.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly capacity?: number
  readonly umask?: number
}

/**
 * Makes a storage from contents by path and hands out the means to change it while it is served. A key that is no path is a
 * defect.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (files: Files = {}, options: Options = {}): Effect.Effect<MemoryStorage> =>
  Effect.gen(function* () {
    const root = MemoryTree.directory(yield* Clock.currentTimeMillis)
    const put: MemoryStorage["put"] = (path, source) =>
      Effect.map(Clock.currentTimeMillis, (now) => MemoryTree.put(root, path, source, now))
    for (const [key, source] of Object.entries(files)) {
      yield* put(Either.getOrThrow(VirtualPath.resolve(VirtualPath.root, key)), source)
    }
    return {
      storage: makeStorage({
        root,
        whole: root,
        capacity: options.capacity,
        umask: options.umask ?? 0o022,
        pending: new Map()
      }),
      put,
      remove: (path) => Effect.sync(() => MemoryTree.remove(root, path))
    }
  })

/**
 * Storage that begins with these files.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (files: Files = {}, options: Options = {}): Layer.Layer<Storage> =>
  Layer.effect(
    Storage,
    Effect.map(make(files, options), ({ storage }) => storage)
  )
