import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { ConfigError } from "../config/ConfigError.ts"
import { didYouMean } from "../config/Suggest.ts"
import { quote } from "../observe/Printable.ts"

/**
 * What a command line asks for. `words` is a command with its options in plain form.
 *
 * @since 0.1.0
 * @category models
 */
export type Request = Data.TaggedEnum<{
  Help: { readonly grammar: Grammar | undefined; readonly group?: string | undefined }
  Version: {}
  Completions: { readonly shell: string }
  Run: { readonly words: ReadonlyArray<string> }
}>

/** @since 0.1.0 @category constructors */
export const Request = Data.taggedEnum<Request>()

/**
 * An option that takes a value. `parse` gives the value in its plainest form, or what was expected; `alone` is the value of the
 * flag without one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Flag {
  readonly name: string
  readonly alias?: string | undefined
  readonly alone?: string | undefined
  readonly metavar: string
  readonly description: string
  readonly expected: string
  readonly parse: (text: string) => Either.Either<string, string>
}

/**
 * A command and what may follow its name. A `name` of two words is a command of a group, as in `account add`. `positionals` are
 * the names of its arguments, all of which must be there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Grammar {
  readonly name: string
  readonly description: string
  readonly flags: ReadonlyArray<Flag>
  readonly positionals: ReadonlyArray<string>
}

const builtIn: ReadonlyArray<string> = ["--help", "--version", "--completions"]
const shells: ReadonlyArray<string> = ["sh", "bash", "fish", "zsh"]

const usage = (message: string): Either.Either<never, ConfigError> =>
  Either.left(new ConfigError({ reason: "Usage", message }))

const isHelp = (word: string): boolean => word === "--help" || word === "-h"

const split = (word: string): readonly [name: string, value: string | undefined] => {
  const at = word.startsWith("--") ? word.indexOf("=") : -1
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)]
}

type Read = Either.Either<Request, ConfigError>

const completions = (shell: string | undefined): Read =>
  shell !== undefined && shells.includes(shell)
    ? Either.right(Request.Completions({ shell }))
    : usage(`--completions ${quote(shell ?? "")}: expected one of ${shells.join(", ")}`)

const head = (name: string): string => name.split(" ")[0] ?? ""

const unknown = (group: string, word: string, known: ReadonlyArray<string>): Read => {
  const expected = [known.slice(0, -1).join(", "), ...known.slice(-1)].join(" or ")
  return usage(`unknown command ${group}${quote(word)}${didYouMean(word, known, `: expected ${expected}`)}`)
}

const ofGroup = (grammars: ReadonlyArray<Grammar>, group: string, words: ReadonlyArray<string>): Read => {
  const [first] = words
  if (first === undefined || isHelp(first)) return Either.right(Request.Help({ grammar: undefined, group }))
  if (first.startsWith("-")) return beforeCommand(grammars, words)
  return unknown(
    `${group} `,
    first,
    grammars.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) => name.slice(group.length + 1))
  )
}

const beforeCommand = (grammars: ReadonlyArray<Grammar>, words: ReadonlyArray<string>): Read => {
  const [first = "", next] = words
  const [name, value = next] = split(first)
  if (isHelp(first)) return Either.right(Request.Help({ grammar: undefined }))
  if (first === "--version") return Either.right(Request.Version())
  if (name === "--completions") return completions(value)
  if (!first.startsWith("-")) return unknown("", first, [...new Set(grammars.map((grammar) => head(grammar.name)))])
  const owner = grammars.find(({ flags }) => flags.some((flag) => flag.name === name || `-${flag.alias}` === name))
  return owner === undefined
    ? usage(`unknown option ${quote(name)}${didYouMean(name, builtIn, ": see weft --help")}`)
    : usage(`${name} belongs after a command: expected weft ${owner.name} ${name}`)
}

const afterCommand = ({ flags, name: command, positionals }: Grammar, words: ReadonlyArray<string>): Read => {
  const isFlag = (word: string): boolean => word.startsWith("--") || flags.some(({ alias }) => `-${alias}` === word)
  const options: Array<string> = []
  const rest: Array<string> = []
  const seen = new Set<Flag>()
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ""
    if (word === "--" || !word.startsWith("-") || word === "-") {
      rest.push(...(word === "--" ? words.slice(index + 1) : [word]))
      if (word === "--") break
      continue
    }
    const [name, attached] = split(word)
    const flag = flags.find((flag) => flag.name === name || `-${flag.alias}` === name)
    if (flag === undefined) {
      const known = [...flags.map((flag) => flag.name), ...builtIn]
      return usage(`unknown option ${quote(name)}${didYouMean(name, known, `: see weft ${command} --help`)}`)
    }
    if (seen.has(flag)) return usage(`${flag.name} is given twice`)
    seen.add(flag)
    let value = attached
    const next = words[index + 1]
    if (value === undefined && next !== undefined && !isFlag(next)) {
      if (flag.alone === undefined || Either.isRight(flag.parse(next))) {
        value = next
        index++
      }
    }
    value ??= flag.alone
    if (value === undefined || value === "--") {
      return usage(`${flag.name}: a value is missing: expected ${flag.expected}`)
    }
    const parsed = flag.parse(value)
    if (Either.isLeft(parsed)) {
      const message = `${flag.name} ${quote(value)}: expected ${parsed.left}`
      return Either.left(new ConfigError({ reason: "Invalid", message }))
    }
    options.push(flag.alias === undefined ? flag.name : `-${flag.alias}`, parsed.right)
  }
  const extra = rest[positionals.length]
  if (extra !== undefined) {
    const takes = positionals.length === 0 ? "options only" : `${positionals.join(" ")} only`
    return usage(`unexpected argument ${quote(extra)}: weft ${command} takes ${takes}`)
  }
  if (rest.length < positionals.length) {
    return usage(`${positionals[rest.length]} is missing: weft ${command} takes ${positionals.join(" ")}`)
  }
  return Either.right(
    Request.Run({ words: [...command.split(" "), ...options, ...(rest.length === 0 ? [] : ["--", ...rest])] })
  )
}

/**
 * Reads the words after `weft` strictly and gives them back in a form that `@effect/cli` cannot misread. By itself that takes
 * the next option for a missing value, does not find `--help` behind another option, and swallows every `--log-level`: it
 * has a built-in option of that name, so ours goes to it by its letter. Fails with `Usage`, or `Invalid` for a value.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (grammars: ReadonlyArray<Grammar>, words: ReadonlyArray<string>): Read => {
  const [first] = words
  if (first === undefined) return Either.right(Request.Help({ grammar: undefined }))
  const grammar = grammars.find(({ name }) => name.split(" ").every((word, index) => word === words[index]))
  if (grammar === undefined) {
    const isGroup = grammars.some(({ name }) => name.startsWith(`${first} `))
    return isGroup ? ofGroup(grammars, first, words.slice(1)) : beforeCommand(grammars, words)
  }
  const others = words.slice(grammar.name.split(" ").length)
  const end = others.indexOf("--")
  const asked = others.slice(0, end < 0 ? others.length : end)
  if (asked.some(isHelp)) return Either.right(Request.Help({ grammar }))
  const at = asked.findIndex((word) => builtIn.includes(split(word)[0]))
  if (at >= 0) return beforeCommand(grammars, asked.slice(at))
  return afterCommand(grammar, others)
}
