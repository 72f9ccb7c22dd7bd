import * as Either from "effect/Either"
import { getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser"
import { isMap, isScalar, LineCounter, type Node, parseDocument, type YAMLMap } from "yaml"
import { quote } from "../observe/Printable.ts"
import { ConfigError } from "./ConfigError.ts"

/**
 * One key of a config file with its value as the format gives it; lines count from 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly key: string
  readonly value: unknown
  readonly line: number
}

type Parsed = Either.Either<ReadonlyArray<Entry>, ConfigError>

const broken = (file: string, line: number, problem: string): ConfigError =>
  new ConfigError({ reason: "File", message: `${file}:${line}: ${problem.replace(/\s+/g, " ")}` })

const twice = (file: string, line: number, key: string): ConfigError =>
  new ConfigError({ reason: "Duplicate", message: `${file}:${line}: ${quote(key)} is given twice` })

const keyOn = (text: string, line: number): string =>
  /^[\s{,]*["']?([^\s"'=:]+)/.exec(text.split("\n")[line - 1] ?? "")?.[1] ?? ""

const yaml = (file: string, text: string, json: boolean): Parsed => {
  const lines = new LineCounter()
  const at = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    ...(json ? { schema: "json" as const } : {})
  })
  const error = document.errors[0]
  if (error !== undefined) {
    const line = at(error.pos[0])
    if (error.code === "DUPLICATE_KEY") return Either.left(twice(file, line, keyOn(text.slice(error.pos[0]), 1)))
    const hint = error.code === "BLOCK_AS_IMPLICIT_KEY" ? " (put a value that has colons in quotes)" : ""
    return Either.left(broken(file, line, `not valid ${json ? "JSON" : "YAML"}: ${error.message}${hint}`))
  }
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    return Either.right([])
  }
  if (!isMap(document.contents)) return Either.left(broken(file, 1, 'expected settings such as "port: 2121"'))
  const entries: Array<Entry> = []
  for (const { key, value } of (document.contents as YAMLMap<Node, Node | null>).items) {
    const line = at(key.range?.[0] ?? 0)
    if (!isScalar(key)) return Either.left(broken(file, line, "expected the name of a setting"))
    try {
      entries.push({ key: String(key.value), value: value?.toJS(document), line })
    } catch (cause) {
      return Either.left(broken(file, line, `${quote(String(key.value))} cannot be read: ${String(cause)}`))
    }
  }
  return Either.right(entries)
}

const toml = (file: string, text: string): Parsed => {
  try {
    const [{ body }] = parseTOML(text).body
    return Either.right(
      body.map((node) => {
        const name = node.key.keys.map((part) => (part.type === "TOMLBare" ? part.name : part.value)).join(".")
        const value: unknown = node.type === "TOMLKeyValue" ? getStaticTOMLValue(node.value) : {}
        return { key: name, value: typeof value === "bigint" ? String(value) : value, line: node.loc.start.line }
      })
    )
  } catch (cause) {
    if (!(cause instanceof ParseError)) return Either.left(broken(file, 1, `not valid TOML: ${String(cause)}`))
    // A value missing at the end of a line is found missing on the next.
    const before = text.split("\n")[cause.lineNumber - 2] ?? ""
    const late = /^(?:Expected|Unspecified|Unterminated|The key)/.test(cause.message) && cause.column === 0
    const line = Math.max(1, cause.lineNumber - (late || /=\s*(?:#.*)?$/.test(before) ? 1 : 0))
    return Either.left(
      /multiple times/.test(cause.message)
        ? twice(file, line, keyOn(text, line))
        : broken(file, line, `not valid TOML: ${cause.message}`)
    )
  }
}

/**
 * The keys and values of a config file's text, in their order. Total: text that is not of the format `ending` says (`yaml`,
 * `yml`, `toml` or `json`) is a `File` error, a key written twice a `Duplicate` one, both with `file` and line.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (file: string, ending: string, text: string): Parsed => {
  const unmarked = text.replace(/^\uFEFF/, "")
  return ending === "toml" ? toml(file, unmarked) : yaml(file, unmarked, ending === "json")
}
