import type { FtpConfig } from "../config/FtpConfig.ts"

/**
 * How the pools are laid out over threads. `shards` 0 means that the main thread carries them all.
 *
 * @since 0.1.0
 * @category models
 */
export interface Layout {
  readonly shards: number
  /** Pools in all. */
  readonly threads: number
  readonly clientsPerThread: number
}

/**
 * The layout a configuration asks for; a shard without a pool is not started.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromConfig = ({ clientsPerThread, shards, threads }: FtpConfig): Layout => ({
  shards: Math.min(shards, threads),
  threads,
  clientsPerThread
})

/**
 * The number of pools of each shard: as even as can be, and `threads` in all.
 *
 * @since 0.1.0
 * @category accessors
 */
export const poolsOfShards = ({ shards, threads }: Layout): ReadonlyArray<number> =>
  Array.from({ length: shards }, (_, i) => Math.floor(threads / shards) + (i < threads % shards ? 1 : 0))
