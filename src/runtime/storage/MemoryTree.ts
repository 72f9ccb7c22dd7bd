import * as Either from "effect/Either"
import type { Kind } from "../../domain/Entry.ts"
import * as Text from "../../domain/Text.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import type { StorageError } from "./Storage.ts"

/**
 * What a name is to stand for: the content of a file (text is UTF-8) alone or with its attributes, a `link` to a relative or
 * absolute place in the same tree, or a `directory`, needed only where it is empty or has attributes. `modified` is in
 * milliseconds since the epoch, `mode` the permission bits.
 *
 * @since 0.1.0
 * @category models
 */
export type Source =
  | string
  | Uint8Array
  | (Attributes & ({ content: string | Uint8Array } | { link: string } | { directory: true }))

interface Attributes {
  readonly modified?: number
  readonly mode?: number
}

/**
 * One file, directory or link; only the part that belongs to its `kind` is used.
 *
 * @since 0.1.0
 * @category models
 */
export interface Node {
  readonly kind: Exclude<Kind, "other">
  readonly content: Uint8Array
  readonly children: Map<string, Node>
  readonly target: string
  modified: number
  mode: number
  /** Tells two nodes apart, whatever they are called. */
  readonly serial: number
}

const nothing = new Uint8Array(0)
const defaultMode = { file: 0o644, directory: 0o755, link: 0o777 } as const
const mostLinks = 40

let serial = 0

/**
 * A new node; what is not given is empty, of now, and has the usual mode.
 *
 * @since 0.1.0
 * @category constructors
 */
export const node = (kind: Node["kind"], now: number, given: Partial<Node> = {}): Node => ({
  kind,
  content: nothing,
  children: new Map(),
  target: "",
  modified: now,
  mode: defaultMode[kind],
  ...given,
  serial: serial++
})

/**
 * {@link Node.serial} as entries tell it; "" of nothing.
 *
 * @since 0.1.0
 * @category getters
 */
export const uniqueOf = (node: Node | undefined): string => node?.serial.toString(36) ?? ""

/**
 * An empty directory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const directory = (now: number): Node => node("directory", now)

const contentOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === "string" ? Text.encode(content) : content

const fromSource = (source: Source, now: number): Node => {
  if (typeof source === "string" || source instanceof Uint8Array)
    return node("file", now, { content: contentOf(source) })
  if ("link" in source) {
    const { link, ...attributes } = source
    return node("link", now, { ...attributes, target: link })
  }
  if ("content" in source) return node("file", now, { ...source, content: contentOf(source.content) })
  const { directory: _, ...attributes } = source
  return node("directory", now, attributes)
}

const childDirectory = (parent: Node, name: string, now: number): Node => {
  const there = parent.children.get(name)
  if (there?.kind === "directory") return there
  const made = directory(now)
  parent.children.set(name, made)
  return made
}

/**
 * Puts `source` under a name in place of what stood there; what is missing on the way becomes directories, and so does
 * what is none. The root itself stays.
 *
 * @since 0.1.0
 * @category mutations
 */
export const put = (root: Node, path: VirtualPath.VirtualPath, source: Source, now: number): void => {
  if (path === VirtualPath.root) return
  let parent = root
  for (const name of VirtualPath.segments(VirtualPath.parent(path))) parent = childDirectory(parent, name, now)
  parent.children.set(VirtualPath.basename(path), fromSource(source, now))
}

/**
 * Takes a name away with all below it; a name that is not there stays so.
 *
 * @since 0.1.0
 * @category mutations
 */
export const remove = (root: Node, path: VirtualPath.VirtualPath): void => {
  const parent = find(root, VirtualPath.parent(path))
  if (Either.isRight(parent)) parent.right.children.delete(VirtualPath.basename(path))
}

/**
 * A name in a directory, and what has it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Site {
  readonly parent: Node
  readonly name: string
  readonly node: Node | undefined
}

const nameFault = (name: string): StorageError["reason"] | undefined =>
  name.includes("\0") ? "InvalidName" : Text.byteLength(name) > VirtualPath.maxNameLength ? "NameTooLong" : undefined

/** The node, and the directories on the real way to it. */
const walk = (
  root: Node,
  path: VirtualPath.VirtualPath
): Either.Either<{ readonly here: Node; readonly way: ReadonlyArray<Node> }, StorageError["reason"]> => {
  const way: Array<Node> = []
  const ahead = [...VirtualPath.segments(path)].reverse()
  let here = root
  let links = 0
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (here.kind !== "directory") return Either.left("NotADirectory")
    if (name === "" || name === ".") continue
    if (name === "..") {
      const above = way.pop()
      if (above === undefined) return Either.left("OutsideRoot")
      here = above
      continue
    }
    const fault = nameFault(name)
    if (fault !== undefined) return Either.left(fault)
    const child = here.children.get(name)
    if (child === undefined) return Either.left("NotFound")
    if (child.kind !== "link") {
      way.push(here)
      here = child
      continue
    }
    links += 1
    if (links > mostLinks) return Either.left("OutsideRoot")
    if (child.target.startsWith("/")) {
      way.length = 0
      here = root
    }
    ahead.push(...child.target.split("/").reverse())
  }
  return Either.right({ here, way })
}

/**
 * Walks to what a path stands for as a disk would: links are followed, at most 40, and one that climbs above the root is refused
 * (`OutsideRoot`).
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (root: Node, path: VirtualPath.VirtualPath): Either.Either<Node, StorageError["reason"]> =>
  Either.map(walk(root, path), ({ here }) => here)

/**
 * Walks to the directory a name lies in; the name itself may be free, and is not followed if it is a link.
 *
 * @since 0.1.0
 * @category getters
 */
export const locate = (root: Node, path: VirtualPath.VirtualPath): Either.Either<Site, StorageError["reason"]> =>
  Either.flatMap(find(root, VirtualPath.parent(path)), (parent) => {
    const name = VirtualPath.basename(path)
    if (parent.kind !== "directory") return Either.left("NotADirectory")
    if (name === "/") return Either.left("IsADirectory")
    if (name === "..") return Either.left("OutsideRoot")
    if (name === "" || name === ".") return Either.left("InvalidName")
    const fault = nameFault(name)
    return fault === undefined ? Either.right({ parent, name, node: parent.children.get(name) }) : Either.left(fault)
  })

/**
 * The same for what a link at the end of the path points at.
 *
 * @since 0.1.0
 * @category getters
 */
export const follow = (root: Node, path: VirtualPath.VirtualPath): Either.Either<Site, StorageError["reason"]> =>
  Either.flatMap(locate(root, path), (site) =>
    site.node?.kind !== "link"
      ? Either.right(site)
      : Either.flatMap(walk(root, path), ({ here, way }) => {
          const parent = way.at(-1)
          for (const [name, node] of parent?.children ?? []) {
            if (parent !== undefined && node === here) return Either.right({ parent, name, node })
          }
          return Either.left("IsADirectory" as const)
        })
  )

/**
 * The bytes of all files in a tree.
 *
 * @since 0.1.0
 * @category getters
 */
export const bytes = (from: Node): number => {
  let sum = from.content.length
  for (const child of from.children.values()) sum += bytes(child)
  return sum
}
