const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/**
 * A line of text; what its kind looks like is in the style of the document.
 *
 * @since 0.1.0
 * @category rendering
 */
export const text = (x: number, y: number, kind: string, content: string): string =>
  `<text x="${Math.round(x)}" y="${Math.round(y)}" class="${kind}">${escaped(content)}</text>`

const style = `
text { font: 12px system-ui, sans-serif; fill: #333 }
.title { font-weight: 600 }
.name { text-anchor: end }
.tick { text-anchor: middle; fill: #777 }
.peer { fill: #a9b4c2 }
.weft { fill: #2f6fde }
.axis { stroke: #ccc; stroke-width: 1 }
polyline { fill: none; stroke-width: 2 }
polyline.peer { fill: none; stroke: #a9b4c2 }
polyline.weft { fill: none; stroke: #2f6fde }
@media (prefers-color-scheme: dark) {
text { fill: #ddd }
.tick { fill: #999 }
.peer { fill: #56616f }
.weft { fill: #6ea2ff }
.axis { stroke: #444 }
polyline.peer { stroke: #56616f }
polyline.weft { stroke: #6ea2ff }
}
`

/**
 * A whole picture.
 *
 * @since 0.1.0
 * @category rendering
 */
export const picture = (title: string, width: number, height: number, lines: ReadonlyArray<string>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    ...lines,
    "</svg>",
    ""
  ].join("\n")

/**
 * Something of a picture, drawn with its upper left corner at 0, 0.
 *
 * @since 0.1.0
 * @category models
 */
export interface Panel {
  readonly height: number
  readonly lines: ReadonlyArray<string>
}

const SPACE = 24

/**
 * Panels of one width in two columns, from left to right and from top to bottom.
 *
 * @since 0.1.0
 * @category rendering
 */
export const columns = (title: string, width: number, panels: ReadonlyArray<Panel>): string => {
  const lines: Array<string> = []
  let top = 0
  for (let i = 0; i < panels.length; i += 2) {
    const row = panels.slice(i, i + 2)
    row.forEach((panel, column) => {
      lines.push(`<g transform="translate(${column * (width + SPACE)} ${top})">`, ...panel.lines, "</g>")
    })
    top += Math.max(...row.map(({ height }) => height))
  }
  return picture(title, 2 * width + SPACE, top + 8, lines)
}
