import * as Util from "node:util"
import * as Effect from "effect/Effect"
import { BenchError } from "./BenchError.ts"
import * as Curve from "./Curve.ts"
import { repository } from "./Field.ts"
import * as Scale from "./Scale.ts"

/**
 * What was asked for on the command line.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly help: boolean
  readonly list: boolean
  readonly name: string
  /** The numbers of clients of a growth curve; nothing for the usual tables. */
  readonly curve: ReadonlyArray<number> | undefined
  readonly scale: Scale.Scale
  /** Names of workloads and servers; empty is all. */
  readonly only: ReadonlyArray<string>
  /** Wefts to measure: what to call each, and the folder whose `dist` it is. */
  readonly wefts: ReadonlyArray<readonly [name: string, folder: string]>
  readonly weftFlags: ReadonlyArray<string>
  readonly folder: string | undefined
  readonly firstPort: number
}

/**
 * The text of `--help`.
 *
 * @since 0.1.0
 * @category rendering
 */
export const help = `npm run bench -- [OPTIONS]

Measures Weft and the FTP servers that are installed beside it.

  --quick             A few minutes: small files, short runs, one round; proves nothing
  --rounds COUNT      Rounds (${Scale.full.rounds})
  --seconds SECONDS   How long each measurement takes (${Scale.full.seconds})
  --only NAMES        Workloads and servers by name, with commas between them; Weft and its peers are all taken
                      unless a server is named
  --clients COUNT     So many clients in every workload
  --curve             A growth curve instead: ${Curve.names.join(", ")} (or those of --only)
                      with ${Curve.points.join(", ")} clients, Weft with one and two shards; one round
  --points COUNTS     Other numbers of clients for it, with commas between them
  --sessions COUNT    Idle sessions held (${Scale.full.sessions})
  --addresses COUNT   Loopback addresses the clients come from (${Scale.full.addresses})
  --tls VERSION       The version of TLS in the workloads that use it, 1.2 or 1.3 (${Scale.full.tlsVersion})
  --weft NAME=FOLDER  A Weft that is built in another folder; may be repeated, takes the place of this one
  --weft-flags FLAGS  Further flags of weft serve, with spaces between them
  --folder FOLDER     Where the files served are put (/dev/shm, else the system's temporary folder)
  --port PORT         The first of the ports used; each server takes a thousand (12000)
  --name NAME         What the results are called (latest; curve)
  --list              Shows the workloads and the servers found
  --help              This text
`

const number = (name: string, text: string | undefined, otherwise: number): number => {
  const value = text === undefined ? otherwise : Number(text)
  if (!Number.isFinite(value) || value <= 0) throw new Error(`--${name} takes a number above 0`)
  return value
}

const whole = (name: string, text: string | undefined, otherwise: number): number => {
  const value = number(name, text, otherwise)
  if (!Number.isInteger(value)) throw new Error(`--${name} takes a whole number`)
  return value
}

const tlsVersion = (text: string | undefined): "1.2" | "1.3" => {
  if (text !== undefined && text !== "1.2" && text !== "1.3") throw new Error("--tls takes 1.2 or 1.3")
  return text ?? Scale.full.tlsVersion
}

const weft = (text: string): readonly [string, string] => {
  const at = text.indexOf("=")
  if (at <= 0) throw new Error("--weft takes NAME=FOLDER")
  return [text.slice(0, at), text.slice(at + 1)]
}

const words = (text: string | undefined, by: string): ReadonlyArray<string> =>
  (text ?? "").split(by).filter((word) => word !== "")

const points = (text: string | undefined, quick: boolean): ReadonlyArray<number> =>
  text === undefined
    ? quick
      ? Curve.quickPoints
      : Curve.points
    : words(text, ",").map((word) => whole("points", word, 1))

const parse = (args: ReadonlyArray<string>): Options => {
  const text = { type: "string" } as const
  const flag = { type: "boolean", default: false } as const
  const { values } = Util.parseArgs({
    args: [...args],
    options: {
      addresses: text,
      clients: text,
      curve: flag,
      folder: text,
      help: flag,
      list: flag,
      name: text,
      only: text,
      points: text,
      port: text,
      quick: flag,
      rounds: text,
      seconds: text,
      sessions: text,
      tls: text,
      weft: { type: "string", multiple: true },
      "weft-flags": text
    }
  })
  const base = values.quick ? Scale.quick : Scale.full
  const name = values.name ?? (values.curve ? "curve" : "latest")
  if (!/^[\w.-]+$/.test(name)) throw new Error("--name takes letters, digits, dots and hyphens")
  return {
    help: values.help,
    list: values.list,
    name,
    curve: values.curve ? points(values.points, values.quick) : undefined,
    scale: {
      ...base,
      rounds: whole("rounds", values.rounds, values.curve ? 1 : base.rounds),
      seconds: number("seconds", values.seconds, base.seconds),
      sessions: whole("sessions", values.sessions, base.sessions),
      tlsVersion: tlsVersion(values.tls),
      addresses: whole("addresses", values.addresses, base.addresses),
      clients: values.clients === undefined ? undefined : whole("clients", values.clients, 1)
    },
    only: words(values.only, ","),
    wefts: values.weft?.map(weft) ?? [["weft", repository]],
    weftFlags: words(values["weft-flags"], " "),
    folder: values.folder,
    firstPort: whole("port", values.port, 12_000)
  }
}

/**
 * Reads the arguments.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (args: ReadonlyArray<string>): Effect.Effect<Options, BenchError> =>
  Effect.try({
    try: () => parse(args),
    catch: (cause) =>
      new BenchError({ reason: "Setup", detail: cause instanceof Error ? cause.message : String(cause) })
  })
