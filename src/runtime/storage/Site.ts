import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import type * as Status from "../platform/Status.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as HostPath from "./HostPath.ts"
import * as Reach from "./Reach.ts"
import type { Place, Root } from "./Root.ts"

/**
 * A name in a directory that is held open: what is done there stays there, whatever happens to the way that led to it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Site {
  readonly place: Place
  /** The last name, which no call on it follows if it is a link. */
  readonly name: HostPath.HostPath
}

const { EINVAL, EISDIR, ELOOP } = Os.constants.errno

const nameless = new Set(["/", "..", "", "."])

/** Bytes of the longest name that Linux knows. */
const longestName = 255

/**
 * The name that a path ends in; `undefined` where that is none that a file could have.
 *
 * @since 0.1.0
 * @category getters
 */
export const lastName = (path: VirtualPath.VirtualPath): HostPath.HostPath | undefined => {
  const name = VirtualPath.basename(path)
  if (nameless.has(name)) return undefined
  const hostName = HostPath.fromText(name)
  return hostName.length > longestName ? undefined : hostName
}

const nameOf = (path: VirtualPath.VirtualPath): Effect.Effect<HostPath.HostPath, NodeCall.SystemError> => {
  const name = VirtualPath.basename(path)
  if (name === "/") return Effect.fail(NodeCall.systemError(EISDIR, "open"))
  if (name === "..") return Effect.fail(Reach.outside())
  if (name === "" || name === ".") return Effect.fail(NodeCall.systemError(EINVAL, "open"))
  return Effect.succeed(HostPath.fromText(name))
}

/**
 * Goes to the directory a name lies in, whether anything has the name or not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const enter = (
  root: Root,
  path: VirtualPath.VirtualPath
): Effect.Effect<Site, NodeCall.SystemError, Scope.Scope> =>
  Effect.flatMap(nameOf(path), (name) => Effect.map(root.enter(VirtualPath.parent(path)), (place) => ({ place, name })))

/**
 * The same for what a link at the end of the path points at, and what has the name there. A link to nothing fails with `ENOENT`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const follow = (
  root: Root,
  path: VirtualPath.VirtualPath
): Effect.Effect<Site & { readonly status: Status.Status | undefined }, NodeCall.SystemError, Scope.Scope> =>
  Effect.gen(function* () {
    const site = yield* enter(root, path)
    const status = yield* Disk.look(site.place, site.name)
    if (status === undefined || Entries.kind(status.mode) !== "link") return { ...site, status }
    const real = yield* enter(root, yield* root.resolve(path))
    const there = yield* Disk.look(real.place, real.name)
    // A real path has no links: this one has just been put there.
    if (there !== undefined && Entries.kind(there.mode) === "link") {
      return yield* Effect.fail(NodeCall.systemError(ELOOP, "open"))
    }
    return { ...real, status: there }
  })
