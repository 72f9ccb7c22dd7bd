import * as Effect from "effect/Effect"
import { BenchError } from "./BenchError.ts"
import * as Field from "./Field.ts"
import type { Scale } from "./Scale.ts"
import * as Server from "./Server.ts"
import type { Sample, Workload } from "./Workload.ts"

/**
 * One measurement: which server did what in which round, and what came of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cell {
  readonly round: number
  readonly workload: string
  readonly server: string
  readonly sample?: Sample
  /** Why there is no sample. */
  readonly missing?: string
}

/**
 * What is measured against what.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  readonly field: Field.Field
  readonly scale: Scale
  readonly servers: ReadonlyArray<Server.Server>
  readonly workloads: ReadonlyArray<Workload>
  readonly firstPort: number
}

/** Ports each server has to itself: one to listen on and these for data connections. */
const PASSIVE = 900
const STRIDE = 1000

/** The last port below those the system gives away itself: many clients need all up to there. */
const LAST = 32_700

const placeOf = (plan: Plan, server: Server.Server, workload: Workload): Server.Place => {
  const index = plan.servers.indexOf(server)
  const clients = workload.clients(plan.scale)
  const { tls, writing } = workload
  const own = plan.firstPort + index * STRIDE
  if (clients <= PASSIVE / 2) {
    return { field: plan.field, port: own, passive: { first: own + 1, last: own + PASSIVE }, writing, tls, clients }
  }
  const passive = { first: plan.firstPort + STRIDE, last: LAST }
  return { field: plan.field, port: plan.firstPort + index, passive, writing, tls, clients }
}

const measure = (plan: Plan, round: number, workload: Workload, server: Server.Server): Effect.Effect<Cell> => {
  const cell = { round, workload: workload.name, server: server.name }
  // Sessions are opened in at most 60 seconds, twice; starting and ending a server takes at most 25.
  const limit = 150_000 + 5000 * plan.scale.seconds
  return Effect.gen(function* () {
    const running = yield* Server.start(server, placeOf(plan, server, workload))
    const sample = yield* workload.measure(running, plan.scale)
    return { ...cell, sample }
  }).pipe(
    Effect.scoped,
    Effect.timeoutFail({
      duration: limit,
      onTimeout: () => new BenchError({ reason: "TimedOut", detail: `after ${limit / 1000} s` })
    }),
    Effect.catchAll((error) => Effect.succeed({ ...cell, missing: error.message })),
    Effect.ensuring(Field.sweep(plan.field))
  )
}

/** Another server begins in every round. */
const rotated = <A>(values: ReadonlyArray<A>, by: number): ReadonlyArray<A> => {
  const at = values.length === 0 ? 0 : by % values.length
  return [...values.slice(at), ...values.slice(0, at)]
}

/**
 * Measures everything, round by round: in each, every workload is put to one server after the other, so that what else
 * the machine does falls on all of them. Each measurement gets a server of its own that was started for it.
 *
 * @since 0.1.0
 * @category measuring
 */
export const all = (plan: Plan, onCell: (cell: Cell) => Effect.Effect<void>): Effect.Effect<ReadonlyArray<Cell>> =>
  Effect.forEach(
    Array.from({ length: plan.scale.rounds }, (_, round) => round).flatMap((round) =>
      plan.workloads.flatMap((workload) =>
        rotated(plan.servers, round)
          .filter((server) => server.isWeft || !workload.weftOnly)
          .map((server) => ({ round, server, workload }))
      )
    ),
    ({ round, server, workload }) => Effect.tap(measure(plan, round, workload, server), onCell)
  )
