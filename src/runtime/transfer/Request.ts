import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Rights } from "../../domain/Rights.ts"
import type { Payload } from "../../domain/session/Action.ts"
import type { Mode, Representation } from "../../domain/session/State.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import type { After } from "../platform/EventLoop.ts"
import type * as Tcp from "../platform/Tcp.ts"
import type { ChunkPool } from "../storage/ChunkPool.ts"
import type { Storage, Stored, StoreOptions, Upload } from "../storage/Storage.ts"
import type { Begun } from "./Begun.ts"
import type { DataConnectionError } from "./DataConnection.ts"
import type { Progress } from "./Progress.ts"
import type { Quota } from "./Quota.ts"
import type { Throttle } from "./Throttle.ts"

/**
 * One transfer as the session asks for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly storage: Storage["Type"]
  readonly payload: Payload
  readonly representation: Representation
  readonly mode: Mode
  readonly rights: Rights
  /** Gets the one data connection; it is dropped with the scope. */
  readonly connect: Effect.Effect<Tcp.Connection, DataConnectionError, Scope.Scope>
  /**
   * Called once what is sent has been found, or what comes has its place, before the data connection is asked for. `name` is the one
   * that the server chose.
   */
  readonly opened: (size: number | undefined, name?: string) => void
  /** What has been found and connected already; those who hold it close it. */
  readonly begun: Begun | undefined
  readonly progress: Progress
  readonly throttle: Throttle | undefined
  /** Milliseconds since the epoch. */
  readonly unsafeNow: () => number
  readonly unsafeAfter: After
  readonly intake: Intake
}

/**
 * What only uploads need to know.
 *
 * @since 0.1.0
 * @category models
 */
export interface Intake {
  /** Where the bytes pass. */
  readonly pool: ChunkPool
  readonly store: Pick<StoreOptions, "partial" | "digest" | "sync">
  /** The largest file that is taken, in bytes. */
  readonly largest: number
  readonly quota: Quota | undefined
  /** The control connection has ended without a QUIT. */
  readonly unsafeIsDeserted: () => boolean
  /** With TLS, an end without a close_notify is a cut. */
  readonly needsCloseNotify: boolean
  /** Called in the turn in which the file has its name. */
  readonly stored: (path: VirtualPath, stored: Stored) => void
  /** Called when the upload has begun, with the name it is for. */
  readonly begun: (path: VirtualPath, upload: Upload) => void
}
