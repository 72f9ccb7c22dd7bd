import type { Entry, Kind } from "../../domain/Entry.ts"
import type { Status } from "../platform/Status.ts"
import * as HostPath from "./HostPath.ts"
import type { OwnerNames } from "./OwnerNames.ts"

const typeBits = 0o170000

/**
 * What a `st_mode` stands for.
 *
 * @since 0.1.0
 * @category getters
 */
export const kind = (mode: number): Kind => {
  switch (mode & typeBits) {
    case 0o100000:
      return "file"
    case 0o040000:
      return "directory"
    case 0o120000:
      return "link"
    default:
      return "other"
  }
}

/**
 * The entry of a name, `name` and `target` being text for clients.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStatus = (name: string, status: Status, owners: OwnerNames, target?: string): Entry => ({
  name,
  kind: kind(status.mode),
  size: status.size,
  modified: status.modified,
  mode: status.mode & 0o7777,
  links: status.links,
  owner: owners.user(status.uid),
  group: owners.group(status.gid),
  unique: status.unique,
  ...(target === undefined ? {} : { target })
})

/**
 * What a client is told of a link's target: a relative one as it is, an absolute one as the client's path, and nothing of one
 * that names a place of the host outside the root.
 *
 * @since 0.1.0
 * @category conversions
 */
export const visibleTarget = (root: HostPath.HostPath, target: HostPath.HostPath): string | undefined => {
  if (!target.startsWith("/")) return HostPath.toText(target)
  const inside = HostPath.below(root, target)
  return inside === undefined ? undefined : inside === "." ? "/" : `/${HostPath.toText(inside)}`
}
