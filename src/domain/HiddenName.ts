import type { VirtualPath } from "./VirtualPath.ts"
import { segments } from "./VirtualPath.ts"

/**
 * How the names begin that the server keeps for itself: uploads under way and what is kept of cut ones.
 *
 * @since 0.1.0
 * @category constants
 */
export const prefix = ".weft-"

const firstUnit = prefix.charCodeAt(0)

/** Tells whether a name is the server's own; in any letter case, since some disks know no difference. @since 0.1.0 @category predicates */
export const is = (name: string): boolean =>
  name.charCodeAt(0) === firstUnit &&
  name.length > prefix.length &&
  name.slice(0, prefix.length).toLowerCase() === prefix

/** Tells whether a path leads to or through a name of the server. @since 0.1.0 @category predicates */
export const isOn = (path: VirtualPath): boolean => path.toLowerCase().includes(`/${prefix}`) && segments(path).some(is)
