import type { Counter } from "./AcceptorProtocol.ts"
import type { ShardStats } from "./Shards.ts"

/**
 * The server in numbers.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerStats {
  /** Clients inside now, waiting ones included. */
  readonly clients: number
  /**
   * Since the start: connections accepted, and clients told 421 by the acceptor: for a ban, for the limit of all clients, for want of room, for
   * the limit of their address, for a drain.
   */
  readonly accepted: number
  readonly refusedBanned: number
  readonly refusedMaxClients: number
  readonly refusedFull: number
  readonly refusedAddress: number
  readonly refusedDraining: number
  /** How often accepting had to pause because the process had no descriptors left. */
  readonly exhausted: number
  /** One for each shard; none where the main thread carries the pools. */
  readonly shards: ReadonlyArray<ShardStats>
}

/**
 * Counts as both acceptors keep them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (counts: Readonly<Record<Counter, number>>, shards: ReadonlyArray<ShardStats>): ServerStats => ({
  clients: counts.clients,
  accepted: counts.accepted,
  refusedBanned: counts.Banned,
  refusedMaxClients: counts.TooManyClients,
  refusedFull: counts.Full,
  refusedAddress: counts.TooManyFromAddress,
  refusedDraining: counts.Draining,
  exhausted: counts.Exhausted,
  shards
})
