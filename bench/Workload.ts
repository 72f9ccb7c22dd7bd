import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { BenchError } from "./BenchError.ts"
import * as Cost from "./Cost.ts"
import * as Load from "./Load.ts"
import type { Scale } from "./Scale.ts"
import type { Running } from "./Server.ts"

/**
 * What one measurement of one server gave.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sample {
  /** The figure of the table, in the workload's unit. */
  readonly value: number
  /** Seconds of processor time per GiB or per thousand operations. */
  readonly cpu?: number
  readonly p50?: number
  readonly p99?: number
  readonly jain?: number
  /** Cores the load generators used, all together. */
  readonly loadShare: number
  /** What the server and all its processes took when the time was up, sessions still open, in KiB. */
  readonly memory: number
  /** Transfers and connections that failed, and the first of the reasons. */
  readonly errors: number
  readonly firstError: string
  readonly checked: number
  readonly wrong: number
  /** Further figures, by name. */
  readonly more?: Readonly<Record<string, number>>
}

/**
 * Something a server is asked to do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Workload {
  readonly name: string
  readonly title: (scale: Scale) => string
  readonly unit: string
  readonly cpuPer: "GiB" | "1000" | undefined
  readonly better: "more" | "less"
  readonly writing: boolean
  /** Whether it is done over TLS. */
  readonly tls: boolean
  readonly clients: (scale: Scale) => number
  /** Whether it says nothing about peers, so that only Weft is put to it. */
  readonly weftOnly: boolean
  /** Measures a server that was started for nothing else. */
  readonly measure: (server: Running, scale: Scale) => Effect.Effect<Sample, BenchError, Scope.Scope>
}

const MIB = 1024 * 1024
const GIB = 1024 * MIB

/** From so many clients on, each waits long for its turn. */
const MANY = 1000

/** Enough to warm up with. */
const FEW = 200

/**
 * @since 0.1.0
 * @category rendering
 */
export const size = (bytes: number): string =>
  bytes >= GIB ? `${bytes / GIB} GiB` : bytes >= MIB ? `${bytes / MIB} MiB` : `${bytes / 1024} KiB`

/**
 * The options every load generator gets.
 *
 * @since 0.1.0
 * @category options
 */
export const common = (server: Running, scale: Scale, clients: number): Load.LoadOptions => ({
  port: server.place.port,
  user: server.login.user,
  password: server.login.password,
  seconds: scale.seconds,
  clients,
  addresses: Math.min(scale.addresses, clients),
  ...(clients >= MANY && { patience: 60, "setup-seconds": 60 })
})

/**
 * The version of TLS and the only cipher that is spoken, so that all servers do the same work.
 *
 * @since 0.1.0
 * @category options
 */
export const tlsOptions = ({ tlsVersion }: Scale): Load.LoadOptions => ({
  tls: tlsVersion,
  cipher: tlsVersion === "1.2" ? "ECDHE-RSA-AES128-GCM-SHA256" : "TLS_AES_128_GCM_SHA256"
})

/**
 * The options for one of the files served.
 *
 * @since 0.1.0
 * @category options
 */
export const fileOptions = (server: Running, name: string): Load.LoadOptions => ({
  path: name,
  local: `${server.place.field.root}/${name}`
})

/**
 * The same load for a moment, uncounted: caches fill, and compilers that compile while running get to do it.
 *
 * @since 0.1.0
 * @category measuring
 */
export const warmUp = (server: Running, work: string, options: Load.LoadOptions, scale: Scale) =>
  Effect.scoped(
    Effect.gen(function* () {
      const few = { clients: Math.min(FEW, Number(options["clients"])), seconds: scale.warmUp }
      const load = yield* Load.open(server.place.field, work, { ...options, ...few })
      yield* load.go
      yield* load.finish
    })
  )

/**
 * Processes that end are given a moment, so that their time has been added to their parents' accounts.
 *
 * @since 0.1.0
 * @category measuring
 */
export const settle = Effect.sleep("150 millis")

const measured = Effect.fnUntraced(function* (server: Running, work: string, options: Load.LoadOptions, scale: Scale) {
  yield* warmUp(server, work, options, scale)
  yield* settle
  const load = yield* Load.open(server.place.field, work, options)
  const before = Cost.cpuSeconds(server.keeper)
  const report = yield* load.go
  const memory = Cost.memory(server.keeper).kib
  if (work === "login" || work === "mix") yield* settle
  return { report, memory, cpu: Cost.cpuSeconds(server.keeper) - before }
})

/** The share of the handshakes that resumed a session, on control connections and on data connections. */
const resumption = ({ dataHandshakes = 0, dataResumed = 0, handshakes = 0, resumed = 0 }: Load.LoadReport) => ({
  ...(handshakes > 0 && { resumed: resumed / handshakes }),
  ...(dataHandshakes > 0 && { dataResumed: dataResumed / dataHandshakes })
})

const nothingDone = (report: Load.LoadReport) =>
  new BenchError({ reason: "LoadFailed", detail: `nothing was done; ${report.errors} errors: ${report.firstError}` })

/**
 * What went wrong during a run, as a sample says it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const faults = (report: Load.LoadReport) => ({
  errors: report.errors,
  firstError: report.firstError,
  checked: report.checked,
  wrong: report.wrong
})

/**
 * A workload that is one load generator at work for a while.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plain {
  readonly name: string
  readonly work: string
  readonly title: (scale: Scale) => string
  readonly clients: (scale: Scale) => number
  readonly counted: "bytes" | "operations"
  readonly unit: string
  readonly tls?: boolean
  readonly options?: (server: Running, scale: Scale) => Load.LoadOptions
}

/**
 * Makes a workload of the rate at which one load generator gets its work done.
 *
 * @since 0.1.0
 * @category constructors
 */
export const plain = ({ clients, counted, name, options, title, tls = false, unit, work }: Plain): Workload => ({
  name,
  title: (scale) => `${title(scale)}, ${count(scale.clients ?? clients(scale))}`,
  unit,
  cpuPer: counted === "bytes" ? "GiB" : "1000",
  better: "more",
  writing: work === "upload",
  tls,
  weftOnly: false,
  clients: (scale) => scale.clients ?? clients(scale),
  measure: Effect.fnUntraced(function* (server, scale) {
    const many = scale.clients ?? clients(scale)
    const all = { ...common(server, scale, many), ...(tls && tlsOptions(scale)), ...options?.(server, scale) }
    const { cpu, memory, report } = yield* measured(server, work, all, scale)
    if (report.operations + report.late === 0 && report.bytes === 0) return yield* nothingDone(report)
    const perUnit = counted === "bytes" ? report.bytes / GIB : (report.operations + report.late) / 1000
    const hasOrdinary = "greedy-path" in all
    return {
      value: (unit === "MiB/s" ? report.bytes / MIB : report.operations) / report.seconds,
      ...(perUnit > 0 && { cpu: cpu / perUnit }),
      ...(report.operations + report.late > 0 && { p50: report.latencyMs.p50, p99: report.latencyMs.p99 }),
      jain: report.jain,
      loadShare: report.cpuShare,
      memory,
      ...faults(report),
      more: { ...(hasOrdinary && { jainOrdinary: report.jainOrdinary }), ...resumption(report) }
    }
  })
})

/**
 * @since 0.1.0
 * @category rendering
 */
export const count = (clients: number): string => (clients === 1 ? "1 client" : `${clients} clients`)
