import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * What a config file's value may be before it is understood. A list is the same as its parts with commas between.
 *
 * @since 0.1.0
 * @category models
 */
export const Native = Schema.Union(Schema.String, Schema.Number, Schema.Boolean, Schema.Array(Schema.String))

/** @since 0.1.0 @category models */
export type Native = typeof Native.Type

/**
 * How one setting is read and written. `text` is the schema for flags and variables, `native` the one for config files, where a
 * number or a boolean may also stand as itself. `expected` finishes the sentence "expected …" in every error; `choices` lists
 * the texts where only some are possible.
 *
 * @since 0.1.0
 * @category models
 */
export interface Codec<A> {
  readonly text: Schema.Schema<A, string>
  readonly native: Schema.Schema<A, Native>
  readonly expected: string
  readonly choices: ReadonlyArray<string> | undefined
  /** A flag of this setting may stand alone and then means this text. */
  readonly alone: string | undefined
  /** Left is what was expected. */
  readonly parse: (text: string) => Either.Either<A, string>
  /** `parse(print(a))` is `a` again. */
  readonly print: (a: A) => string
}

/**
 * Makes the codec of a setting from two plain functions. What `decode` returns is still checked against `type`, and whatever
 * goes wrong is reported as `expected`. `native` says which kinds of value besides text a config file may hold.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A>(options: {
  readonly expected: string
  readonly type: Schema.Schema<A>
  readonly native?: "number" | "boolean" | "list"
  readonly choices?: ReadonlyArray<string>
  readonly alone?: string
  readonly decode: (text: string) => Option.Option<A>
  readonly encode: (a: A) => string
}): Codec<A> => {
  const { expected, type } = options
  const annotations = { message: () => ({ message: `expected ${expected}`, override: true }), description: expected }
  const text = Schema.transformOrFail(Schema.String, type, {
    strict: true,
    decode: (found, _, ast) =>
      Option.match(options.decode(found), {
        onNone: () => ParseResult.fail(new ParseResult.Type(ast, found)),
        onSome: ParseResult.succeed
      }),
    encode: (a) => ParseResult.succeed(options.encode(a))
  }).annotations(annotations)
  const kind = (value: Native): string => (typeof value === "object" ? "list" : typeof value)
  const native = Schema.transformOrFail(Native, text, {
    strict: true,
    decode: (found, _, ast) =>
      typeof found === "string" || kind(found) === options.native
        ? ParseResult.succeed(typeof found === "object" ? found.join(",") : String(found))
        : ParseResult.fail(new ParseResult.Type(ast, found)),
    encode: (written) => ParseResult.succeed(written)
  }).annotations(annotations)
  const decode = Schema.decodeEither(text)
  return {
    text,
    native,
    expected,
    choices: options.choices,
    alone: options.alone,
    parse: (found) => Either.mapLeft(decode(found), () => expected),
    print: options.encode
  }
}
