import { figure, marks, table } from "./Markdown.ts"
import { find, type Results } from "./Results.ts"
import type * as Summary from "./Summary.ts"
import type { Workload } from "./Workload.ts"

/**
 * The numbers of clients of a growth curve.
 *
 * @since 0.1.0
 * @category constants
 */
export const points: ReadonlyArray<number> = [1, 10, 100, 1000, 10_000]

/**
 * Those that take little time.
 *
 * @since 0.1.0
 * @category constants
 */
export const quickPoints: ReadonlyArray<number> = [1, 10, 100, 1000]

/**
 * The workloads a curve is made of where none are named.
 *
 * @since 0.1.0
 * @category constants
 */
export const names: ReadonlyArray<string> = ["noop", "files-4k", "mix", "idle"]

/** As many as `load.c` takes, so that no address runs out of ports. */
const ADDRESSES = 250

/** From so many clients on, it takes a while until each had its turn: what is measured has to take longer. */
const MANY = [
  { clients: 5000, seconds: 15 },
  { clients: 1000, seconds: 3 }
]

const nameAt = (workload: Workload, clients: number): string => `${workload.name}@${clients}`

const at = (workload: Workload, clients: number): Workload => ({
  ...workload,
  name: nameAt(workload, clients),
  clients: () => clients,
  title: (scale) => workload.title({ ...scale, clients }),
  measure: (server, scale) => {
    const many = MANY.find((one) => clients >= one.clients)
    const seconds = many === undefined ? scale.seconds : Math.max(scale.seconds * 3, many.seconds)
    return workload.measure(server, { ...scale, clients, seconds, addresses: ADDRESSES })
  }
})

/**
 * Each workload once for each number of clients.
 *
 * @since 0.1.0
 * @category constructors
 */
export const spread = (workloads: ReadonlyArray<Workload>, clients: ReadonlyArray<number>): ReadonlyArray<Workload> =>
  workloads.flatMap((workload) => clients.map((count) => at(workload, count)))

/**
 * What one server came to with each number of clients.
 *
 * @since 0.1.0
 * @category getters
 */
export const line = (
  results: Results,
  workload: Workload,
  server: string,
  clients: ReadonlyArray<number>
): ReadonlyArray<Summary.Summary | undefined> => clients.map((count) => find(results, nameAt(workload, count), server))

/**
 * The growth of all servers as a Markdown document: figures, processor time and memory, a column for each number of
 * clients.
 *
 * @since 0.1.0
 * @category rendering
 */
export const markdown = (
  results: Results,
  workloads: ReadonlyArray<Workload>,
  clients: ReadonlyArray<number>
): string => {
  const grid = (cell: (summary: Summary.Summary) => string) => (workload: Workload) =>
    table(
      ["clients", ...clients.map(String)],
      results.servers.map((server) => [
        server.name,
        ...line(results, workload, server.name, clients).map((one) => (one?.value === undefined ? "–" : cell(one)))
      ])
    )
  const figures = grid((one) => `${figure(one.value)}${marks(one)}`)
  const cpu = grid((one) => figure(one.cpu))
  const latency = grid(({ p50, p99 }) => `${figure(p50)} / ${figure(p99)}`)
  const memory = grid((one) => figure((one.memory ?? Number.NaN) / 1024))
  const section = (workload: Workload) => [
    `## ${workload.name}`,
    "",
    `${workload.unit}${workload.better === "less" ? ", less is better" : ""}:`,
    "",
    ...figures(workload),
    "",
    ...(workload.cpuPer === undefined ? [] : [`CPU s/${workload.cpuPer}:`, "", ...cpu(workload), ""]),
    "p50 / p99 of an operation, ms:",
    "",
    ...latency(workload),
    "",
    "Memory when the time was up (PSS of all processes), MiB:",
    "",
    ...memory(workload),
    ""
  ]
  const machine = Object.entries(results.machine).map(([name, value]) => `${name} ${value}`)
  const wrong = results.summaries.filter(({ errors, note, wrong }) => errors > 0 || wrong > 0 || note !== "")
  const remarks = wrong.map(
    (one) => `- ${one.workload}, ${one.server}: ${one.errors} errors, ${one.wrong} wrong transfers; first: ${one.note}`
  )
  const { rounds, seconds } = results.scale
  return [
    "# Weft with more and more clients",
    "",
    `Medians of ${rounds} round${rounds === 1 ? "" : "s"} of ${seconds} s each, with thousands of clients longer.`,
    `The machine: ${machine.join(", ")}.`,
    `The servers: ${results.servers.map((server) => `${server.name} (${server.version})`).join(", ")}.`,
    "✗: transfers with wrong bytes; !: errors; ~: the load generator may be the limit.",
    "",
    ...workloads.flatMap(section),
    "## What went wrong",
    "",
    ...(remarks.length === 0 ? ["Nothing."] : remarks),
    ""
  ].join("\n")
}
