import * as Path from "node:path"
import * as Either from "effect/Either"
import { toStringUnknown } from "effect/Inspectable"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { quote } from "../observe/Printable.ts"
import type { Native } from "./Codec.ts"
import { ConfigError } from "./ConfigError.ts"
import * as ConfigFile from "./ConfigFile.ts"
import { FtpConfig } from "./FtpConfig.ts"
import { label, Origin, subject } from "./Origin.ts"
import type { Facts, Key } from "./Setting.ts"
import { all, complete, print, settings } from "./Settings.ts"
import { didYouMean } from "./Suggest.ts"

/**
 * A configuration that holds together, and where each value of it came from. Its paths are absolute.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resolved {
  readonly config: FtpConfig
  readonly origins: { readonly [K in Key]: Origin }
}

/**
 * Everything settings are taken from. Relative paths in flags, variables and defaults start from `cwd`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sources {
  readonly flags: { readonly [K in Key]?: string }
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly file: ConfigFile.ConfigFile | undefined
  readonly cwd: string
  readonly parallelism: number
}

interface Given {
  readonly value: unknown
  readonly origin: Origin
}

type Layer = Either.Either<ReadonlyMap<string, Given>, ConfigError>

/**
 * The schema of a config file's contents. Every key may be left out and no other key may be there.
 *
 * @since 0.1.0
 * @category schemas
 */
export const FileSchema = Schema.Struct(
  Object.fromEntries(
    all.map(({ codec, key }) => [
      key,
      Schema.optionalWith(codec.native as Schema.Schema<unknown, Native>, { exact: true })
    ])
  )
).annotations({ identifier: "weft/ConfigFile", parseOptions: { onExcessProperty: "error", errors: "all" } })

const fromTexts = (
  texts: Readonly<Record<string, string | undefined>>,
  name: "key" | "variable",
  origin: Origin
): Layer => {
  const values = new Map<string, Given>()
  for (const row of all) {
    const text = texts[row[name]]
    if (text === undefined) continue
    const parsed: Either.Either<unknown, string> = row.codec.parse(text)
    if (Either.isLeft(parsed)) {
      const message = `${subject(row, origin, text)}: expected ${parsed.left}${hint(text, origin)}`
      return Either.left(new ConfigError({ reason: "Invalid", message }))
    }
    values.set(row.key, { value: parsed.right, origin })
  }
  return Either.right(values)
}

const hint = (text: string, origin: Origin): string =>
  origin._tag === "Environment" && /^tcp:\/\//.test(text)
    ? " (Kubernetes sets this variable for a service called weft: turn enableServiceLinks off)"
    : ""

const fromFile = ({ entries, file }: ConfigFile.ConfigFile): Layer => {
  const contents = Object.fromEntries(entries.map(({ key, value }) => [key, value]))
  const decoded = Schema.decodeUnknownEither(FileSchema)(contents)
  if (Either.isRight(decoded)) {
    return Either.right(
      new Map(entries.map(({ key, line }) => [key, { value: decoded.right[key], origin: Origin.File({ file, line }) }]))
    )
  }
  const issues = ParseResult.ArrayFormatter.formatErrorSync(decoded.left)
  const wrong = entries.find(({ key }) => issues.some(({ path }) => path[0] === key))
  if (wrong === undefined) return Either.left(new ConfigError({ reason: "File", message: `${file}: cannot be used` }))
  const origin = Origin.File({ file, line: wrong.line })
  const row = all.find(({ key }) => key === wrong.key)
  if (row === undefined) {
    const names = all.map(({ key }) => key)
    const message = `${file}:${wrong.line}: unknown setting ${quote(wrong.key)}${didYouMean(wrong.key, names)}`
    return Either.left(new ConfigError({ reason: "Unknown", message }))
  }
  const message = `${subject(row, origin, toStringUnknown(wrong.value, 0))}: expected ${row.codec.expected}`
  return Either.left(new ConfigError({ reason: "Invalid", message }))
}

const conflict = ({ config, origins }: Resolved): string | undefined => {
  const at = (key: Key): string => subject(settings[key], origins[key], print(key, config))
  if (config.shards > config.threads) {
    return `${at("shards")}: more shards than threads (${at("threads")}): every shard needs one of them`
  }
  const { from, to } = config.passivePorts
  if (to > 0 && to - from + 1 < config.shards) {
    return `${at("passivePorts")}: fewer ports than shards (${at("shards")}): every shard needs one of them`
  }
  if (config.port >= Math.max(1, from) && config.port <= to) {
    return `${at("port")}: one of the ports for data connections (${at("passivePorts")}): choose another`
  }
  return tlsConflict(config, at)
}

