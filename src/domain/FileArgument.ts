import * as Schema from "effect/Schema"
import { type Argument, Mode, Range, Text, Time } from "./Argument.ts"
import * as Timestamp from "./Timestamp.ts"

const printTime = (ms: number): string => Timestamp.print(ms, { milliseconds: ms % 1000 !== 0 })

/** A time, one space, and the rest of the line: a name. */
const splitTime = (text: string): { readonly modified: number; readonly path: string } | undefined => {
  const space = text.indexOf(" ")
  const modified = space < 0 ? undefined : Timestamp.parse(text.slice(0, space))
  const path = text.slice(space + 1)
  return modified === undefined || path === "" || path.includes("\0") ? undefined : { path, modified }
}

/**
 * A file and the time it is to have.
 *
 * @since 0.1.0
 * @category models
 */
export const Timed = Schema.Struct({ path: Text, modified: Time })

/** @since 0.1.0 @category models */
export type Timed = typeof Timed.Type

/** MFMT's time and name (draft-somers-ftp-mfxx section 3). @since 0.1.0 @category arguments */
export const timed: Argument<Timed> = {
  syntax: "<time> <pathname>",
  schema: Timed,
  parse: splitTime,
  print: ({ modified, path }) => `${printTime(modified)} ${path}`
}

/**
 * What MDTM is given: a name to ask about, or with `modified` a time to set.
 *
 * @since 0.1.0
 * @category models
 */
export const MaybeTimed = Schema.Struct({ path: Text, modified: Schema.UndefinedOr(Time) }).pipe(
  Schema.filter(({ modified, path }) => modified !== undefined || splitTime(path) === undefined)
)

/** @since 0.1.0 @category models */
export type MaybeTimed = typeof MaybeTimed.Type

/** MDTM's name (RFC 3659 section 3), or a time before it, as clients older than MFMT write it. @since 0.1.0 @category arguments */
export const maybeTimed: Argument<MaybeTimed> = {
  syntax: "(<pathname> | <time> <pathname>)",
  schema: MaybeTimed,
  parse: (text) =>
    splitTime(text) ?? (text === "" || text.includes("\0") ? undefined : { path: text, modified: undefined }),
  print: ({ modified, path }) => (modified === undefined ? path : `${printTime(modified)} ${path}`)
}

/**
 * The facts MFF is to give a file; those this server knows but cannot set are `Unsupported`.
 *
 * @since 0.1.0
 * @category models
 */
export const FileFacts = Schema.Union(
  Schema.Struct({ path: Text, modified: Schema.UndefinedOr(Time), mode: Schema.UndefinedOr(Mode) }).pipe(
    Schema.filter(({ mode, modified }) => mode !== undefined || modified !== undefined)
  ),
  Schema.Literal("Unsupported")
)

/** @since 0.1.0 @category models */
export type FileFacts = typeof FileFacts.Type

/** The permission bits as MLST, MFF and CHMOD write them. @since 0.1.0 @category printing */
export const printMode = (mode: number): string => mode.toString(8).padStart(4, "0")

/** Reads up to four octal digits. @since 0.1.0 @category parsing */
export const parseMode = (text: string): number | undefined =>
  /^[0-7]{1,4}$/.test(text) ? Number.parseInt(text, 8) : undefined

/** Facts as MFF takes them and says them in its reply. @since 0.1.0 @category printing */
export const printFacts = ({
  mode,
  modified
}: {
  readonly mode: number | undefined
  readonly modified: number | undefined
}) =>
  `${modified === undefined ? "" : `Modify=${printTime(modified)};`}${mode === undefined ? "" : `UNIX.mode=${printMode(mode)};`}`

/** MFF's facts and name (draft-somers-ftp-mfxx section 5). @since 0.1.0 @category arguments */
export const facts: Argument<FileFacts> = {
  syntax: "(Modify=<time>; | UNIX.mode=<mode>;)... <pathname>",
  schema: FileFacts,
  parse: (text) => {
    const [, all = "", path = ""] = /^((?:[^ =;]+=[^ ;]*;)+) ([^\0]+)$/.exec(text) ?? []
    if (path === "") return undefined
    let modified: number | undefined
    let mode: number | undefined
    for (const fact of all.slice(0, -1).split(";")) {
      const value = fact.slice(fact.indexOf("=") + 1)
      const name = fact.slice(0, fact.indexOf("=")).toLowerCase()
      if (name === "modify") modified = Timestamp.parse(value)
      else if (name === "unix.mode") mode = parseMode(value)
      else return "Unsupported"
      if ((name === "modify" ? modified : mode) === undefined) return undefined
    }
    return { path, modified, mode }
  },
  print: (value) => (value === "Unsupported" ? "Create=19700101000000; x" : `${printFacts(value)} ${value.path}`)
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

const unquote = (quoted: string): string => quoted.replaceAll('""', '"')

/**
 * A file, or a part of it, to be digested.
 *
 * @since 0.1.0
 * @category models
 */
export const Part = Schema.Struct({ path: Text, range: Schema.UndefinedOr(Range) })

/** @since 0.1.0 @category models */
export type Part = typeof Part.Type

const rangeBehind = /^(.+) (\d{1,15}) (\d{1,15})$/s

/**
 * The name and, where two numbers follow it, the first byte and the one behind the last, as XCRC and its kin take them. A name that is
 * itself in quotes or ends in two numbers has to be quoted.
 *
 * @since 0.1.0
 * @category arguments
 */
export const part: Argument<Part> = {
  syntax: "<pathname> [<start> <end>]",
  schema: Part,
  parse: (text) => {
    const quoted = /^"((?:[^"]|"")+)"(?: +(\d{1,15}) +(\d{1,15}))? *$/.exec(text)
    const [, path = text, from, to] = quoted ?? rangeBehind.exec(text) ?? []
    if (path === "" || path.includes("\0")) return undefined
    const range = from === undefined ? undefined : { start: Number(from), end: Number(to) }
    if (range !== undefined && range.start > range.end) return undefined
    return { path: quoted === null ? path : unquote(path), range }
  },
  print: ({ path, range }) => {
    if (range !== undefined) return `${quote(path)} ${range.start} ${range.end}`
    return path.startsWith('"') || rangeBehind.test(path) ? quote(path) : path
  }
}

/**
 * Files that are to become one.
 *
 * @since 0.1.0
 * @category models
 */
export const Parts = Schema.Struct({ target: Text, sources: Schema.NonEmptyArray(Text) })

/** @since 0.1.0 @category models */
export type Parts = typeof Parts.Type

/** COMB's names, the target first; those with spaces in quotes. @since 0.1.0 @category arguments */
export const parts: Argument<Parts> = {
  syntax: "<target> <source> [<source> ...]",
  schema: Parts,
  parse: (text) => {
    const names: Array<string> = []
    const name = / *(?:"((?:[^"]|"")+)"|([^" \0][^ \0]*))(?= |$)/y
    const rest = text.trimEnd()
    while (name.lastIndex < rest.length) {
      const match = name.exec(rest)
      if (match === null || match[0].includes("\0")) return undefined
      names.push(match[1] === undefined ? (match[2] ?? "") : unquote(match[1]))
    }
    const [target, first, ...more] = names
    return target === undefined || first === undefined ? undefined : { target, sources: [first, ...more] }
  },
  print: ({ sources, target }) =>
    [target, ...sources].map((name) => (/^"|\s/.test(name) ? quote(name) : name)).join(" ")
}
