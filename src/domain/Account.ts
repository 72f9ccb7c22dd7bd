import type { Permission } from "./Permission.ts"

/**
 * Who is logged in and what they may do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  readonly name: string
  readonly permissions: ReadonlySet<Permission>
}
