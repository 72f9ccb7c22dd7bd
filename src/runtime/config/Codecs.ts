import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as HostPort from "../../domain/HostPort.ts"
import * as Codec from "./Codec.ts"
import * as FtpConfig from "./FtpConfig.ts"

const digits = (text: string): Option.Option<number> =>
  /^\d{1,15}$/.test(text) ? Option.some(Number(text)) : Option.none()

/** A whole number from `least` to `most`, in decimal digits. @since 0.1.0 @category constructors */
export const whole = (least: number, most: number, what = "a whole number"): Codec.Codec<number> =>
  Codec.make({
    expected: `${what} from ${least} to ${most}`,
    type: Schema.Int.pipe(Schema.between(least, most)),
    native: "number",
    decode: digits,
    encode: String
  })

/** @since 0.1.0 @category codecs */
export const port: Codec.Codec<number> = whole(0, 65535, "a port")

/** `true` or `false`, and what people write for them; a flag alone means `true`. @since 0.1.0 @category codecs */
export const truth: Codec.Codec<boolean> = Codec.make({
  expected: "true or false",
  type: Schema.Boolean,
  native: "boolean",
  choices: ["true", "false"],
  alone: "true",
  decode: (text) => {
    if (/^(?:true|yes|on|1)$/i.test(text)) return Option.some(true)
    return /^(?:false|no|off|0)$/i.test(text) ? Option.some(false) : Option.none()
  },
  encode: String
})

/** One of a few words, in any case. @since 0.1.0 @category constructors */
export const oneOf = <A extends string>(
  type: Schema.Schema<A> & { readonly literals: ReadonlyArray<A> }
): Codec.Codec<A> =>
  Codec.make({
    expected: `one of ${type.literals.join(", ")}`,
    type,
    choices: type.literals,
    decode: (text) => Option.fromNullable(type.literals.find((literal) => literal === text.toLowerCase())),
    encode: (a) => a
  })

/** The path of a folder; whether it exists is asked when the server starts. @since 0.1.0 @category codecs */
export const folder: Codec.Codec<string> = Codec.make({
  expected: "the path of a folder",
  type: Schema.NonEmptyString,
  decode: Option.liftPredicate((text) => !text.includes("\0")),
  encode: (a) => a
})

/** The path of a file, or `none`, which is the empty text; whether it exists is asked when the server starts. @since 0.1.0 @category codecs */
export const optionalFile: Codec.Codec<string> = Codec.make({
  expected: "the path of a file, or none",
  type: Schema.String,
  decode: (text) =>
    text === "" || text.includes("\0") ? Option.none() : Option.some(text.toLowerCase() === "none" ? "" : text),
  encode: (a) => (a === "" ? "none" : a)
})

const factors: Readonly<Record<string, number>> = { "": 1, k: 1000, m: 1e6, g: 1e9, t: 1e12 }
const binaryFactors: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 }
const largest = 2 ** 53 - 1

/** A size in bytes or a rate in bytes a second: `10MiB`, `1.5GB`, a bare number of bytes, or `none`, which is 0. @since 0.1.0 @category codecs */
export const bytes: Codec.Codec<number> = Codec.make({
  expected: "a size such as 500kB, 10MiB or 2GiB, a number of bytes, or none",
  type: Schema.Int.pipe(Schema.between(0, largest)),
  native: "number",
  decode: (text) => {
    const found = text.trim().toLowerCase()
    if (found === "none") return Option.some(0)
    const [, amount, prefix = "", binary] = /^(\d{1,16}(?:\.\d{1,6})?)\s*(?:([kmgt])(i)?)?b?$/.exec(found) ?? []
    const factor = (binary === undefined ? factors : binaryFactors)[prefix]
    return amount === undefined || factor === undefined
      ? Option.none()
      : Option.some(Math.round(Number(amount) * factor))
  },
  encode: (size) => {
    if (size === 0) return "none"
    const unit = Object.entries(binaryFactors)
      .reverse()
      .find(([, factor]) => size % factor === 0)
    return unit === undefined
      ? String(size)
      : `${size / unit[1]}${unit[0] === "k" ? "Ki" : `${unit[0].toUpperCase()}i`}B`
  }
})

/** Permission bits in octal digits. @since 0.1.0 @category codecs */
export const octal: Codec.Codec<number> = Codec.make({
  expected: "permission bits in octal digits, from 000 to 777",
  type: Schema.Int.pipe(Schema.between(0, 0o777)),
  native: "number",
  decode: (text) => (/^0{0,2}[0-7]{1,3}$/.test(text) ? Option.some(Number.parseInt(text, 8)) : Option.none()),
  encode: (bits) => bits.toString(8).padStart(3, "0")
})

/** Something shown to people on one line. @since 0.1.0 @category codecs */
export const line: Codec.Codec<string> = Codec.make({
  expected: "a line of text",
  type: Schema.NonEmptyString.pipe(Schema.pattern(/^\P{Cc}*$/u)),
  decode: Option.some,
  encode: (a) => a
})

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
const hostName = new RegExp(`^(?=.{1,253}$)(?:${label}\\.)*(?!\\d+\\.?$)${label}\\.?$`, "i")

/** An address of this machine, or a name for one. @since 0.1.0 @category codecs */
export const host: Codec.Codec<string> = Codec.make({
  expected: 'an IPv4 or IPv6 address or a host name, such as 0.0.0.0, "::" or localhost',
  type: Schema.NonEmptyString,
  decode: Option.liftPredicate((text) => HostPort.isIPv4(text) || HostPort.isIPv6(text) || hostName.test(text)),
  encode: (a) => a
})

