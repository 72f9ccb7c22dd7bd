import type * as Brand from "effect/Brand"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Text from "./Text.ts"

/**
 * A place in the tree a client sees: absolute, "/" between names, no empty, "." or ".." segment, no NUL, CR or LF, no "/" at
 * the end except for the root itself. It cannot leave "/", so storage may hang it below a folder as it is.
 *
 * @since 0.1.0
 * @category models
 */
export type VirtualPath = string & Brand.Brand<"VirtualPath">

/**
 * Why a client's text is no path here: `Empty` text, an `InvalidCharacter` (NUL, CR or LF), a segment over 255 bytes
 * (`NameTooLong`), or a result over 4,096 bytes (`PathTooLong`).
 *
 * @since 0.1.0
 * @category errors
 */
export class PathError extends Schema.TaggedError<PathError>()("PathError", {
  reason: Schema.Literal("Empty", "InvalidCharacter", "NameTooLong", "PathTooLong")
}) {}

/**
 * The bytes one name may have, as {@link Text.encode} gives them.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxNameLength = 255

/**
 * The bytes a whole path may have.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxPathLength = 4096

const controls = /[\0\r\n]/
const controlsAndSlash = /[\0\r\n/]/

const isName = (text: string): boolean => text !== "" && text !== "." && text !== ".." && !controlsAndSlash.test(text)

const isVirtualPath = (text: string): boolean =>
  text === "/" || (text[0] === "/" && text.slice(1).split("/").every(isName))

/** Longer than the limit in bytes; counts only where the characters leave it open. */
const isLonger = (text: string, limit: number): boolean => text.length * 3 > limit && Text.byteLength(text) > limit

/**
 * Checks and generates paths; the arbitrary makes names with spaces, quotes, dots, dashes, and bytes that are no UTF-8.
 *
 * @since 0.1.0
 * @category schemas
 */
export const VirtualPath: Schema.brand<Schema.filter<typeof Schema.String>, "VirtualPath"> = Schema.String.pipe(
  Schema.filter(isVirtualPath, { identifier: "VirtualPath" }),
  Schema.brand("VirtualPath", {
    arbitrary: () => (fc) => {
      const character = fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(..."ab .-_\\~\"'*[;") },
        { weight: 2, arbitrary: fc.fullUnicode() },
        { weight: 1, arbitrary: fc.integer({ min: 0xdc80, max: 0xdcff }).map((unit) => String.fromCharCode(unit)) }
      )
      const name = fc
        .array(character, { minLength: 1, maxLength: 12 })
        .map((all) => all.join(""))
        .filter(isName)
      return fc.array(name, { maxLength: 5 }).map((names) => `/${names.join("/")}` as VirtualPath)
    }
  })
)

/**
 * Where every client starts.
 *
 * @since 0.1.0
 * @category constants
 */
export const root: VirtualPath = VirtualPath.make("/")

/**
 * The names on the way from the root; none for the root itself.
 *
 * @since 0.1.0
 * @category getters
 */
export const segments = (path: VirtualPath): ReadonlyArray<string> => (path === "/" ? [] : path.slice(1).split("/"))

const refuse = (reason: PathError["reason"]): Either.Either<VirtualPath, PathError> =>
  Either.left(new PathError({ reason }))

/**
 * Turns what a client wrote, relative to `cwd` or absolute, into the one path it means: ".." stops at the root as in a
 * chroot, "." and repeated "/" mean nothing; a backslash, "~", quotes and spaces are ordinary characters.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (cwd: VirtualPath, text: string): Either.Either<VirtualPath, PathError> => {
  if (text === "") return refuse("Empty")
  if (controls.test(text)) return refuse("InvalidCharacter")
  const names: Array<string> = text[0] === "/" ? [] : [...segments(cwd)]
  for (const segment of text.split("/")) {
    if (segment === "" || segment === ".") continue
    if (segment === "..") {
      names.pop()
      continue
    }
    if (isLonger(segment, maxNameLength)) return refuse("NameTooLong")
    names.push(segment)
  }
  const path = `/${names.join("/")}`
  return isLonger(path, maxPathLength) ? refuse("PathTooLong") : Either.right(path as VirtualPath)
}

/**
 * The directory a path stands in; the root is its own.
 *
 * @since 0.1.0
 * @category getters
 */
export const parent = (path: VirtualPath): VirtualPath => {
  const slash = path.lastIndexOf("/")
  return slash <= 0 ? root : (path.slice(0, slash) as VirtualPath)
}

/**
 * The last name of a path; "/" for the root.
 *
 * @since 0.1.0
 * @category getters
 */
export const basename = (path: VirtualPath): string => (path === "/" ? "/" : path.slice(path.lastIndexOf("/") + 1))

const disarm = (name: string): string =>
  name === "" ? "?" : name.replace(/^\.{1,2}$/, (dots) => "?".repeat(dots.length)).replace(/[\0\r\n/]/g, "?")

/**
 * The path of one entry of a directory. A disk may hold names no path can (CR or LF in them): "?" takes the place of what
 * is not allowed, so the result always is a path directly inside `directory`, though it may then name nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const join = (directory: VirtualPath, name: string): VirtualPath => {
  const safe = isName(name) ? name : disarm(name)
  return (directory === "/" ? `/${safe}` : `${directory}/${safe}`) as VirtualPath
}

/**
 * Tells whether `path` is `directory` or lies anywhere below it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const contains = (directory: VirtualPath, path: VirtualPath): boolean =>
  directory === "/" || path === directory || path.startsWith(`${directory}/`)

/**
 * The path for a 257 reply, double quotes around it and those inside it doubled (RFC 959 appendix II).
 *
 * @since 0.1.0
 * @category printing
 */
export const quote = (path: VirtualPath): string => `"${path.replaceAll('"', '""')}"`
