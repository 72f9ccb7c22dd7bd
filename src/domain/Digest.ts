import * as Schema from "effect/Schema"

/**
 * The digests a file can be given, by the names draft-bryan-ftpext-hash and IANA use.
 *
 * @since 0.1.0
 * @category models
 */
export const Algorithm = Schema.Literal("CRC32", "MD5", "SHA-1", "SHA-256", "SHA-512")

/** @since 0.1.0 @category models */
export type Algorithm = typeof Algorithm.Type

/**
 * A digest in lower-case hexadecimal digits.
 *
 * @since 0.1.0
 * @category models
 */
export const Digest = Schema.Struct({ algorithm: Algorithm, value: Schema.String.pipe(Schema.pattern(/^[0-9a-f]+$/)) })

/** @since 0.1.0 @category models */
export type Digest = typeof Digest.Type
