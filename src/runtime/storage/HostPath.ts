import * as Text from "../../domain/Text.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"

/**
 * A path or name as the host's disk has it: its bytes, one a character (latin1), so that every encoding passes unharmed and `<`
 * compares bytes. Only this module turns such strings into text for clients and back.
 *
 * @since 0.1.0
 * @category models
 */
export type HostPath = string

/**
 * The host bytes of a client's text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fromText = (text: string): HostPath =>
  Text.isAscii(text) ? text : Buffer.from(Text.encode(text)).toString("latin1")

/**
 * What a client is told for a host name or path.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toText = (path: HostPath): string => (Text.isAscii(path) ? path : Text.decode(Buffer.from(path, "latin1")))

/**
 * The form `node:fs` takes without changing a byte.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toNode = (path: HostPath): string | Buffer => (Text.isAscii(path) ? path : Buffer.from(path, "latin1"))

/**
 * A client's path relative to the root directory; "." for the root itself.
 *
 * @since 0.1.0
 * @category conversions
 */
export const relative = (path: VirtualPath): HostPath => (path === "/" ? "." : fromText(path.slice(1)))

/**
 * The other way round: the client's path of what lies at a real path relative to the root directory.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toClient = (path: HostPath): VirtualPath => (path === "." ? "/" : `/${toText(path)}`) as VirtualPath

/**
 * A name inside a directory.
 *
 * @since 0.1.0
 * @category constructors
 */
export const join = (directory: HostPath, name: HostPath): HostPath =>
  directory.endsWith("/") ? directory + name : `${directory}/${name}`

/**
 * What of a real path lies below a real root, "." for the root itself; `undefined` for a path outside.
 *
 * @since 0.1.0
 * @category getters
 */
export const below = (root: HostPath, path: HostPath): HostPath | undefined => {
  if (path === root) return "."
  const prefix = root.endsWith("/") ? root : `${root}/`
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined
}
