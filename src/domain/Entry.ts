import * as Schema from "effect/Schema"

/** What a name in a folder stands for; only a `file` can be retrieved. @since 0.1.0 @category models */
export const Kind = Schema.Literal("file", "directory", "link", "other")

/** @since 0.1.0 @category models */
export type Kind = typeof Kind.Type

/**
 * One name in a folder as every listing shows it: size in bytes, times in milliseconds since the epoch, `mode` the
 * twelve permission bits, `target` where a link points (only for `link`).
 *
 * @since 0.1.0
 * @category models
 */
export const Entry = Schema.Struct({
  name: Schema.String,
  kind: Kind,
  size: Schema.NonNegative,
  modified: Schema.Number,
  mode: Schema.Int.pipe(Schema.between(0, 0o7777)),
  links: Schema.NonNegativeInt,
  owner: Schema.String,
  group: Schema.String,
  /** The same for two names of one file, as the `unique` fact of RFC 3659 section 7.5.2 asks. */
  unique: Schema.String,
  target: Schema.optionalWith(Schema.String, { exact: true })
})

/** @since 0.1.0 @category models */
export type Entry = typeof Entry.Type
