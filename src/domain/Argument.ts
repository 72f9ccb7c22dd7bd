import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as HostPort from "./HostPort.ts"

/**
 * One kind of command argument: how it is written (`syntax`, in the notation of RFC 959 section 5.3.1), what it means
 * (`schema`, whose type side also feeds the test arbitraries), and the hand-made pair that reads and writes it. `parse` is given
 * everything after the verb's space, and answers `undefined` to what is not in the syntax.
 *
 * @since 0.1.0
 * @category models
 */
export interface Argument<A> {
  readonly syntax: string
  readonly schema: Schema.Schema<A>
  readonly parse: (text: string) => A | undefined
  readonly print: (value: A) => string
}

/**
 * An argument as a codec between the wire's text and its meaning.
 *
 * @since 0.1.0
 * @category conversions
 */
export const codec = <A>(self: Argument<A>): Schema.Schema<A, string> =>
  Schema.transformOrFail(Schema.String, self.schema, {
    strict: true,
    decode: (text, _, ast) => {
      const value = self.parse(text)
      return value === undefined
        ? Either.left(new ParseResult.Type(ast, text, `expected ${self.syntax}`))
        : Either.right(value)
    },
    encode: (value) => Either.right(self.print(value))
  })

const forbidden = /[\r\n\0]/

/** What a name on the wire may hold: at least one character, no line end, no NUL. @since 0.1.0 @category schemas */
export const Text = Schema.String.pipe(
  Schema.filter((text) => text.length > 0 && !forbidden.test(text), { identifier: "Text" })
)

const OptionalText = Schema.String.pipe(Schema.filter((text) => !forbidden.test(text), { identifier: "OptionalText" }))

/** No argument at all; `null` stands for it. @since 0.1.0 @category arguments */
export const none: Argument<null> = {
  syntax: "",
  schema: Schema.Null,
  parse: (text) => (text.trim() === "" ? null : undefined),
  print: () => ""
}

/** The rest of the line as it stands, spaces and all. @since 0.1.0 @category arguments */
export const text = (name: string): Argument<string> => ({
  syntax: `<${name}>`,
  schema: Text,
  parse: (text) => (text === "" || text.includes("\0") ? undefined : text),
  print: (value) => value
})

/** The rest of the line, which may be missing (the empty text). @since 0.1.0 @category arguments */
export const optionalText = (name: string): Argument<string> => ({
  syntax: `[<${name}>]`,
  schema: OptionalText,
  parse: (text) => (text.includes("\0") ? undefined : text),
  print: (value) => value
})

/** A password: never shown by any log, span or error. @since 0.1.0 @category arguments */
export const secret: Argument<Redacted.Redacted<string>> = {
  syntax: "<password>",
  schema: Schema.typeSchema(Schema.Redacted(OptionalText)),
  parse: (text) => Redacted.make(text),
  print: (value) => Redacted.value(value)
}

const decimal = /^\d{1,15}$/

/** Fifteen digits: no sum of two loses a byte. */
const most = 999_999_999_999_999

/** A count of bytes, at most 15 digits. @since 0.1.0 @category arguments */
export const bytes = (name: string): Argument<number> => ({
  syntax: `<${name}>`,
  schema: Schema.Int.pipe(Schema.between(0, most)),
  parse: (text) => (decimal.test(text.trim()) ? Number(text) : undefined),
  print: String
})

/** A representation type the server keeps, or one it knows and declines (RFC 959 section 3.1.1). @since 0.1.0 @category arguments */
export const type: Argument<"A" | "I" | "Unsupported"> = {
  syntax: "(A [N] | I | L 8)",
  schema: Schema.Literal("A", "I", "Unsupported"),
  parse: (text) => {
    switch (text.trim().toUpperCase().replace(/\s+/g, " ")) {
      case "A":
      case "A N":
        return "A"
      case "I":
      case "L 8":
      case "L8":
        return "I"
      default:
        return /^\s*([AE](\s+[NTC])?|L(\s*\d{1,3})?)\s*$/i.test(text) ? "Unsupported" : undefined
    }
  },
  print: (value) => (value === "Unsupported" ? "E" : value)
}

/** A moment as {@link Timestamp} can write it, in milliseconds since the epoch. @since 0.1.0 @category schemas */
export const Time = Schema.Int.pipe(Schema.between(-62_167_219_200_000, 253_402_300_799_999))

/** The permission bits of a file. @since 0.1.0 @category schemas */
export const Mode = Schema.Int.pipe(Schema.between(0, 0o7777))

/** The bytes from `start` to before `end`. @since 0.1.0 @category schemas */
export const Range = Schema.Struct({
  start: Schema.Int.pipe(Schema.between(0, most)),
  end: Schema.Int.pipe(Schema.between(0, most))
}).pipe(Schema.filter(({ end, start }) => start <= end))

