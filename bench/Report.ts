import { figure, marks, table } from "./Markdown.ts"
import { bestPeer, find, type Results } from "./Results.ts"
import type { Server } from "./Server.ts"
import * as Summary from "./Summary.ts"
import * as Targets from "./Targets.ts"
import type { Workload } from "./Workload.ts"

const title = (results: Results, workload: Workload): string => {
  const per = workload.cpuPer === undefined ? "" : ` (CPU s/${workload.cpuPer})`
  return `${workload.title(results.scale)}, ${workload.unit}${per}`
}

const mainTable = (results: Results): ReadonlyArray<string> => {
  const own = results.servers.filter((server) => server.isWeft)
  const peers = results.servers.filter((server) => !server.isWeft)
  const value = (workload: Workload) => (server: Server) => {
    const summary = find(results, workload.name, server.name)
    if (summary?.value === undefined) return "–"
    return `${figure(summary.value)}${summary.cpu === undefined ? "" : ` (${figure(summary.cpu)})`}${marks(summary)}`
  }
  const against = (workload: Workload) => (server: Server) =>
    figure(
      Summary.ratio(workload, find(results, workload.name, server.name)?.value, bestPeer(results, workload)?.value)
    )
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
        const summary = find(results, workload.name, server.name)
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

const targets = (results: Results): ReadonlyArray<string> => {
  const own = results.servers.filter((server) => server.isWeft).map((server) => server.name)
  const verdict = (target: Targets.Target) => (server: string) => {
    const judged = target.judge(results, server)
    return judged === undefined ? "not measured" : `${judged.met ? "met" : "**not met**"}: ${judged.figure}`
  }
  const rows = Targets.all.map((target) => [`${target.workload}: ${target.wanted}`, ...own.map(verdict(target))])
  return ["## Targets", "", ...table(["target", ...own], rows), ""]
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
    ...(results.scale.clients === undefined ? targets(results) : []),
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
