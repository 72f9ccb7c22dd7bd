import * as Curve from "./Curve.ts"
import { figure } from "./Markdown.ts"
import type { Results } from "./Results.ts"
import type * as Summary from "./Summary.ts"
import * as Svg from "./Svg.ts"
import type { Workload } from "./Workload.ts"

const WIDTH = 560
const LEFT = 60
const RIGHT = 90
const TITLE = 34
const PLOT = 180
const BOTTOM = 28
/** Names beside the ends of lines need so much room each. */
const NAME = 13

interface Name {
  readonly text: string
  readonly y: number
}

/** Moves names up until none is on another: below the lowest are the numbers of clients. */
const apart = (names: ReadonlyArray<Name>): ReadonlyArray<Name> => {
  const moved: Array<Name> = []
  for (const name of [...names].sort((a, b) => b.y - a.y)) {
    const below = moved.at(-1)
    moved.push({ text: name.text, y: below === undefined ? name.y : Math.min(name.y, below.y - NAME) })
  }
  return moved
}

type Get = (summary: Summary.Summary) => number | undefined

/** One quantity over the numbers of clients, evenly spaced, from zero up: a line for each server, Weft's on top. */
const panel = (
  results: Results,
  workload: Workload,
  clients: ReadonlyArray<number>,
  heading: string,
  get: Get
): ReadonlyArray<Svg.Panel> => {
  const lines = results.servers.map(({ isWeft, name }) => ({
    name,
    isWeft,
    values: Curve.line(results, workload, name, clients).map((one) => (one === undefined ? undefined : get(one)))
  }))
  const most = Math.max(...lines.flatMap(({ values }) => values.flatMap((value) => value ?? [])), 0)
  if (most === 0) return []
  const x = (index: number) => LEFT + (index * (WIDTH - LEFT - RIGHT)) / Math.max(1, clients.length - 1)
  const y = (value: number) => TITLE + PLOT * (1 - Math.max(0, value) / most)
  const drawn = lines.map(({ isWeft, name, values }) => ({
    name,
    isWeft,
    points: values.flatMap((value, index) => (value === undefined ? [] : [{ x: x(index), y: y(value) }]))
  }))
  const strokes = [...drawn]
    .sort((a, b) => Number(a.isWeft) - Number(b.isWeft))
    .flatMap(({ isWeft, points }) => {
      const kind = isWeft ? "weft" : "peer"
      const path = points.map((point) => `${point.x.toFixed(1)},${point.y.toFixed(1)}`).join(" ")
      const dots = points.map((p) => `<circle cx="${p.x.toFixed(1)}" cy="${p.y.toFixed(1)}" r="3" class="${kind}"/>`)
      return [`<polyline points="${path}" class="${kind}"/>`, ...dots]
    })
  const ends = drawn.flatMap(({ name, points }) => {
    const last = points.at(-1)
    // A line that ends early says so where it ends.
    return last === undefined ? [] : [{ text: name, x: last.x, y: last.y }]
  })
  const names = [...new Set(ends.map((end) => end.x))].flatMap((at) =>
    apart(ends.filter((end) => end.x === at)).map((name) => Svg.text(at + 8, name.y + 4, "figure", name.text))
  )
  const foot = TITLE + PLOT
  const axis = [0, most].flatMap((value) => [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" class="axis"/>`,
    Svg.text(LEFT - 8, y(value) + 4, "name", figure(value))
  ])
  const ticks = clients.map((count, index) => Svg.text(x(index), foot + 16, "tick", String(count)))
  return [
    {
      height: foot + BOTTOM + 8,
      lines: [Svg.text(4, TITLE - 12, "title", heading), ...axis, ...strokes, ...ticks, ...names]
    }
  ]
}

/**
 * A growth curve as an SVG picture: for each workload its figure on the left and the memory it took on the right.
 *
 * @since 0.1.0
 * @category rendering
 */
export const svg = (results: Results, workloads: ReadonlyArray<Workload>, clients: ReadonlyArray<number>): string => {
  const panels = workloads.flatMap((workload) => {
    const unit = `${workload.unit}${workload.better === "less" ? ", less is better" : ""}`
    const mebibytes: Get = ({ memory }) => (memory === undefined ? undefined : memory / 1024)
    return [
      ...panel(results, workload, clients, `${workload.name} (${unit}) by clients`, ({ value }) => value),
      ...panel(results, workload, clients, `${workload.name}: memory (MiB) by clients`, mebibytes)
    ]
  })
  return Svg.columns("Weft with more and more clients", WIDTH, panels)
}
