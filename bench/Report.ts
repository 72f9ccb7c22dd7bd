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
  /** Processor, cores, kernel, memory and how busy it was at the start. */
  readonly machine: Readonly<Record<string, string | number>>
}

/**
 * A figure with about three digits.
 *
 * @since 0.1.0
 * @category rendering
 */
export const figure = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value)
    ? "–"
    : Math.abs(value) >= 100
      ? value.toFixed(0)
      : Math.abs(value) >= 10
        ? value.toFixed(1)
        : Math.abs(value) >= 0.1
          ? value.toFixed(2)
          : String(Number(value.toPrecision(2)))

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`)

/** A mark for figures that are to be read with care. */
const marks = (summary: Summary.Summary): string =>
  `${summary.wrong > 0 ? " ✗" : ""}${summary.errors > 0 ? " !" : ""}${(summary.loadShare ?? 0) > 0.9 ? " ~" : ""}`

const find = (results: Results, workload: Workload, server: Server) =>
  results.summaries.find((one) => one.workload === workload.name && one.server === server.name)

/**
 * The best of the others in a workload; those whose bytes were wrong are not counted.
 *
 * @since 0.1.0
 * @category getters
 */
export const bestPeer = (results: Results, workload: Workload): Summary.Summary | undefined =>
  results.servers
    .filter((server) => !server.isWeft)
    .flatMap((server) => find(results, workload, server) ?? [])
    .filter((summary) => summary.value !== undefined && summary.wrong === 0)
    .sort(Summary.byValue(workload))[0]

const title = (results: Results, workload: Workload): string => {
  const per = workload.cpuPer === undefined ? "" : ` (CPU s/${workload.cpuPer})`
  return `${workload.title(results.scale)}, ${workload.unit}${per}`
}

const mainTable = (results: Results): ReadonlyArray<string> => {
  const own = results.servers.filter((server) => server.isWeft)
  const peers = results.servers.filter((server) => !server.isWeft)
  const value = (workload: Workload) => (server: Server) => {
    const summary = find(results, workload, server)
    if (summary?.value === undefined) return "–"
    return `${figure(summary.value)}${summary.cpu === undefined ? "" : ` (${figure(summary.cpu)})`}${marks(summary)}`
  }
  const against = (workload: Workload) => (server: Server) =>
    figure(Summary.ratio(workload, find(results, workload, server)?.value, bestPeer(results, workload)?.value))
  const names = (servers: ReadonlyArray<Server>) => servers.map((server) => server.name)
  return table(
    ["workload", ...names(own), ...own.map(({ name }) => `${name} ÷ best peer`), "best peer", ...names(peers)],
    results.workloads.map((workload) => [
      title(results, workload),
      ...own.map(value(workload)),
      ...own.map(against(workload)),
      bestPeer(results, workload)?.server ?? "–",
      ...peers.map(value(workload))
    ])
  )
}

const perServer = (results: Results, cell: (summary: Summary.Summary) => string): ReadonlyArray<string> =>
  table(
    ["workload", ...results.servers.map((server) => server.name)],
    results.workloads.map((workload) => [
      workload.name,
      ...results.servers.map((server) => {
        const summary = find(results, workload, server)
        return summary === undefined || summary.rounds === 0 ? "–" : cell(summary)
      })
    ])
  )

const spreads = (results: Results): ReadonlyArray<string> => [
  "## Lowest and highest round",
  "",
  ...perServer(results, ({ spread }) => (spread === undefined ? "–" : spread.map(figure).join(" … "))),
  ""
]

const furtherFigures = (results: Results): ReadonlyArray<string> =>
  results.summaries
    .filter((summary) => Object.keys(summary.more).length > 0)
    .map((summary) => {
      const figures = Object.entries(summary.more).map(([name, value]) => `${name} ${figure(value)}`)
      return `- ${summary.workload}, ${summary.server}: ${figures.join(", ")}`
    })

const remarks = (results: Results): ReadonlyArray<string> => {
  const lines = results.summaries
    .filter((summary) => summary.note !== "" || summary.errors > 0 || summary.wrong > 0)
    .map(
      ({ errors, note, server, workload, wrong }) =>
        `- ${workload}, ${server}: ${errors} errors, ${wrong} wrong transfers; first: ${note.replaceAll("\n", " ")}`
    )
  return lines.length === 0 ? ["Nothing."] : lines
}

/**
 * The results as a Markdown document.
 *
 * @since 0.1.0
 * @category rendering
 */
export const markdown = (results: Results): string => {
  const { rounds, seconds } = results.scale
  const machine = Object.entries(results.machine).map(([name, value]) => `${name} ${value}`)
  const checked = results.summaries.reduce((sum, one) => sum + one.checked, 0)
  const few = rounds < 3 ? " So few rounds prove nothing: the figures only show that everything works." : ""
  return [
    "# Weft beside its peers",
    "",
    `Medians of ${rounds} interleaved round${rounds === 1 ? "" : "s"} of ${seconds} s each, on loopback.${few}`,
    `The machine: ${machine.join(", ")}.`,
    `The servers: ${results.servers.map((server) => `${server.name} (${server.version})`).join(", ")}.`,
    "",
    "Above 1 is better than the best peer. ✗: transfers with wrong bytes; !: errors; ~: the load generator used more",
    "than nine tenths of a core and may be the limit.",
    "",
    ...mainTable(results),
    "",
    "## p50 and p99 of an operation, ms",
    "",
    ...perServer(results, ({ p50, p99 }) => `${figure(p50)} / ${figure(p99)}`),
    "",
    "## Fairness between clients (Jain's index)",
    "",
    ...perServer(results, ({ jain }) => (jain === undefined ? "–" : jain.toFixed(3))),
    "",
    ...(rounds > 1 ? spreads(results) : []),
    "## Cores the load generator used",
    "",
    ...perServer(results, ({ loadShare }) => (loadShare === undefined ? "–" : loadShare.toFixed(2))),
    "",
    "## Further figures",
    "",
    ...furtherFigures(results),
    "",
    `## What went wrong (${checked} transfers were compared with what they should be)`,
    "",
    ...remarks(results),
    ""
  ].join("\n")
}
