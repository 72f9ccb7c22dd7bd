import * as Schema from "effect/Schema"
import { type Argument, Mode, Text, Time } from "./Argument.ts"
import { parseMode, printMode } from "./FileArgument.ts"
import * as Timestamp from "./Timestamp.ts"

const known = ["HELP", "QUOTA", "CHMOD", "UTIME"]

const word = /^[A-Z][A-Z0-9-]*$/

const timeBefore = /^(\d{12}(?:\d\d)?) ([^\0]+)$/

const timesBehind = /^([^\0]+) (\d{14}) (\d{14}) \d{14} UTC$/i

/**
 * What SITE is asked: the commands of this server that no RFC has, or a word it does not know.
 *
 * @since 0.1.0
 * @category models
 */
export const Site = Schema.Union(
  Schema.TaggedStruct("Help", {}),
  Schema.TaggedStruct("Quota", {}),
  Schema.TaggedStruct("Chmod", { mode: Mode, path: Text }),
  Schema.TaggedStruct("Utime", {
    path: Text,
    modified: Time.pipe(
      Schema.filter((ms) => ms % 1000 === 0, {
        arbitrary: () => (fc) => fc.integer({ min: -2e9, max: 9e9 }).map((s) => s * 1000)
      })
    ),
    accessed: Schema.UndefinedOr(
      Time.pipe(
        Schema.filter((ms) => ms % 1000 === 0, {
          arbitrary: () => (fc) => fc.integer({ min: -2e9, max: 9e9 }).map((s) => s * 1000)
        })
      )
    )
  }).pipe(Schema.filter(({ accessed, path }) => (accessed === undefined ? !/ UTC$/i.test(path) : !/^\d/.test(path)))),
  Schema.TaggedStruct("Other", {
    word: Schema.String.pipe(
      Schema.pattern(word),
      Schema.filter((text) => !known.includes(text))
    )
  })
)

/** @since 0.1.0 @category models */
export type Site = typeof Site.Type

const utime = (text: string): Site | undefined => {
  const behind = timesBehind.exec(text)
  if (behind !== null) {
    const [, path = "", atime = "", mtime = ""] = behind
    const accessed = Timestamp.parse(atime)
    const modified = Timestamp.parse(mtime)
    return accessed === undefined || modified === undefined ? undefined : { _tag: "Utime", path, modified, accessed }
  }
  const [, time = "", path = ""] = timeBefore.exec(text) ?? []
  const modified = Timestamp.parse(time.padEnd(14, "0"))
  return modified === undefined ? undefined : { _tag: "Utime", path, modified, accessed: undefined }
}

const chmod = (text: string): Site | undefined => {
  const [, digits = "", path = ""] = /^([0-7]+) ([^\0]+)$/.exec(text) ?? []
  const mode = parseMode(digits)
  return mode === undefined ? undefined : { _tag: "Chmod", mode, path }
}

/**
 * SITE's argument. UTIME has two ways: the time before the name, and the name before the times of access, modification and change.
 *
 * @since 0.1.0
 * @category arguments
 */
export const site: Argument<Site> = {
  syntax:
    "(HELP | QUOTA | CHMOD <mode> <pathname> | UTIME <time> <pathname> | UTIME <pathname> <atime> <mtime> <ctime> UTC)",
  schema: Site,
  parse: (text) => {
    if (text.includes("\0")) return undefined
    const space = text.indexOf(" ")
    const name = (space < 0 ? text : text.slice(0, space)).toUpperCase()
    const rest = space < 0 ? "" : text.slice(space + 1)
    switch (name) {
      case "HELP":
        return { _tag: "Help" }
      case "QUOTA":
        return { _tag: "Quota" }
      case "CHMOD":
        return chmod(rest)
      case "UTIME":
        return utime(rest)
      default:
        return word.test(name) ? { _tag: "Other", word: name } : undefined
    }
  },
  print: (value) => {
    switch (value._tag) {
      case "Help":
        return "HELP"
      case "Quota":
        return "QUOTA"
      case "Chmod":
        return `CHMOD ${printMode(value.mode)} ${value.path}`
      case "Utime": {
        const modified = Timestamp.print(value.modified)
        return value.accessed === undefined
          ? `UTIME ${modified} ${value.path}`
          : `UTIME ${value.path} ${Timestamp.print(value.accessed)} ${modified} ${modified} UTC`
      }
      case "Other":
        return value.word
    }
  }
}
