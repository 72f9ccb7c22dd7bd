import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { TlsPolicy } from "../../domain/Account.ts"
import * as Permission from "../../domain/Permission.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Codec from "../config/Codec.ts"
import * as Codecs from "../config/Codecs.ts"
import * as Password from "./Password.ts"

/**
 * The codecs of an account's fields, for the accounts file and the command line alike.
 *
 * @since 0.1.0
 * @category codecs
 */

const allOf: ReadonlyArray<Permission.Permission> = Permission.Permission.literals

const presets: Readonly<Record<string, ReadonlySet<Permission.Permission>>> = {
  "read-only": Permission.readOnly,
  "read-write": Permission.readWrite,
  none: new Set<Permission.Permission>()
}

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((each) => b.has(each))

/** `read-only`, `read-write`, `none`, or permissions with commas between. @since 0.1.0 @category codecs */
export const permissions: Codec.Codec<ReadonlySet<Permission.Permission>> = Codec.make({
  expected: `read-only, read-write or a list of ${allOf.join(", ")}`,
  type: Schema.ReadonlySetFromSelf(Permission.Permission),
  native: "list",
  decode: (text) => {
    const preset = Object.hasOwn(presets, text) ? presets[text] : undefined
    if (preset !== undefined) return Option.some(preset)
    if (text === "") return Option.some(new Set())
    const names = text.split(",").map((name) => name.trim())
    const found = names.flatMap((name) => allOf.filter((permission) => permission === name))
    return found.length === names.length ? Option.some(new Set(found)) : Option.none()
  },
  encode: (set) =>
    Object.entries(presets).find(([, preset]) => sameSet(preset, set))?.[0] ??
    allOf.filter((permission) => set.has(permission)).join(",")
})

/**
 * What an account may be called: nothing that would break a line, a URL or a list.
 *
 * @since 0.1.0
 * @category codecs
 */
export const name: Codec.Codec<string> = Codec.make({
  expected: "a name of at most 128 characters without colons, slashes, control characters or spaces at its ends",
  type: Schema.String.pipe(Schema.pattern(/^(?!\s)[^\p{C}:/]{1,128}(?<!\s)$/u)),
  decode: Option.some,
  encode: (text) => text
})

/** A path of the host. @since 0.1.0 @category codecs */
export const home: Codec.Codec<string> = Codecs.folder

/** @since 0.1.0 @category codecs */
export const bytes: Codec.Codec<number> = Codecs.bytes

/** @since 0.1.0 @category codecs */
export const sessions: Codec.Codec<number> = Codecs.whole(1, 1_000_000)

/** @since 0.1.0 @category codecs */
export const files: Codec.Codec<number> = Codecs.whole(1, 1_000_000_000_000)

/** @since 0.1.0 @category codecs */
export const truth: Codec.Codec<boolean> = Codecs.truth

/** What must not be in clear. @since 0.1.0 @category codecs */
export const tls: Codec.Codec<TlsPolicy> = Codecs.oneOf(TlsPolicy)

const expecting = (expected: string) => ({ message: () => `expected ${expected}` })

const always = (expected: string) => ({ message: () => ({ message: `expected ${expected}`, override: true }) })

/** A hash in PHC string form. @since 0.1.0 @category schemas */
export const password: Schema.Schema<Password.Password, string> = Schema.transform(
  Schema.String.annotations(always("a password hash as weft account passwd writes it")).pipe(
    Schema.filter((text) =>
      Either.match(Password.parse(text), { onLeft: (expected) => `expected ${expected}`, onRight: () => true })
    )
  ),
  Schema.Any as Schema.Schema<Password.Password>,
  { strict: true, decode: (text) => Either.getOrThrow(Password.parse(text)), encode: Password.print }
)

const glob = Schema.String.pipe(
  Schema.pattern(/^[^/\0\r\n]{1,255}$/),
  Schema.annotations(always('a glob for one name, such as "*.exe", without a slash'))
)

/** @since 0.1.0 @category schemas */
export const denied = Schema.Array(glob).annotations(expecting('a list of globs such as ["*.exe"]'))

/** What the path of a prefix means; none where it is no absolute path. @since 0.1.0 @category conversions */
export const prefix = (text: string): Option.Option<VirtualPath.VirtualPath> =>
  text.startsWith("/") ? Either.getRight(VirtualPath.resolve(VirtualPath.root, text)) : Option.none()

/** Permissions by path prefix. @since 0.1.0 @category schemas */
export const paths = Schema.Record({ key: Schema.String, value: permissions.native })
  .annotations(expecting("paths with their permissions, such as { /outbox: read-only }"))
  .pipe(
    Schema.filter((given) => {
      const seen = new Set<string>()
      return Object.keys(given).flatMap((text) => {
        const path = Option.getOrUndefined(prefix(text))
        const twice = path !== undefined && seen.has(path)
        if (path !== undefined && !twice) {
          seen.add(path)
          return []
        }
        return [{ path: [text], message: twice ? "is given twice" : "expected an absolute path such as /outbox" }]
      })
    })
  )
