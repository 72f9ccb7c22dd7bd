import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Text from "../../domain/Text.ts"

/**
 * What makes scrypt (RFC 7914) slow: `2^ln` rounds over blocks of `r` times 128 bytes, `p` times over.
 *
 * @since 0.1.0
 * @category models
 */
export const Parameters = Schema.Struct({
  ln: Schema.Int.pipe(Schema.between(1, 20)),
  r: Schema.Int.pipe(Schema.between(1, 32)),
  p: Schema.Int.pipe(Schema.between(1, 16))
})

/** @since 0.1.0 @category models */
export type Parameters = typeof Parameters.Type

/** What a new password gets: 32 MiB for about a tenth of a second. @since 0.1.0 @category constants */
export const defaults: Parameters = { ln: 15, r: 8, p: 1 }

/**
 * A password as the accounts file holds it. `id` says how it was hashed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Password extends Parameters {
  readonly id: "scrypt"
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

/** The memory that one hash takes, in bytes. @since 0.1.0 @category getters */
export const memory = ({ ln, p, r }: Parameters): number => 128 * r * (2 ** ln + p + 2)

const mostMemory = 256 * 2 ** 20
const mostWork = 2 ** 24

/** Whether a hash can be computed without starving everybody else of memory or time. @since 0.1.0 @category predicates */
export const isBearable = (parameters: Parameters): boolean =>
  Schema.is(Parameters)(parameters) &&
  memory(parameters) <= mostMemory + 2 ** 20 &&
  2 ** parameters.ln * parameters.r * parameters.p <= mostWork

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "")

const bytesOf = (text: string, least: number): Uint8Array | undefined => {
  const bytes = new Uint8Array(Buffer.from(text, "base64"))
  return unpadded(bytes) === text && bytes.length >= least && bytes.length <= 64 ? bytes : undefined
}

const scrypt = (rest: string): Either.Either<Password, string> => {
  const expected = "a password hash such as $scrypt$ln=15,r=8,p=1$salt$hash, as weft account passwd writes it"
  const [, ln, r, p, salted = "", hashed = ""] =
    /^ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/.exec(rest) ?? []
  const salt = bytesOf(salted, 8)
  const hash = bytesOf(hashed, 16)
  if (salt === undefined || hash === undefined) return Either.left(expected)
  const parameters = { ln: Number(ln), r: Number(r), p: Number(p) }
  return isBearable(parameters)
    ? Either.right({ id: "scrypt", ...parameters, salt, hash })
    : Either.left("a password hash of at most 256 MiB and a few seconds")
}

/** What else a `$id$` may start with: argon2id is to come with a Node that has it. */
const formats: Readonly<Record<string, (rest: string) => Either.Either<Password, string>>> = { scrypt }

/**
 * Reads a hash in PHC string form, `$scrypt$ln=15,r=8,p=1$salt$hash` with base64 that is not padded. Left is what was expected.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<Password, string> => {
  const [, id, rest = ""] = /^\$([a-z0-9-]{1,32})\$(.*)$/s.exec(text) ?? []
  if (id === undefined) return scrypt("")
  const format = Object.hasOwn(formats, id) ? formats[id] : undefined
  return format === undefined
    ? Either.left(`a password hash of a known kind, ${Object.keys(formats).join(" or ")}, not ${id}`)
    : format(rest)
}

/** `parse(print(password))` is the password again. @since 0.1.0 @category rendering */
export const print = ({ hash, id, ln, p, r, salt }: Password): string =>
  `$${id}$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`

/**
 * What no password is known to match: for names that are not there, so that they take as long as the others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dummy = (parameters: Parameters): Password => ({
  id: "scrypt",
  ln: parameters.ln,
  r: parameters.r,
  p: parameters.p,
  salt: new Uint8Array(Crypto.randomBytes(16)),
  hash: new Uint8Array(Crypto.randomBytes(32))
})

/** A client's password as bytes: those it sent. @since 0.1.0 @category getters */
export const bytes = (password: Redacted.Redacted<string>): Uint8Array => Text.encode(Redacted.value(password))

/**
 * Whether bytes are the password, in constant time. Blocks its thread for as long as the hash takes.
 *
 * @since 0.1.0
 * @category hashing
 */
export const unsafeVerify = (given: Uint8Array, { hash, ln, p, r, salt }: Password): boolean => {
  const found = Crypto.scryptSync(given, salt, hash.length, { N: 2 ** ln, r, p, maxmem: memory({ ln, r, p }) * 2 })
  return Crypto.timingSafeEqual(found, hash)
}

/**
 * Hashes a new password with a new salt, on a thread of Node's pool.
 *
 * @since 0.1.0
 * @category hashing
 */
export const hash = (password: Redacted.Redacted<string>, parameters: Parameters = defaults): Effect.Effect<Password> =>
  Effect.async((resume) => {
    const { ln, p, r } = parameters
    const salt = new Uint8Array(Crypto.randomBytes(16))
    const options = { N: 2 ** ln, r, p, maxmem: memory(parameters) * 2 }
    Crypto.scrypt(bytes(password), salt, 32, options, (error, found) =>
      resume(
        error === null
          ? Effect.succeed({ id: "scrypt", ln, r, p, salt, hash: new Uint8Array(found) })
          : Effect.die(error)
      )
    )
  })
