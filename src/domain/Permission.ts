import * as Schema from "effect/Schema"

/**
 * What an account may be allowed to do to files. Each row of the command table names the one it needs. `write` makes new files,
 * `overwrite` puts a whole new content under a name that is taken, `append` adds to what is there.
 *
 * @since 0.1.0
 * @category models
 */
export const Permission = Schema.Literal(
  "list",
  "read",
  "write",
  "overwrite",
  "append",
  "delete",
  "rename",
  "mkdir",
  "rmdir",
  "chmod",
  "times"
)

/** @since 0.1.0 @category models */
export type Permission = typeof Permission.Type

/**
 * The permissions of an account that may look and fetch, and change nothing.
 *
 * @since 0.1.0
 * @category constants
 */
export const readOnly: ReadonlySet<Permission> = new Set<Permission>(["list", "read"])

/**
 * Every permission there is.
 *
 * @since 0.1.0
 * @category constants
 */
export const readWrite: ReadonlySet<Permission> = new Set<Permission>(Permission.literals)
