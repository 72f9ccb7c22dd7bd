import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml"

/**
 * A text that could be read as YAML or JSON: its plain value, and on which line something in it stands.
 *
 * @since 0.1.0
 * @category models
 */
export interface Located {
  readonly value: unknown
  /** The line of what a path of keys and indices leads to, or of the last thing on the way that is there; from 1. */
  readonly line: (path: ReadonlyArray<PropertyKey>) => number
}

/** Where a text is not of its format. @since 0.1.0 @category models */
export interface Broken {
  readonly line: number
  readonly problem: string
}

/**
 * Reads YAML, or JSON where `json` says so. Total.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string, json: boolean): Located | Broken => {
  const lines = new LineCounter()
  const at = (offset: number | undefined): number => Math.max(1, lines.linePos(offset ?? 0).line)
  const document = parseDocument(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    prettyErrors: false,
    ...(json ? { schema: "json" as const } : {})
  })
  const error = document.errors[0]
  if (error !== undefined) {
    const problem = `not valid ${json ? "JSON" : "YAML"}: ${error.message.replace(/\s+/g, " ")}`
    return { line: at(error.pos[0]), problem }
  }
  const line = (path: ReadonlyArray<PropertyKey>): number => {
    let node: unknown = document.contents
    let found = 1
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step)
        if (pair === undefined) return found
        found = at(isScalar(pair.key) ? pair.key.range?.[0] : undefined)
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(step)]
        const range = (node as { readonly range?: readonly [number, number, number] | null } | undefined)?.range
        if (!range) return found
        found = at(range[0])
      } else return found
    }
    return found
  }
  try {
    return { value: document.toJS(), line }
  } catch (cause) {
    return { line: 1, problem: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}` }
  }
}
