import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import * as HiddenName from "../../domain/HiddenName.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import * as Digester from "./Digester.ts"
import * as MemoryTree from "./MemoryTree.ts"
import { StorageError, type StoreOptions, type Upload } from "./Storage.ts"

/**
 * A tree as its clients see it: `whole` is all of what it is part of, whose `capacity` in bytes counts; `pending` are the bytes of
 * uploads under way, by their hidden names.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tree {
  readonly root: MemoryTree.Node
  readonly whole: MemoryTree.Node
  readonly capacity: number | undefined
  readonly umask: number
  readonly pending: Map<string, number>
}

/**
 * Bytes that still fit; `undefined` where there is no end to them.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeAvailable = ({ capacity, pending, whole }: Tree): number | undefined => {
  if (capacity === undefined) return undefined
  let used = MemoryTree.bytes(whole)
  for (const length of pending.values()) used += length
  return Math.max(0, capacity - used)
}

/**
 * The name under which the partial of a file is kept.
 *
 * @since 0.1.0
 * @category constructors
 */
export const partialName = (name: string): string => `${HiddenName.prefix}partial-${name}`

const uploadPrefix = `${HiddenName.prefix}upload-`

/**
 * Tells whether a name is of an upload under way.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isUpload = (name: string): boolean => name.startsWith(uploadPrefix)

let serial = 0

const admit = (
  node: MemoryTree.Node | undefined,
  { create, replace }: StoreOptions
): StorageError["reason"] | undefined => {
  if (node === undefined) return create ? undefined : "PermissionDenied"
  if (node.kind === "directory") return "IsADirectory"
  return replace ? undefined : "Exists"
}

/** The bytes in front, and whether they are a partial; `undefined` where the offset lies beyond everything. */
const choose = (
  offset: StoreOptions["offset"],
  file: Uint8Array | undefined,
  partial: Uint8Array | undefined
): { readonly front: Uint8Array; readonly claims: boolean } | undefined => {
  if (offset === 0) return { front: new Uint8Array(0), claims: false }
  if (offset === "end") return { front: file ?? new Uint8Array(0), claims: false }
  if (offset === "resume") return { front: file ?? partial ?? new Uint8Array(0), claims: file === undefined }
  if (partial?.length === offset) return { front: partial, claims: true }
  if (file !== undefined && offset <= file.length) return { front: file.subarray(0, offset), claims: false }
  if (partial === undefined || offset > partial.length) return undefined
  return { front: partial.subarray(0, offset), claims: true }
}

/**
 * Begins to store a file. Its bytes are gathered beside the tree; a hidden name holds its place in the directory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = (
  tree: Tree,
  path: VirtualPath,
  options: StoreOptions
): Effect.Effect<Upload, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const refuse = (reason: StorageError["reason"]) => new StorageError({ reason, path })
    const { name, node, parent } = yield* Either.mapLeft(MemoryTree.follow(tree.root, path), refuse)
    const fault = admit(node, options)
    if (fault !== undefined) return yield* refuse(fault)

    const partial = partialName(name)
    const chosen = choose(options.offset, node?.content, parent.children.get(partial)?.content)
    if (chosen === undefined) return yield* refuse("BadRestart")
    const expects = typeof options.offset !== "number" || (!chosen.claims && chosen.front.length > 0)
    const isPlain = chosen.claims || chosen.front.length === 0
    const hidden = `${uploadPrefix}${serial++}`
    const pieces = [chosen.front]
    const digester = Digester.make(options.digest)
    const state = { size: chosen.front.length, keep: options.partial === "keep", open: true, named: false }

    const isKept = () => state.keep && isPlain && state.size > 0 && !state.named

    const whole = () => Buffer.concat(pieces, state.size)

    const leave = Effect.map(Clock.currentTimeMillis, (now) => {
      if (!state.open) return
      state.open = false
      parent.children.delete(hidden)
      tree.pending.delete(hidden)
      if (isKept()) {
        parent.children.set(partial, MemoryTree.node("file", now, { content: whole() }))
      }
    })

    yield* Effect.acquireRelease(
      Effect.map(Clock.currentTimeMillis, (now) => {
        if (chosen.claims) parent.children.delete(partial)
        digester.unsafeUpdate(chosen.front)
        parent.children.set(hidden, MemoryTree.node("file", now))
        tree.pending.set(hidden, state.size)
      }),
      () => leave
    )

    const fits = (bytes: Uint8Array): boolean => bytes.length <= (unsafeAvailable(tree) ?? bytes.length)

    const take = (bytes: Uint8Array): void => {
      pieces.push(Uint8Array.from(bytes))
      state.size += bytes.length
      tree.pending.set(hidden, state.size)
      digester.unsafeUpdate(bytes)
    }

    const write = (bytes: Uint8Array) =>
      Effect.suspend(() => {
        if (!state.open) return refuse("Io")
        if (!fits(bytes)) return refuse("NoSpace")
        take(bytes)
        return Effect.void
      })

    const unsafeWrite = (bytes: Uint8Array): number => {
      if (!state.open || !fits(bytes)) return 0
      take(bytes)
      return bytes.length
    }

    const commit = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const there = parent.children.get(name)
      const fault = state.open ? (expects && there !== node ? "Busy" : admit(there, options)) : "Io"
      if (fault !== undefined) return refuse(fault)
      state.open = false
      state.named = true
      parent.children.delete(hidden)
      tree.pending.delete(hidden)
      if (options.partial === "keep") parent.children.delete(partial)
      const mode = there === undefined ? 0o666 & ~tree.umask : there.mode & 0o1777
      parent.children.set(name, MemoryTree.node("file", now, { content: whole(), mode }))
      return Effect.succeed({ size: state.size, digest: digester.unsafeDigest(), replaced: there?.content.length })
    })

    return {
      offset: state.size,
      replaces: node?.content.length,
      write,
      unsafeWrite,
      seal: Effect.void,
      commit,
      discard: Effect.sync(() => {
        state.keep = false
      }),
      unsafeIsKept: isKept
    }
  })
