import type { Entry, Kind } from "./Entry.ts"
import * as Text from "./Text.ts"
import * as Timestamp from "./Timestamp.ts"

/** "p" for what is neither: clients that mirror pass over a pipe, but would fetch a "-" and be refused. */
const letters: { readonly [K in Kind]: string } = { file: "-", directory: "d", link: "l", other: "p" }

const triples = ["---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"]

/** Three of the nine letters; set-id and sticky bits show in place of the "x", in capitals where there is none. */
const triple = (bits: number, special: number, letter: string): string => {
  const plain = triples[bits & 7] ?? "---"
  if (special === 0) return plain
  return plain.slice(0, 2) + ((bits & 1) === 1 ? letter : letter.toUpperCase())
}

const permissions = (mode: number): string =>
  triple(mode >> 6, mode & 0o4000, "s") + triple(mode >> 3, mode & 0o2000, "s") + triple(mode, mode & 0o1000, "t")

/** Clients split the columns before the name at spaces. */
const column = (text: string): string => {
  if (text === "") return "-"
  return /[\s\0]/.test(text) ? text.replace(/[\s\0]/g, "_") : text
}

const sizeWidth = 12

/** What goes before a size of so many digits. */
const sizePaddings = Array.from({ length: sizeWidth }, (_, digits) => " ".repeat(sizeWidth - digits))

const integer = (value: number): string => String(Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER))

/**
 * Makes what writes the lines LIST and STAT show for entries, as `ls -l` prints them and without a line end: type, permissions,
 * links, owner, group, size in bytes, date in UTC seen from `now` (milliseconds since the epoch), name, and where a link points.
 * What is no file, directory or link shows as a pipe. CR, LF and NUL in a name become "?".
 *
 * In a directory most columns say what they said in the line before, so those are written once.
 *
 * @since 0.1.0
 * @category printing
 */
export const long = (now: number): ((entry: Entry) => string) => {
  const date = Timestamp.long(now)
  let last: Entry | undefined
  let front = ""

  return (entry) => {
    if (
      last === undefined ||
      entry.kind !== last.kind ||
      entry.mode !== last.mode ||
      entry.links !== last.links ||
      entry.owner !== last.owner ||
      entry.group !== last.group
    ) {
      last = entry
      const mode = letters[entry.kind] + permissions(entry.mode)
      const links = integer(entry.links).padStart(4)
      front = `${mode} ${links} ${column(entry.owner).padEnd(8)} ${column(entry.group).padEnd(8)} `
    }
    const size = integer(entry.size)
    const target = entry.kind === "link" && entry.target !== undefined ? ` -> ${Text.oneLine(entry.target)}` : ""
    return `${front}${sizePaddings[size.length] ?? ""}${size} ${date(entry.modified)} ${Text.oneLine(entry.name)}${target}`
  }
}

/**
 * The line NLST shows for a name, without a line end: the name behind what {@link prefix} says. CR, LF and NUL become "?".
 *
 * @since 0.1.0
 * @category printing
 */
export const name = (name: string, prefix = ""): string => Text.oneLine(prefix + name)

/**
 * What NLST puts before each name so that a client can send it back as it stands (RFC 1123 section 4.1.2.7). `path` is what the client
 * wrote: a directory whose contents are listed (`inside`: "sub/" for NLST sub), or a name or pattern in it (`beside`: "sub/" for
 * NLST sub/*.txt).
 *
 * @since 0.1.0
 * @category printing
 */
export const prefix = (path: string, names: "inside" | "beside"): string => {
  const named = path.replace(/\/+$/, "")
  if (names === "beside") return named.slice(0, named.lastIndexOf("/") + 1)
  return path === "" || named === "." ? "" : `${named}/`
}

/**
 * What the argument of LIST or NLST asks for: `all` (-a, -A), `long` (-l), the `directoryItself` instead of what is in it
 * (-d), `recursive` (-R), and the path as the client wrote it, "" for none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Selection {
  readonly all: boolean
  readonly long: boolean
  readonly directoryItself: boolean
  readonly recursive: boolean
  readonly path: string
}

const leadingFlags = /^(?: *-[A-Za-z0-9]+(?= |$))*(?: *--(?= |$))?/

/**
 * Reads the argument of LIST or NLST, which many clients write as if to `ls`: words of "-" and letters at the front are flags
 * (unknown ones mean nothing), "--" ends them, and what follows one space is the path, spaces and all. A path that looks
 * like a flag is written "-- -x" or "./-x".
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseArgument = (text: string): Selection => {
  const flags = leadingFlags.exec(text)?.[0] ?? ""
  const has = (letter: string): boolean => flags.includes(letter)
  return {
    all: has("a") || has("A"),
    long: has("l"),
    directoryItself: has("d"),
    recursive: has("R"),
    path: text.slice(flags === "" ? 0 : flags.length + 1)
  }
}
