import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * One address that is told 421 until then: an IPv4 address, or the first half of an IPv6 one (see `domain/limits/AddressBlock.ts`).
 *
 * @since 0.1.0
 * @category models
 */
export const Ban = Schema.Struct({
  address: Schema.NonEmptyString,
  until: Schema.DateFromString.pipe(Schema.validDate())
})

/** @since 0.1.0 @category models */
export type Ban = typeof Ban.Type

/**
 * The file that holds the bans of a server over restarts: `{"bans":[{"address":"…","until":"ISO time"}]}`.
 *
 * @since 0.1.0
 * @category models
 */
export const BanFile = Schema.Struct({ bans: Schema.Array(Ban) })

/** @since 0.1.0 @category models */
export type BanFile = typeof BanFile.Type

const Text = Schema.parseJson(BanFile, { space: 2 })

/**
 * What a file's text says; a broken one is told with the place and what is wrong there. An empty text is an empty list.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parse = (text: string): Either.Either<ReadonlyArray<Ban>, string> =>
  text.trim() === ""
    ? Either.right([])
    : Schema.decodeEither(Text)(text, { onExcessProperty: "error" }).pipe(
        Either.mapBoth({
          onLeft: (error) => {
            const [first] = ParseResult.ArrayFormatter.formatErrorSync(error)
            return first === undefined ? error.message : `${first.path.join(".") || "the file"}: ${first.message}`
          },
          onRight: ({ bans }) => bans
        })
      )

/** The text of a file with these bans. @since 0.1.0 @category encoding */
export const render = (bans: ReadonlyArray<Ban>): string => `${Schema.encodeSync(Text)({ bans })}\n`
