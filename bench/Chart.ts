import { figure, marks } from "./Markdown.ts"
import type { Results } from "./Results.ts"
import * as Summary from "./Summary.ts"
import * as Svg from "./Svg.ts"
import type { Workload } from "./Workload.ts"

const WIDTH = 560
const LABEL = 92
const FIGURE = 76
const BAR = 14
const GAP = 4
const TITLE = 34
const BARS = WIDTH - LABEL - FIGURE

/** One workload: a bar for each server, the best on top, the largest figure at full length. Nothing of nothing. */
const panel = (results: Results, workload: Workload): ReadonlyArray<Svg.Panel> => {
  const summaries = results.summaries
    .filter((one) => one.workload === workload.name && (one.value ?? 0) > 0)
    .sort(Summary.byValue(workload))
  if (summaries.length === 0) return []
  const sense = workload.better === "less" ? ", less is better" : ""
  const heading = `${workload.title(results.scale)} (${workload.unit}${sense})`
  const most = Math.max(...summaries.map((one) => one.value ?? 0))
  const own = new Set(results.servers.filter((server) => server.isWeft).map((server) => server.name))
  const bars = summaries.flatMap((summary, index) => {
    const y = TITLE + index * (BAR + GAP)
    const width = Math.max(1, ((summary.value ?? 0) / most) * BARS)
    const kind = own.has(summary.server) ? "weft" : "peer"
    return [
      Svg.text(LABEL - 8, y + BAR - 3, "name", summary.server),
      `<rect x="${LABEL}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" class="${kind}"/>`,
      Svg.text(LABEL + width + 6, y + BAR - 3, "figure", `${figure(summary.value)}${marks(summary)}`)
    ]
  })
  return [
    { height: TITLE + summaries.length * (BAR + GAP), lines: [Svg.text(4, TITLE - 10, "title", heading), ...bars] }
  ]
}

/**
 * The results as an SVG picture: a panel for each workload, best server first.
 *
 * @since 0.1.0
 * @category rendering
 */
export const svg = (results: Results): string => {
  const panels = results.workloads.flatMap((workload) => panel(results, workload))
  return Svg.columns("Weft beside its peers", WIDTH, panels)
}
