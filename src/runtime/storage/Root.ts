import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Descriptor } from "../platform/Descriptor.ts"
import type { Names } from "../platform/Folder.ts"
import type { SystemError } from "../platform/NodeCall.ts"
import type { Status } from "../platform/Status.ts"
import type { HostPath } from "./HostPath.ts"

/**
 * A directory of the host held open for a listing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Directory {
  /** A path by which the names in it are reached; through the descriptor where the system can, so that no swap leads away. */
  readonly reach: HostPath
  readonly names: Names
  /** `lstat` in this turn; `undefined` where the name is gone or refused. */
  readonly look: (name: HostPath) => Status | undefined
}

/**
 * The confined tree: the only way from a client's path to something on the host's disk. How it is confined differs
 * (`KernelRoot`, `PortableRoot`), what it promises does not.
 *
 * @since 0.1.0
 * @category models
 */
export interface Root {
  /** The root's own real path. */
  readonly path: HostPath
  /** What stands under a name, links followed, without opening it for reading. */
  readonly look: (path: VirtualPath) => Effect.Effect<Status, SystemError>
  /** Opens for reading, whatever it is; never waits for the other end of a FIFO. */
  readonly open: (path: VirtualPath) => Effect.Effect<Descriptor, SystemError, Scope.Scope>
  /** Opens for listing; `ENOTDIR` for anything else. */
  readonly openDirectory: (path: VirtualPath) => Effect.Effect<Directory, SystemError, Scope.Scope>
}
