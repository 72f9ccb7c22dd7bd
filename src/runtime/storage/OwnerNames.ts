import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as NodeCall from "../platform/NodeCall.ts"

/**
 * The names of users and groups for listings; a number nobody is known by stays a number.
 *
 * @since 0.1.0
 * @category models
 */
export interface OwnerNames {
  readonly user: (id: number) => string
  readonly group: (id: number) => string
}

const lookup = (table: string) => {
  const names = new Map<number, string>()
  for (const line of table.split("\n")) {
    const [name, , id] = line.split(":")
    if (name && id && !names.has(Number(id))) names.set(Number(id), name)
  }
  return (id: number): string => names.get(id) ?? String(id)
}

const read = (file: string): Effect.Effect<string> =>
  NodeCall.call<string>((done) => Fs.readFile(file, "utf8", done)).pipe(Effect.orElseSucceed(() => ""))

/**
 * Makes an effect that gives the names from `/etc/passwd` and `/etc/group`, read when first asked for and again after a minute
 * at the earliest; only numbers where the files are missing. Names of a directory service (LDAP) are not asked for: that
 * may block.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Effect.Effect<OwnerNames>> = Effect.zipWith(
  read("/etc/passwd"),
  read("/etc/group"),
  (users, groups): OwnerNames => ({ user: lookup(users), group: lookup(groups) })
).pipe(Effect.cachedWithTTL("1 minute"))
