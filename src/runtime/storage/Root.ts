import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { Descriptor, Owned } from "../platform/Descriptor.ts"
import type { Names } from "../platform/Folder.ts"
import type { SystemError } from "../platform/NodeCall.ts"
import type { Status } from "../platform/Status.ts"
import type { HostPath } from "./HostPath.ts"
import type { Version } from "./RecentNames.ts"

/**
 * Something of the host held open, so that what is done to it is done to it and to nothing that took its name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  /** A path that leads there; through the descriptor where the system can, so that no swap leads away. */
  readonly reach: HostPath
  /** To be held by every call that uses `reach`: a number that was given anew would make it lead elsewhere. */
  readonly descriptor: Descriptor
}

/**
 * A directory of the host that was opened in this turn, and that its owner closes.
 *
 * @since 0.1.0
 * @category models
 */
export interface OwnedPlace extends Place {
  readonly descriptor: Owned
  /** `lstat` in this turn; `undefined` where the name is gone or refused. */
  readonly look: (name: HostPath) => Status | undefined
  /** The same, with the error number where the name is gone or refused. */
  readonly ask: (name: HostPath) => Status | number
}

/**
 * A directory of the host held open for a listing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Directory extends Place {
  readonly names: Names
  /** `lstat` in this turn; `undefined` where the name is gone or refused. */
  readonly look: (name: HostPath) => Status | undefined
  /** Tells this content from any later one; left out where nobody can. */
  readonly unsafeVersion?: () => Version | undefined
  /** How often this thread has waited for a disk; left out where nobody can tell that from the time that went by. */
  readonly unsafeWaits?: () => number
}

/**
 * The same, opened in this turn for a listing in this turn, that its owner closes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Prompt extends OwnedPlace {
  /** All of its names but "." and "..", in storage order, or nothing where they are many; absent where a disk may have to be waited for. */
  readonly unsafeNames: (() => ReadonlyArray<HostPath> | undefined) | undefined
  readonly unsafeVersion: () => Version | undefined
  readonly unsafeWaits: Directory["unsafeWaits"] | undefined
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
  /**
   * The same in this turn, if all that takes is in the kernel's cache or there is no disk, with the error number where `look` would fail;
   * anything else is for `look` to find out.
   */
  readonly unsafeLook?: (path: VirtualPath) => Status | number | undefined
  /** Opens for reading, whatever it is; never waits for the other end of a FIFO. */
  readonly open: (path: VirtualPath) => Effect.Effect<Descriptor, SystemError, Scope.Scope>
  /**
   * Opens a regular file for reading if all that takes is in the kernel's cache; anything else is for `open` to find out. Absent where that
   * cannot be told.
   */
  readonly unsafeOpen?: (path: VirtualPath) => { readonly file: Owned; readonly size: number } | undefined
  /** Opens for listing; `ENOTDIR` for anything else. */
  readonly openDirectory: (path: VirtualPath) => Effect.Effect<Directory, SystemError, Scope.Scope>
  /** The same in this turn, if all that takes is in the kernel's cache; anything else is for `openDirectory` to find out. */
  readonly unsafeOpenDirectory?: (path: VirtualPath) => Prompt | undefined
  /** Opens a directory to make, move and delete names in it; `ENOTDIR` for anything else. */
  readonly enter: (path: VirtualPath) => Effect.Effect<Place, SystemError, Scope.Scope>
  /** The same in this turn, if all that takes is in the kernel's cache; anything else is for `enter` to find out. */
  readonly unsafeEnter?: (path: VirtualPath) => OwnedPlace | undefined
  /** Holds what stands under a name, links followed, without opening it for reading where the system can. */
  readonly place: (path: VirtualPath) => Effect.Effect<Place, SystemError, Scope.Scope>
  /** The real path of a name, every link on the way resolved, as the path of a client. */
  readonly resolve: (path: VirtualPath) => Effect.Effect<VirtualPath, SystemError>
}
