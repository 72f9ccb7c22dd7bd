import type * as Scope from "effect/Scope"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { Ledger } from "../limits/Ledger.ts"
import type { Topic } from "../observe/Interest.ts"
import type { Tcp } from "../platform/Tcp.ts"
import type { ChunkPool } from "../storage/ChunkPool.ts"
import type { Storage } from "../storage/Storage.ts"
import type { Provider } from "../tls/Tls.ts"
import type { PassivePorts } from "../transfer/PassivePorts.ts"
import type { Timers } from "./Timers.ts"

/**
 * What every session of a shard shares, looked up once rather than at each session's start.
 *
 * @since 0.1.0
 * @category models
 */
export interface House {
  readonly config: FtpConfig
  /** The storage's own tree; an account with a home has another. */
  readonly storage: Storage["Type"]
  readonly ledger: Ledger["Type"]
  readonly tcp: Tcp["Type"]
  readonly passivePorts: PassivePorts
  readonly tls: Provider
  readonly timers: Timers["Type"]
  readonly unsafeTell: (event: ServerEvent) => void
  readonly unsafeWants: (topic: Topic) => boolean
  /** Buffers that uploads pass through. */
  readonly chunks: ChunkPool
  /** Where changes to files go on whose session has gone. */
  readonly scope: Scope.Scope
}
