import * as Effect from "effect/Effect"
import { BenchError } from "./BenchError.ts"
import * as Child from "./Child.ts"
import type { Field } from "./Field.ts"

/**
 * What the load generator reports of one run.
 *
 * @since 0.1.0
 * @category models
 */
export interface LoadReport {
  readonly work: string
  readonly clients: number
  /** Sessions that were open before the work began. */
  readonly sessions: number
  readonly seconds: number
  readonly operations: number
  /** Operations that were begun in time and ended when it was up. */
  readonly late: number
  readonly bytes: number
  readonly errors: number
  readonly firstError: string
  /** Transfers whose bytes were compared. */
  readonly checked: number
  /** Transfers with other bytes than expected, or another number of them. */
  readonly wrong: number
  /** Handshakes on control connections and on data connections, and how many of each resumed a session. */
  readonly handshakes?: number
  readonly resumed?: number
  readonly dataHandshakes?: number
  readonly dataResumed?: number
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number; readonly mean: number }
  /** Jain's index over the clients' bytes, or operations where no bytes move. */
  readonly jain: number
  /** The same without the greedy client. */
  readonly jainOrdinary: number
  /** How much of one core the load generator used. */
  readonly cpuShare: number
  readonly clientBytes: ReadonlyArray<number>
}

/**
 * A load generator whose sessions are open.
 *
 * @since 0.1.0
 * @category models
 */
export interface Load {
  readonly sessions: number
  /** Does the work and reports it; the sessions stay open. */
  readonly go: Effect.Effect<LoadReport, BenchError>
  /** Ends the sessions. */
  readonly finish: Effect.Effect<void>
}

/**
 * Options of `load.c` by name, and what they are set to.
 *
 * @since 0.1.0
 * @category models
 */
export type LoadOptions = Readonly<Record<string, string | number>>

/**
 * Starts a load generator and waits until its sessions are open. It ends with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = Effect.fnUntraced(function* (field: Field, work: string, options: LoadOptions) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const child = yield* Child.start(field.load, [work, ...args])
  const ready = yield* child.line
  const go = Effect.gen(function* () {
    yield* child.write("go\n")
    const line = yield* child.line
    return yield* Effect.try({
      try: () => JSON.parse(line) as LoadReport,
      catch: () => new BenchError({ reason: "LoadFailed", detail: line })
    })
  })
  return { sessions: Number(ready.split(" ")[1]), go, finish: child.finish } satisfies Load
})
