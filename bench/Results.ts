import type { Scale } from "./Scale.ts"
import type { Server } from "./Server.ts"
import * as Summary from "./Summary.ts"
import type { Workload } from "./Workload.ts"

/**
 * Everything the tables are made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Results {
  readonly scale: Scale
  readonly servers: ReadonlyArray<Server>
  readonly workloads: ReadonlyArray<Workload>
  readonly summaries: ReadonlyArray<Summary.Summary>
  /** Processor, cores, kernel, its congestion control, memory and how busy it was at the start. */
  readonly machine: Readonly<Record<string, string | number>>
}

/**
 * What a server came to in a workload, both by name.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (results: Results, workload: string, server: string): Summary.Summary | undefined =>
  results.summaries.find((one) => one.workload === workload && one.server === server)

/**
 * What the others came to in a workload; those whose bytes were wrong are not counted.
 *
 * @since 0.1.0
 * @category getters
 */
export const peers = (results: Results, workload: string): ReadonlyArray<Summary.Summary> =>
  results.servers
    .filter((server) => !server.isWeft)
    .flatMap((server) => find(results, workload, server.name) ?? [])
    .filter((summary) => summary.value !== undefined && summary.wrong === 0)

/**
 * The best of the others in a workload.
 *
 * @since 0.1.0
 * @category getters
 */
export const bestPeer = (results: Results, workload: Workload): Summary.Summary | undefined =>
  [...peers(results, workload.name)].sort(Summary.byValue(workload))[0]
