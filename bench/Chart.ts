import type { Results } from "./Report.ts"
import { figure } from "./Report.ts"
import * as Summary from "./Summary.ts"
import type { Workload } from "./Workload.ts"

const WIDTH = 760
const LABEL = 120
const FIGURE = 120
const BAR = 14
const GAP = 4
const TITLE = 30
const BARS = WIDTH - LABEL - FIGURE

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

const text = (x: number, y: number, kind: string, content: string): string =>
  `<text x="${x}" y="${y}" class="${kind}">${escaped(content)}</text>`

interface Panel {
  readonly height: number
  readonly lines: ReadonlyArray<string>
}

/** One workload: a bar for each server, the best on top, the largest figure at full length. */
const panel = (results: Results, workload: Workload, top: number): Panel => {
  const summaries = results.summaries
    .filter((one) => one.workload === workload.name && (one.value ?? 0) > 0)
    .sort(Summary.byValue(workload))
  const sense = workload.better === "less" ? ", less is better" : ""
  const heading = `${workload.title(results.scale)} (${workload.unit}${sense})`
  const most = Math.max(...summaries.map((one) => one.value ?? 0))
  const own = new Set(results.servers.filter((server) => server.isWeft).map((server) => server.name))
  const bars = summaries.flatMap((summary, index) => {
    const y = top + TITLE + index * (BAR + GAP)
    const width = Math.max(1, ((summary.value ?? 0) / most) * BARS)
    const kind = own.has(summary.server) ? "weft" : "peer"
    return [
      text(LABEL - 8, y + BAR - 3, "name", summary.server),
      `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" class="${kind}"/>`,
      text(Math.round(LABEL + width + 6), y + BAR - 3, "figure", figure(summary.value))
    ]
  })
  return {
    height: TITLE + summaries.length * (BAR + GAP),
    lines: [text(LABEL, top + TITLE - 10, "title", heading), ...bars]
  }
}

const style = `
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600 }
.name { text-anchor: end }
.peer { fill: #a9b4c2 }
.weft { fill: #2f6fde }
@media (prefers-color-scheme: dark) {
text { fill: #ddd }
.peer { fill: #56616f }
.weft { fill: #6ea2ff }
}
`

/**
 * The results as an SVG picture: a panel for each workload, best server first.
 *
 * @since 0.1.0
 * @category rendering
 */
export const svg = (results: Results): string => {
  let height = 0
  const lines: Array<string> = []
  for (const workload of results.workloads) {
    const next = panel(results, workload, height)
    if (next.lines.length === 1) continue
    height += next.height
    lines.push(...next.lines)
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height + GAP}" width="${WIDTH}" role="img">`,
    "<title>Weft beside its peers</title>",
    `<style>${style}</style>`,
    ...lines,
    "</svg>",
    ""
  ].join("\n")
}