/** ALLO's bytes, and a record size that means nothing here (RFC 959 section 4.1.3). @since 0.1.0 @category arguments */
export const allocation: Argument<number> = {
  ...bytes("bytes"),
  syntax: "<bytes> [R <bytes>]",
  parse: (text) => {
    const match = /^(\d{1,15})( R \d{1,15})?$/i.exec(text.trim())
    return match === null ? undefined : Number(match[1])
  }
}

/** The first and the last byte of a part of a file; "1 0" is all of it again. @since 0.1.0 @category arguments */
export const range: Argument<typeof Range.Type | "Whole"> = {
  syntax: "<first byte> <last byte>",
  schema: Schema.Union(Range.pipe(Schema.filter(({ end, start }) => start < end)), Schema.Literal("Whole")),
  parse: (text) => {
    const match = /^(\d{1,15}) (\d{1,15})$/.exec(text.trim())
    const [start, last] = [Number(match?.[1]), Number(match?.[2])]
    if (start === 1 && last === 0) return "Whole"
    return start <= last && last < most ? { start, end: last + 1 } : undefined
  },
  print: (value) => (value === "Whole" ? "1 0" : `${value.start} ${value.end - 1}`)
}

/** One of the letters that a parameter command may name. @since 0.1.0 @category arguments */
export const letter = <const L extends string>(...letters: ReadonlyArray<L>): Argument<L> => ({
  syntax: `(${letters.join(" | ")})`,
  schema: Schema.Literal(...letters) as unknown as Schema.Schema<L>,
  parse: (text) => {
    const wanted = text.trim().toUpperCase()
    return letters.find((letter) => letter === wanted)
  },
  print: (value) => value
})

/** PORT's six numbers (RFC 959 section 5.3.2). @since 0.1.0 @category arguments */
export const hostPort: Argument<HostPort.HostPort> = {
  syntax: "<h1,h2,h3,h4,p1,p2>",
  schema: Schema.typeSchema(HostPort.HostPort).pipe(Schema.filter((self) => self.protocol === 1 && self.port > 0)),
  parse: (text) => HostPort.parsePort(text.trim()),
  print: HostPort.printPort
}

/** EPRT's delimited address (RFC 2428 section 2). @since 0.1.0 @category arguments */
export const extendedHostPort: Argument<HostPort.HostPort | "UnsupportedProtocol"> = {
  syntax: "<d><net-prt><d><net-addr><d><tcp-port><d>",
  schema: Schema.Union(
    Schema.typeSchema(HostPort.HostPort).pipe(Schema.filter((self) => self.port > 0)),
    Schema.Literal("UnsupportedProtocol")
  ),
  parse: (text) => HostPort.parseEprt(text.trim()),
  print: (value) => (value === "UnsupportedProtocol" ? "|3|x|1|" : HostPort.printEprt(value))
}

/** EPSV's choice (RFC 2428 section 3); `null` leaves it to the server. @since 0.1.0 @category arguments */
export const extendedPassive: Argument<null | 1 | 2 | "ALL" | "UnsupportedProtocol"> = {
  syntax: "[(1 | 2 | ALL)]",
  schema: Schema.Literal(null, 1, 2, "ALL", "UnsupportedProtocol"),
  parse: (text) => {
    const wanted = text.trim().toUpperCase()
    if (wanted === "") return null
    if (wanted === "ALL") return "ALL"
    if (wanted === "1") return 1
    if (wanted === "2") return 2
    return decimal.test(wanted) ? "UnsupportedProtocol" : undefined
  },
  print: (value) => (value === null ? "" : value === "UnsupportedProtocol" ? "3" : String(value))
}

/**
 * A word and what follows it: OPTS and SITE.
 *
 * @since 0.1.0
 * @category models
 */
export interface Word {
  readonly word: string
  readonly rest: string
}

const wordPattern = /^[A-Z][A-Z0-9-]*$/

/** A word in capitals, and the rest of the line. @since 0.1.0 @category arguments */
export const word = (name: string): Argument<Word> => ({
  syntax: `<${name}> [<parameters>]`,
  schema: Schema.Struct({ word: Schema.String.pipe(Schema.pattern(wordPattern)), rest: OptionalText }),
  parse: (text) => {
    if (text.includes("\0")) return undefined
    const space = text.indexOf(" ")
    const word = (space < 0 ? text : text.slice(0, space)).toUpperCase()
    return wordPattern.test(word) ? { word, rest: space < 0 ? "" : text.slice(space + 1) } : undefined
  },
  print: ({ rest, word }) => (rest === "" ? word : `${word} ${rest}`)
})
