import * as Crypto from "node:crypto"
import * as Schema from "effect/Schema"

/**
 * What TLS is made of, as threads are given it: texts in PEM, and the keys that seal session tickets, one set for the whole
 * server so that any shard resumes what another began.
 *
 * @since 0.1.0
 * @category models
 */
export const Material = Schema.Struct({
  identities: Schema.NonEmptyArray(
    Schema.Struct({ certificate: Schema.String, key: Schema.String, names: Schema.Array(Schema.String) })
  ),
  /** "" is nobody. */
  clientCa: Schema.String,
  ticketKeys: Schema.Uint8ArrayFromSelf
})

/** @since 0.1.0 @category models */
export type Material = typeof Material.Type

/**
 * What went wrong with a file, told by the setting that names it.
 *
 * @since 0.1.0
 * @category errors
 */
export class MaterialError extends Schema.TaggedError<MaterialError>()("MaterialError", {
  setting: Schema.Literal("tlsCert", "tlsKey", "tlsClientCa", "tlsCiphers"),
  /** As it is named in the setting; "" where it is no file. */
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.setting}${this.file === "" ? "" : ` ${this.file}`}: ${this.problem}`
  }
}

/** New ticket keys: a name, and keys to sign and to encrypt. @since 0.1.0 @category constructors */
export const ticketKeys = (): Uint8Array => new Uint8Array(Crypto.randomBytes(48))
