import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type * as Runtime from "@effect/platform/Runtime"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { BenchError } from "./BenchError.ts"
import * as Chart from "./Chart.ts"
import * as Curve from "./Curve.ts"
import * as CurveChart from "./CurveChart.ts"
import * as Field from "./Field.ts"
import { figure } from "./Markdown.ts"
import * as Options from "./Options.ts"
import * as Peers from "./Peers.ts"
import * as Report from "./Report.ts"
import { bestPeer, type Results } from "./Results.ts"
import * as Rounds from "./Rounds.ts"
import type { Scale } from "./Scale.ts"
import type { Server } from "./Server.ts"
import * as Summary from "./Summary.ts"
import * as Weft from "./Weft.ts"
import type { Workload } from "./Workload.ts"
import * as Workloads from "./Workloads.ts"

const print = (text: string) => Effect.sync(() => process.stdout.write(`${text}\n`))

/** What paces a download where nothing else limits it. */
const congestionControl = (): string => {
  try {
    return Fs.readFileSync("/proc/sys/net/ipv4/tcp_congestion_control", "latin1").trim()
  } catch {
    return "unknown"
  }
}

const machine = () => ({
  processor: Os.cpus()[0]?.model.trim() ?? "unknown",
  cores: Os.availableParallelism(),
  kernel: Os.release(),
  "congestion control": congestionControl(),
  "memory GiB": Math.round(Os.totalmem() / 2 ** 30),
  "load average at the start": Os.loadavg()[0]?.toFixed(2) ?? "?"
})

/** What `--only` leaves of a list: what it names, or everything if it names nothing of it. */
const chosen = <A extends { readonly name: string }>(all: ReadonlyArray<A>, only: ReadonlyArray<string>) => {
  const named = all.filter(({ name }) => only.includes(name))
  return named.length === 0 ? all : named
}

const choose = Effect.fnUntraced(function* (options: Options.Options) {
  const shapes = options.curve === undefined ? Weft.usual : Weft.sharded
  const at = ([name, folder]: readonly [string, string]) => Weft.at(name, folder, options.weftFlags, shapes)
  const wefts = yield* Effect.forEach(options.wefts, at)
  const servers: ReadonlyArray<Server> = [...wefts.flat(), ...(yield* Peers.detect)]
  const names = new Set([...servers, ...Workloads.all].map(({ name }) => name))
  const unknown = options.only.filter((name) => !names.has(name))
  if (unknown.length > 0) {
    return yield* new BenchError({ reason: "Setup", detail: `not there: ${unknown.join(", ")}; see --list` })
  }
  const inCurve = options.curve !== undefined && !Workloads.all.some(({ name }) => options.only.includes(name))
  const workloads = chosen(Workloads.all, inCurve ? Curve.names : options.only)
  return { servers: chosen(servers, options.only), workloads }
})

const progress = (cell: Rounds.Cell) => {
  const { cpu, errors = 0, firstError, value, wrong = 0 } = cell.sample ?? {}
  const faults = errors + wrong > 0 ? `, ${errors} errors, ${wrong} wrong (${firstError})` : ""
  const outcome = cell.missing ?? `${figure(value)}${cpu === undefined ? "" : ` (${figure(cpu)})`}${faults}`
  return print(`${cell.round + 1}  ${cell.workload.padEnd(15)} ${cell.server.padEnd(15)} ${outcome}`)
}

interface Rendered {
  readonly markdown: string
  readonly chart: string
}

const save = (name: string, results: Results, cells: ReadonlyArray<Rounds.Cell>, rendered: Rendered) =>
  Effect.sync(() => {
    const folder = Path.join(Field.repository, "bench", "results")
    Fs.mkdirSync(folder, { recursive: true })
    const path = (ending: string) => Path.join(folder, `${name}.${ending}`)
    const { machine, scale, summaries } = results
    const servers = results.servers.map((server) => ({ name: server.name, version: server.version }))
    const workloads = results.workloads.map((workload) => ({
      name: workload.name,
      title: workload.title(scale),
      unit: workload.unit,
      cpuPer: workload.cpuPer,
      better: workload.better,
      bestPeer: bestPeer(results, workload)?.server
    }))
    const when = new Date().toISOString()
    const json = JSON.stringify({ when, machine, scale, servers, workloads, summaries, cells }, undefined, 1)
    Fs.writeFileSync(path("json"), `${json}\n`)
    Fs.writeFileSync(path("md"), rendered.markdown)
    Fs.writeFileSync(path("svg"), rendered.chart)
    return path("md")
  })

const show = (servers: ReadonlyArray<Server>, workloads: ReadonlyArray<Workload>, scale: Scale) =>
  print(
    [
      "workloads:",
      ...workloads.map((one) => `  ${one.name.padEnd(15)} ${one.title(scale)}`),
      "servers:",
      ...servers.map((one) => `  ${one.name.padEnd(15)} ${one.version}`)
    ].join("\n")
  )

const bench = Effect.fnUntraced(function* (options: Options.Options) {
  const { servers, workloads: wanted } = yield* choose(options)
  const { scale } = options
  if (options.list) {
    yield* show(servers, wanted, scale)
    return
  }
  const atStart = machine()
  const field = yield* Field.layOut(scale, options.folder)
  const possible = field.withoutTls === undefined ? wanted : wanted.filter(({ tls }) => !tls)
  if (possible.length < wanted.length) yield* print(`No workloads over TLS: ${field.withoutTls}.`)
  const workloads = options.curve === undefined ? possible : Curve.spread(possible, options.curve)
  const cells = yield* Rounds.all({ field, scale, servers, workloads, firstPort: options.firstPort }, progress)
  const names = servers.map((server) => server.name)
  const summaries = Summary.make(workloads, names, cells)
  const results = { scale, servers, workloads, summaries, machine: atStart }
  const rendered =
    options.curve === undefined
      ? { markdown: Report.markdown(results), chart: Chart.svg(results) }
      : {
          markdown: Curve.markdown(results, possible, options.curve),
          chart: CurveChart.svg(results, possible, options.curve)
        }
  const path = yield* save(options.name, results, cells, rendered)
  yield* print(`\n${rendered.markdown}\nWritten to ${path}, with .json and .svg beside it.`)
})

/** 1 if something failed, 130 if somebody stopped it. */
const teardown: Runtime.Teardown = (exit, onExit) =>
  onExit(Exit.isSuccess(exit) ? 0 : Cause.isInterruptedOnly(exit.cause) ? 130 : 1)

// The signals are listened to from the second step on.
Effect.yieldNow().pipe(
  Effect.zipRight(Options.read(process.argv.slice(2))),
  Effect.flatMap((options) => (options.help ? print(Options.help) : bench(options))),
  Effect.scoped,
  Effect.tapError((error) => Effect.sync(() => process.stderr.write(`bench: ${error.message}\n`))),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
