import type { Flag, Grammar } from "./Argv.ts"

type Rows = ReadonlyArray<readonly [left: string, right: string]>

const wrap = (text: string, width: number): ReadonlyArray<string> => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1] ?? ""
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`
  }
  return lines
}

const columns = (rows: Rows, width: number): string => {
  const left = Math.max(...rows.map(([name]) => name.length))
  const room = Math.max(30, width - left - 4)
  return rows
    .map(([name, text]) => `  ${name.padEnd(left)}  ${wrap(text, room).join(`\n${" ".repeat(left + 4)}`)}`.trimEnd())
    .join("\n")
}

const flagRow = ({ alias, description, metavar, name }: Flag): readonly [string, string] => [
  `${alias === undefined ? "    " : `-${alias}, `}${`${name} ${metavar}`.trim()}`,
  description
]

const builtIn: Rows = [
  ["-h, --help", "This text, or that of a command"],
  ["    --version", "The version"],
  ["    --completions SHELL", "A completion script for sh, bash, fish or zsh"]
]

/** The commands of one group alone. @since 0.1.0 @category rendering */
export const group = (grammars: ReadonlyArray<Grammar>, name: string, width: number): string => {
  const own = grammars.filter((grammar) => grammar.name.startsWith(`${name} `))
  return `Usage: weft ${name} COMMAND [OPTIONS]

${columns(
  own.map((grammar) => [grammar.name, grammar.description] as const),
  width
)}

weft ${name} COMMAND --help shows the options of a command.`
}

/**
 * What `--help` shows: of one command all its options, without one all the commands. `width` is the terminal's.
 *
 * @since 0.1.0
 * @category rendering
 */
export const text = (grammars: ReadonlyArray<Grammar>, grammar: Grammar | undefined, width: number): string =>
  grammar === undefined
    ? `weft, an FTP server

Usage: weft COMMAND [OPTIONS]

${columns([...grammars.map(({ description, name }) => [name, description] as const), ["", ""], ...builtIn], width)}

weft COMMAND --help shows the options of a command.`
    : `weft ${grammar.name}: ${grammar.description}

Usage: ${["weft", grammar.name, "[OPTIONS]", ...grammar.positionals].join(" ")}

${columns([...grammar.flags.map(flagRow), ...builtIn.slice(0, 1)], width)}

In round brackets is the default, in square ones the environment variable. A flag wins over the variable, the variable
over the config file.`
