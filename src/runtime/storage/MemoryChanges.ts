import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HiddenName from "../../domain/HiddenName.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as MemoryTree from "./MemoryTree.ts"
import * as MemoryUpload from "./MemoryUpload.ts"
import { StorageError, type Writable } from "./Storage.ts"

/** Only what uploads left. */
const isHollow = ({ children }: MemoryTree.Node): boolean =>
  [...children.keys()].every((name) => HiddenName.is(name) && !MemoryUpload.isUpload(name))

const holds = (tree: MemoryTree.Node, wanted: MemoryTree.Node): boolean =>
  tree === wanted || [...tree.children.values()].some((child) => holds(child, wanted))

/**
 * Everything that changes the tree but uploads.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (tree: MemoryUpload.Tree): Omit<Writable, "store" | "home"> => {
  const refuse = (reason: StorageError["reason"], path: string) => Either.left(new StorageError({ reason, path }))

  const locate = (path: VirtualPath.VirtualPath) =>
    Either.mapLeft(MemoryTree.locate(tree.root, path), (reason) => new StorageError({ reason, path }))

  const find = (path: VirtualPath.VirtualPath) =>
    Either.mapLeft(MemoryTree.find(tree.root, path), (reason) => new StorageError({ reason, path }))

  const isOther = (path: VirtualPath.VirtualPath, unique: string) =>
    MemoryTree.uniqueOf(Either.getOrUndefined(MemoryTree.find(tree.root, path))) !== unique

  const remove = (path: VirtualPath.VirtualPath, only: { readonly unique: string } | undefined) =>
    Either.flatMap(locate(path), ({ name, node, parent }) => {
      const partial = MemoryUpload.partialName(name)
      if (node === undefined) {
        return only === undefined && parent.children.delete(partial)
          ? Either.right(undefined)
          : refuse("NotFound", path)
      }
      if (node.kind === "directory") return refuse("IsADirectory", path)
      if (only !== undefined && isOther(path, only.unique)) return refuse("Busy", path)
      parent.children.delete(name)
      parent.children.delete(partial)
      return Either.right(node.content.length)
    })

  const makeDirectory = (path: VirtualPath.VirtualPath, now: number) => {
    if (path === VirtualPath.root) return refuse("Exists", path)
    return Either.flatMap(locate(path), ({ name, node, parent }) => {
      if (node !== undefined) return refuse("Exists", path)
      parent.children.set(name, MemoryTree.node("directory", now, { mode: 0o777 & ~tree.umask }))
      return Either.void
    })
  }

  const removeDirectory = (path: VirtualPath.VirtualPath) => {
    if (path === VirtualPath.root) return refuse("PermissionDenied", path)
    return Either.flatMap(locate(path), ({ name, node, parent }) => {
      if (node === undefined) return refuse("NotFound", path)
      if (node.kind !== "directory") return refuse("NotADirectory", path)
      if (!isHollow(node)) return refuse("NotEmpty", path)
      parent.children.delete(name)
      return Either.void
    })
  }

  const rename = (from: VirtualPath.VirtualPath, to: VirtualPath.VirtualPath, replace: boolean) => {
    if (from === VirtualPath.root) return refuse("PermissionDenied", to)
    if (to === VirtualPath.root) return refuse("Exists", to)
    const located = Either.mapLeft(
      Either.all([locate(from), locate(to)]),
      ({ reason }) => new StorageError({ reason, path: to })
    )
    return Either.flatMap(located, ([old, target]) => {
      const { node } = old
      if (node === undefined) return refuse("NotFound", to)
      if (node === target.node) return Either.right(undefined)
      if (target.node !== undefined && (!replace || target.node.kind === "directory" || node.kind === "directory")) {
        return refuse("Exists", to)
      }
      if (holds(node, target.parent)) return refuse("InvalidName", to)
      old.parent.children.delete(old.name)
      target.parent.children.set(target.name, node)
      return Either.right(target.node?.kind === "file" ? target.node.content.length : undefined)
    })
  }

  return {
    remove: (path, only) => Effect.suspend(() => remove(path, only)),
    makeDirectory: (path) => Effect.flatMap(Clock.currentTimeMillis, (now) => makeDirectory(path, now)),
    removeDirectory: (path) => Effect.suspend(() => removeDirectory(path)),
    rename: (from, to, { replace }) => Effect.suspend(() => rename(from, to, replace)),
    setAttributes: (path, { mode, modified }) =>
      Effect.suspend(() =>
        Either.map(find(path), (node) => {
          if (mode !== undefined) node.mode = mode & 0o1777
          if (modified !== undefined) node.modified = modified
        })
      ),
    partial: (path) =>
      Effect.sync(() => {
        const site = Either.getOrUndefined(MemoryTree.follow(tree.root, path))
        return site?.parent.children.get(MemoryUpload.partialName(site.name))?.content.length
      }),
    available: (path) =>
      Effect.suspend(() =>
        Either.map(
          Either.orElse(find(path), (error) =>
            error.reason === "NotFound" ? find(VirtualPath.parent(path)) : Either.left(error)
          ),
          () => MemoryUpload.unsafeAvailable(tree)
        )
      )
  }
}