const units: ReadonlyArray<readonly [name: string, milliseconds: number, spelt: RegExp]> = [
  ["d", 86_400_000, /^d(?:ays?)?$/],
  ["h", 3_600_000, /^h(?:ours?|rs?)?$/],
  ["m", 60_000, /^m(?:in(?:ute)?s?)?$/],
  ["s", 1000, /^s(?:ec(?:ond)?s?)?$/],
  ["ms", 1, /^(?:ms|milli(?:second)?s?)$/]
]

const milliseconds = (text: string): Option.Option<number> => {
  const found = text.trim().toLowerCase()
  const written = /^[\d.]+$/.test(found) ? `${found}s` : found
  if (!/^(?:\d{1,12}(?:\.\d{1,6})?\s*[a-z]+\s*)+$/.test(written)) return Option.none()
  let total = 0
  for (const [, amount, name = ""] of written.matchAll(/([\d.]+)\s*([a-z]+)/g)) {
    const unit = units.find(([, , spelt]) => spelt.test(name))
    if (unit === undefined) return Option.none()
    total += Number(amount) * unit[1]
  }
  return Math.abs(total - Math.round(total)) < 1e-6 ? Option.some(Math.round(total)) : Option.none()
}

const longest = 24 * 86_400_000

const span = (least: number, from: string): Codec.Codec<Duration.Duration> =>
  Codec.make({
    expected: `a time such as 30s, "5 minutes" or 1h30m, or seconds as a bare number, from ${from} to 24 days`,
    type: Schema.DurationFromSelf.pipe(
      Schema.filter((duration) => {
        const millis = Duration.toMillis(duration)
        return Number.isInteger(millis) && millis >= least && millis <= longest
      })
    ),
    native: "number",
    decode: (text) => Option.map(milliseconds(text), Duration.millis),
    encode: (duration) => {
      const millis = Duration.toMillis(duration)
      const [name, size] = units.find(([, size]) => millis > 0 && millis % size === 0) ?? ["s", 1000]
      return `${millis / size}${name}`
    }
  })

/** How long something may take: at least a millisecond, and no longer than a timer can be set. @since 0.1.0 @category codecs */
export const timeout: Codec.Codec<Duration.Duration> = span(1, "1ms")

/** As `timeout`, but 0 is allowed and means not at all. @since 0.1.0 @category codecs */
export const grace: Codec.Codec<Duration.Duration> = span(0, "0")

/** `50000-50255`, or one port alone. @since 0.1.0 @category codecs */
export const portRange: Codec.Codec<FtpConfig.PortRange> = Codec.make({
  expected: "a range of ports such as 50000-50255, the lower first, from 1 to 65535, or 0-0 to let the system choose",
  type: FtpConfig.PortRange,
  native: "number",
  decode: (text) => {
    const [, from, to = from] = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(text.trim()) ?? []
    return from === undefined ? Option.none() : Option.some({ from: Number(from), to: Number(to) })
  },
  encode: ({ from, to }) => `${from}-${to}`
})

const catchAllIsLast = (rules: ReadonlyArray<FtpConfig.PassiveAddress>): boolean =>
  rules.slice(0, -1).every((rule) => rule.network !== undefined)

/**
 * Rules with commas between, `network=address` or an address for everybody else; `none` is no rule at all.
 *
 * @since 0.1.0
 * @category codecs
 */
export const passiveAddress: Codec.Codec<ReadonlyArray<FtpConfig.PassiveAddress>> = Codec.make({
  expected:
    "an IPv4 address such as 203.0.113.5, rules such as 10.0.0.0/8=10.0.0.5,203.0.113.5 (at most one without a network, and that last), or none",
  type: Schema.Array(FtpConfig.PassiveAddress).pipe(Schema.filter(catchAllIsLast)),
  native: "list",
  decode: (text) =>
    Option.some(
      text.trim().toLowerCase() === "none"
        ? []
        : text.split(",").map((rule): FtpConfig.PassiveAddress => {
            const at = rule.indexOf("=")
            const address = rule.slice(at + 1).trim()
            return at < 0 ? { address } : { network: rule.slice(0, at).trim(), address }
          })
    ),
  encode: (rules) =>
    rules.length === 0
      ? "none"
      : rules.map(({ address, network }) => (network === undefined ? address : `${network}=${address}`)).join(",")
})

/** A port, or `none`. @since 0.1.0 @category codecs */
export const optionalPort: Codec.Codec<number | null> = Codec.make({
  expected: "a port from 0 to 65535, or none",
  type: Schema.NullOr(FtpConfig.Port),
  native: "number",
  decode: (text) => (/^none$/i.test(text.trim()) ? Option.some(null) : digits(text)),
  encode: (a) => (a === null ? "none" : String(a))
})

/** Paths of files with commas between; `none` is no file. @since 0.1.0 @category codecs */
export const files: Codec.Codec<ReadonlyArray<string>> = Codec.make({
  expected: "paths of files with commas between, or none",
  type: Schema.Array(Schema.NonEmptyString.pipe(Schema.pattern(/^[^,\0]*$/), Schema.trimmed())),
  native: "list",
  decode: (text) => Option.some(/^none$/i.test(text.trim()) ? [] : text.split(",").map((path) => path.trim())),
  encode: (paths) => (paths.length === 0 ? "none" : paths.join(","))
})

/** A list of ciphers in OpenSSL's notation; `default` is the empty text. @since 0.1.0 @category codecs */
export const ciphers: Codec.Codec<string> = Codec.make({
  expected: "ciphers in OpenSSL's notation such as ECDHE+AESGCM:TLS_AES_256_GCM_SHA384, or default",
  type: Schema.String.pipe(Schema.pattern(/^[\w:+!@=.-]*$/)),
  decode: (text) => (text === "" ? Option.none() : Option.some(/^default$/i.test(text) ? "" : text)),
  encode: (a) => (a === "" ? "default" : a)
})
