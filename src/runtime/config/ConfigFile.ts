import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { quote } from "../observe/Printable.ts"
import { ConfigError } from "./ConfigError.ts"
import * as Origin from "./Origin.ts"
import type { Entry } from "./Syntax.ts"

/**
 * A config file that could be read: what it says, line by line, and the folder that relative paths in it start from. `file` is
 * the name its user gave it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigFile {
  readonly file: string
  readonly folder: string
  readonly entries: ReadonlyArray<Entry>
}

/** How the config file itself is named on the command line and in the environment. @since 0.1.0 @category constants */
export const option = {
  key: "config",
  flag: "--config",
  alias: "c",
  variable: "WEFT_CONFIG",
  metavar: "FILE",
  description: "The config file: YAML, TOML or JSON by its name's ending"
} as const

const largest = 1024 * 1024

const problems: Record<string, string> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the name is too long"
}

const contents = (path: string): Either.Either<string, string> => {
  try {
    const found = Fs.statSync(path)
    if (!found.isFile())
      return Either.left(found.isDirectory() ? "a folder, expected a file" : "expected a regular file")
    if (found.size > largest) return Either.left("larger than 1 MiB, expected a config file")
    return Either.right(new TextDecoder("utf-8", { fatal: true }).decode(Fs.readFileSync(path)))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ""
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") return Either.left("expected UTF-8 text")
    return Either.left(problems[code] ?? `cannot be read (${quote(code)})`)
  }
}

/**
 * Reads and parses the config file named by flag or variable; `path` may be relative to `cwd`. What its values mean is not
 * looked at yet. Fails with `File` or `Duplicate`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (
  path: string,
  options: { readonly cwd: string; readonly origin: Origin.Origin }
): Effect.Effect<ConfigFile, ConfigError> => {
  const refuse = (problem: string): ConfigError =>
    new ConfigError({ reason: "File", message: `${Origin.subject(option, options.origin, path)}: ${problem}` })
  return Effect.gen(function* () {
    const full = Path.resolve(options.cwd, path)
    const ending = Path.extname(full).toLowerCase()
    if (path === "" || path.includes("\0")) return yield* refuse("expected the path of a config file")
    if (!/^\.(?:ya?ml|toml|json)$/.test(ending)) {
      return yield* refuse("expected a name that ends in .yaml, .yml, .toml or .json")
    }
    const text = yield* Either.mapLeft(contents(full), refuse)
    const Syntax = yield* Effect.promise(() => import("./Syntax.ts"))
    const entries = yield* Syntax.parse(quote(path), ending.slice(1), text)
    return { file: quote(path), folder: Path.dirname(full), entries }
  })
}
