import type { Cell } from "./Rounds.ts"
import type { Sample, Workload } from "./Workload.ts"

/**
 * What the rounds of one workload and one server come to: medians of the figures, sums of the faults.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summary {
  readonly workload: string
  readonly server: string
  readonly rounds: number
  readonly value: number | undefined
  /** The lowest and the highest of the rounds. */
  readonly spread: readonly [number, number] | undefined
  readonly cpu: number | undefined
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly jain: number | undefined
  readonly loadShare: number | undefined
  /** In KiB. */
  readonly memory: number | undefined
  readonly errors: number
  readonly checked: number
  readonly wrong: number
  /** The first thing that went wrong, if anything did. */
  readonly note: string
  readonly more: Readonly<Record<string, number>>
}

/**
 * The value in the middle, or the mean of the two; nothing of nothing.
 *
 * @since 0.1.0
 * @category getters
 */
export const median = (values: ReadonlyArray<number>): number | undefined => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle]
  const low = sorted[middle - 1]
  return sorted.length % 2 === 1 || high === undefined || low === undefined ? high : (low + high) / 2
}

const summarize = (workload: string, server: string, cells: ReadonlyArray<Cell>): Summary => {
  const samples = cells.flatMap((cell) => cell.sample ?? [])
  const of = (get: (sample: Sample) => number | undefined) => median(samples.flatMap((sample) => get(sample) ?? []))
  const sum = (get: (sample: Sample) => number) => samples.reduce((total, sample) => total + get(sample), 0)
  const values = samples.map((sample) => sample.value)
  const names = new Set(samples.flatMap((sample) => Object.keys(sample.more ?? {})))
  return {
    workload,
    server,
    rounds: samples.length,
    value: median(values),
    spread: values.length === 0 ? undefined : [Math.min(...values), Math.max(...values)],
    cpu: of((sample) => sample.cpu),
    p50: of((sample) => sample.p50),
    p99: of((sample) => sample.p99),
    jain: of((sample) => sample.jain),
    loadShare: of((sample) => sample.loadShare),
    memory: of((sample) => sample.memory),
    errors: sum((sample) => sample.errors),
    checked: sum((sample) => sample.checked),
    wrong: sum((sample) => sample.wrong),
    note: cells.map((cell) => cell.missing ?? cell.sample?.firstError ?? "").find((text) => text !== "") ?? "",
    more: Object.fromEntries([...names].map((name) => [name, of((sample) => sample.more?.[name]) ?? Number.NaN]))
  }
}

/**
 * One summary for each workload and server.
 *
 * @since 0.1.0
 * @category conversions
 */
export const make = (
  workloads: ReadonlyArray<Workload>,
  servers: ReadonlyArray<string>,
  cells: ReadonlyArray<Cell>
): ReadonlyArray<Summary> =>
  workloads.flatMap(({ name }) =>
    servers.map((server) =>
      summarize(
        name,
        server,
        cells.filter((cell) => cell.workload === name && cell.server === server)
      )
    )
  )

/**
 * The better of two figures comes first.
 *
 * @since 0.1.0
 * @category conversions
 */
export const byValue = (workload: Workload) => (a: Summary, b: Summary) => {
  const difference = (b.value ?? Number.NaN) - (a.value ?? Number.NaN)
  return workload.better === "more" ? difference : -difference
}

/**
 * How much better one figure is than another; above 1 is better, whichever way the workload counts.
 *
 * @since 0.1.0
 * @category getters
 */
export const ratio = (workload: Workload, one: number | undefined, other: number | undefined): number | undefined => {
  // Memory can come out below zero, and a ratio to that means nothing.
  if (one === undefined || other === undefined || one < 0 || other <= 0) return undefined
  const quotient = workload.better === "more" ? one / other : other / one
  return Number.isFinite(quotient) ? quotient : undefined
}
