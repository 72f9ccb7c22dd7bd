import type { Entry, Kind } from "./Entry.ts"
import type { Permission } from "./Permission.ts"
import * as Text from "./Text.ts"
import * as Timestamp from "./Timestamp.ts"

/**
 * Every fact there is, in the order of the FEAT reply and of every line.
 *
 * @since 0.1.0
 * @category constants
 */
export const names = ["Type", "Size", "Modify", "Perm", "Unique", "UNIX.mode", "UNIX.owner", "UNIX.group"] as const

/**
 * The name of a fact (RFC 3659 section 7.5).
 *
 * @since 0.1.0
 * @category models
 */
export type FactName = (typeof names)[number]

/**
 * The facts a session shows.
 *
 * @since 0.1.0
 * @category models
 */
export type Selection = ReadonlySet<FactName>

/**
 * What the Type fact may say in place of what the entry is: MLSD's own directory and the one above it, or the target's type
 * where a link was followed.
 *
 * @since 0.1.0
 * @category models
 */
export type Type = "file" | "dir" | "cdir" | "pdir"

/**
 * The facts shown until OPTS MLST says otherwise: all that clients use, so that most need not ask.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: Selection = new Set(names.filter((name) => name !== "Unique"))

const selected = (selection: Selection): ReadonlyArray<FactName> => names.filter((name) => selection.has(name))

/**
 * Reads OPTS MLST's argument "type;size;" (RFC 3659 section 7.9): in any case and order, unknown facts ignored, the empty text
 * no facts at all.
 *
 * @since 0.1.0
 * @category parsing
 */
export const select = (text: string): Selection => {
  const wanted = new Set(text.split(";").map((name) => name.trim().toLowerCase()))
  return new Set(names.filter((name) => wanted.has(name.toLowerCase())))
}

/**
 * The FEAT line (RFC 3659 section 7.8): every fact, with a "*" behind each that is shown.
 *
 * @since 0.1.0
 * @category printing
 */
export const feature = (selection: Selection): string =>
  `MLST ${names.map((name) => `${name}${selection.has(name) ? "*" : ""};`).join("")}`

/**
 * The text of the 200 reply to OPTS MLST (RFC 3659 section 7.9): the facts that are shown from now on.
 *
 * @since 0.1.0
 * @category printing
 */
export const responseToOpts = (selection: Selection): string =>
  [
    "MLST OPTS",
    ...(selection.size === 0
      ? []
      : [
          selected(selection)
            .map((name) => `${name};`)
            .join("")
        ])
  ].join(" ")

/** The target is left out and "symlink" not called "slink": that is the one spelling every client knows. */
const types: { readonly [K in Kind]: string } = {
  file: "file",
  directory: "dir",
  link: "OS.unix=symlink",
  other: "OS.unix=special"
}

/** A letter of the Perm fact (RFC 3659 section 7.5.5) and the permissions of which one must be there, if any. */
type Letter = readonly [letter: string, ...anyOf: ReadonlyArray<Permission>]

const fileLetters: ReadonlyArray<Letter> = [
  ["a", "append"],
  ["d", "delete"],
  ["f", "rename"],
  ["r", "read"],
  ["w", "overwrite"]
]

const letters: { readonly [K in Kind]: ReadonlyArray<Letter> } = {
  file: fileLetters,
  directory: [
    ["c", "write"],
    ["d", "rmdir"],
    ["e"],
    ["f", "rename"],
    ["l", "list"],
    ["m", "mkdir"],
    ["p", "delete", "rmdir"]
  ],
  link: [...fileLetters.slice(0, 2), ["e"], ["f", "rename"], ["l", "list"], ["r", "read"], ["w", "overwrite"]],
  other: [
    ["d", "delete"],
    ["f", "rename"]
  ]
}

const perm = (kind: Kind, permissions: ReadonlySet<Permission>): string => {
  let text = ""
  for (const [letter, ...anyOf] of letters[kind]) {
    if (anyOf.length === 0 || anyOf.some((permission) => permissions.has(permission))) text += letter
  }
  return text
}

/** What RFC 3659 section 7.2 does not let a fact's value hold. */
const forbidden = /[^\w,.:!@#$%^&()\-+?/\\'"=]/g

const forbiddenOrPercent = new RegExp(`%|${forbidden.source}`, "g")

const token = (text: string): string => text.replace(forbidden, "_")

/** Different values stay different, however odd they are. */
const distinctToken = (text: string): string =>
  text.replace(forbiddenOrPercent, (character) => `%${character.charCodeAt(0).toString(16)}%`)

/**
 * How one line is to be: `permissions` are the account's at the entry's path, `name` stands in for the entry's own (MLST shows whole paths), `type` for
 * what the entry is.
 *
 * @since 0.1.0
 * @category models
 */
export interface LineOptions {
  readonly permissions: ReadonlySet<Permission>
  readonly name?: string
  readonly type?: Type
}

/**
 * Makes what writes the lines MLSD and MLST show for entries, without a line end: "fact=value;" for each selected fact, one space, the
 * name (RFC 3659 section 7.2). Size stands on files only; times are UTC; Perm says what the account may try, not what the file's
 * own mode allows. CR, LF and NUL in a name become "?".
 *
 * In a directory most facts are what they were in the line before, so those are written once.
 *
 * @since 0.1.0
 * @category printing
 */
export const line = (selection: Selection): ((entry: Entry, options: LineOptions) => string) => {
  const has = (name: FactName): boolean => selection.has(name)
  const hasType = has("Type")
  const hasSize = has("Size")
  const hasModify = has("Modify")
  const hasUnique = has("Unique")
  const fact = (name: FactName, value: string): string => (has(name) ? `${name}=${value};` : "")

  let last: Entry | undefined
  let permissions: LineOptions["permissions"] | undefined
  let permFact = ""
  let unixFacts = ""

  const renew = (entry: Entry, options: LineOptions) => {
    last = entry
    permissions = options.permissions
    permFact = fact("Perm", perm(entry.kind, permissions))
    unixFacts =
      fact("UNIX.mode", entry.mode.toString(8).padStart(4, "0")) +
      fact("UNIX.owner", token(entry.owner)) +
      fact("UNIX.group", token(entry.group))
  }

  return (entry, options) => {
    if (
      last === undefined ||
      options.permissions !== permissions ||
      entry.kind !== last.kind ||
      entry.mode !== last.mode ||
      entry.owner !== last.owner ||
      entry.group !== last.group
    ) {
      renew(entry, options)
    }
    let facts = hasType ? `Type=${options.type ?? types[entry.kind]};` : ""
    if (hasSize && entry.kind === "file") {
      facts += `Size=${Math.min(Math.trunc(entry.size), Number.MAX_SAFE_INTEGER)};`
    }
    if (hasModify) facts += `Modify=${Timestamp.print(entry.modified)};`
    facts += permFact
    if (hasUnique && entry.unique !== "") facts += `Unique=${distinctToken(entry.unique)};`
    return `${facts}${unixFacts} ${Text.oneLine(options.name ?? entry.name)}`
  }
}
