import * as Schema from "effect/Schema"
import * as Glob from "./Glob.ts"
import { Permission, readOnly as readOnlyPermissions, readWrite as readWritePermissions } from "./Permission.ts"
import * as VirtualPath from "./VirtualPath.ts"

/**
 * What an account may do, and where. `permissions` hold everywhere but below the prefixes; of the prefixes that a path lies under
 * the longest decides alone. A name that one of the `denied` globs matches, in any letter case and with a leading dot or without, is no name for the account, and
 * neither is what lies below it.
 *
 * @since 0.1.0
 * @category models
 */
export const Rights = Schema.Struct({
  permissions: Schema.ReadonlySetFromSelf(Permission),
  prefixes: Schema.Array(
    Schema.Struct({ path: VirtualPath.VirtualPath, permissions: Schema.ReadonlySetFromSelf(Permission) })
  ),
  denied: Schema.Array(Schema.NonEmptyString)
})

/** @since 0.1.0 @category models */
export type Rights = typeof Rights.Type

/** The same permissions everywhere. @since 0.1.0 @category constructors */
export const everywhere = (permissions: ReadonlySet<Permission>): Rights => ({ permissions, prefixes: [], denied: [] })

/** May look and fetch, and change nothing. @since 0.1.0 @category constants */
export const readOnly: Rights = everywhere(readOnlyPermissions)

/** May do everything everywhere. @since 0.1.0 @category constants */
export const readWrite: Rights = everywhere(readWritePermissions)

/** The permissions that hold at a path. @since 0.1.0 @category getters */
export const at = (self: Rights, path: VirtualPath.VirtualPath): ReadonlySet<Permission> => {
  let found = self.permissions
  let length = -1
  for (const prefix of self.prefixes) {
    if (prefix.path.length > length && VirtualPath.contains(prefix.path, path)) {
      found = prefix.permissions
      length = prefix.path.length
    }
  }
  return found
}

/** Tells whether a permission holds at a path. @since 0.1.0 @category predicates */
export const allows = (self: Rights, permission: Permission, path: VirtualPath.VirtualPath): boolean =>
  at(self, path).has(permission)

/**
 * Tells whether a permission holds at a path and everywhere below it: what moving a whole directory takes.
 *
 * @since 0.1.0
 * @category predicates
 */
export const allowsBelow = (self: Rights, permission: Permission, path: VirtualPath.VirtualPath): boolean =>
  allows(self, permission, path) &&
  self.prefixes.every((prefix) => !VirtualPath.contains(path, prefix.path) || allows(self, permission, prefix.path))

const tests = new WeakMap<Rights, ReadonlyArray<(name: string) => boolean>>()

const testsOf = (self: Rights): ReadonlyArray<(name: string) => boolean> => {
  const known = tests.get(self)
  if (known !== undefined) return known
  const made = self.denied.map((pattern) => Glob.compile(pattern.toLowerCase(), { dots: true }))
  tests.set(self, made)
  return made
}

/** Tells whether one name is denied to the account. @since 0.1.0 @category predicates */
export const deniesName = (self: Rights, name: string): boolean =>
  self.denied.length > 0 && testsOf(self).some((test) => test(name.toLowerCase()))

/** Tells whether a name on the way to a path, or its own, is denied. @since 0.1.0 @category predicates */
export const denies = (self: Rights, path: VirtualPath.VirtualPath): boolean =>
  self.denied.length > 0 && VirtualPath.segments(path).some((name) => deniesName(self, name))