const tlsConflict = (config: FtpConfig, at: (key: Key) => string): string | undefined => {
  const { from, to } = config.passivePorts
  const { implicitTlsPort: implicit, tlsCert, tlsKey } = config
  const isOffered = tlsCert.length > 0 || config.tlsSelfSigned
  if (tlsKey.length > 0 && tlsKey.length !== tlsCert.length) {
    return `${at("tlsKey")}: expected one key for each certificate (${at("tlsCert")})`
  }
  if (tlsCert.length > 0 && config.tlsSelfSigned) {
    return `${at("tlsSelfSigned")}: there is a certificate already (${at("tlsCert")}): give one or the other`
  }
  if (config.tlsRequired !== "none" && !isOffered) return `${at("tlsRequired")}: TLS is not offered: give tlsCert`
  if (implicit !== null) {
    if (!isOffered) return `${at("implicitTlsPort")}: TLS is not offered: give tlsCert`
    if (implicit > 0 && implicit === config.port) {
      return `${at("implicitTlsPort")}: FTP in clear is on that port (${at("port")}): choose another`
    }
    if (implicit >= Math.max(1, from) && implicit <= to) {
      return `${at("implicitTlsPort")}: one of the ports for data connections (${at("passivePorts")}): choose another`
    }
  }
  if (config.tlsClientCert !== "off" && config.tlsClientCa === "") {
    return `${at("tlsClientCert")}: nobody's signature is believed: give tlsClientCa`
  }
  if (config.tlsClientLogin && config.tlsClientCert === "off") {
    return `${at("tlsClientLogin")}: clients are not asked for certificates (${at("tlsClientCert")})`
  }
  return undefined
}

/**
 * Flag before variable before config file before default, for each setting by itself. Every value given is checked, also one
 * that another overrides. Fails with `Invalid`, `Unknown` or `Conflict` on the first thing wrong.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (sources: Sources): Either.Either<Resolved, ConfigError> =>
  Either.gen(function* () {
    const flags = yield* fromTexts(sources.flags, "key", Origin.Flag())
    const variables = yield* fromTexts(sources.environment, "variable", Origin.Environment())
    const file: ReadonlyMap<string, Given> = sources.file === undefined ? new Map() : yield* fromFile(sources.file)
    const chosen = new Map([...file, ...variables, ...flags])
    const given = Object.fromEntries([...chosen].map(([key, { value }]) => [key, value])) as Facts["given"]
    const origins = Object.fromEntries(
      all.map(({ key }) => [key, chosen.get(key)?.origin ?? Origin.Default()])
    ) as unknown as Resolved["origins"]
    const config = complete(given, sources.parallelism)
    const absolute = (key: Key, path: string): string => {
      const base = origins[key]._tag === "File" ? (sources.file?.folder ?? sources.cwd) : sources.cwd
      return path === "" ? "" : Path.resolve(base, path)
    }
    const paths = {
      root: absolute("root", config.root),
      accounts: absolute("accounts", config.accounts),
      bans: absolute("bans", config.bans),
      tlsCert: config.tlsCert.map((file) => absolute("tlsCert", file)),
      tlsKey: config.tlsKey.map((file) => absolute("tlsKey", file)),
      tlsClientCa: absolute("tlsClientCa", config.tlsClientCa)
    }
    const resolved = { config: new FtpConfig({ ...config, ...paths }), origins }
    const wrong = conflict(resolved)
    return wrong === undefined ? resolved : yield* Either.left(new ConfigError({ reason: "Conflict", message: wrong }))
  })

/**
 * A warning for each `WEFT_` variable that names no setting: a misspelt one must not pass in silence, and yet it may be
 * somebody else's, as Kubernetes makes some up.
 *
 * @since 0.1.0
 * @category rendering
 */
export const unknownVariables = (environment: Sources["environment"]): ReadonlyArray<string> => {
  const known = [...all.map(({ variable }) => variable), ConfigFile.option.variable] as ReadonlyArray<string>
  return Object.keys(environment)
    .filter((name) => /^WEFT_/i.test(name) && !known.includes(name))
    .sort()
    .map((name) => `${name} is not a setting${didYouMean(name, known)}`)
}

/** `key  value  origin` of every setting in columns, for `weft check`. @since 0.1.0 @category rendering */
export const table = ({ config, origins }: Resolved): string => {
  const cells = all.map((row): readonly [key: string, value: string, origin: string] => {
    const why = row.fallbackText !== undefined && origins[row.key]._tag === "Default" ? ` (${row.fallbackText})` : ""
    return [row.key, print(row.key, config), `${label(row, origins[row.key])}${why}`]
  })
  const width = (column: 0 | 1): number => Math.max(...cells.map((row) => row[column].length))
  return cells.map(([key, value, origin]) => `${key.padEnd(width(0))}  ${value.padEnd(width(1))}  ${origin}`).join("\n")
}
