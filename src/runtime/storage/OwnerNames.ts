import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import { unsafeNow } from "../platform/EventLoop.ts"
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
 * Where names come from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** The names, which may have to be read. */
  readonly names: Effect.Effect<OwnerNames>
  /** Those that were read lately. */
  readonly unsafeRecent: () => OwnerNames | undefined
}

const minute = 60_000

/**
 * Makes what gives the names from `/etc/passwd` and `/etc/group`, read when first asked for and again after a minute
 * at the earliest; only numbers where the files are missing. Names of a directory service (LDAP) are not asked for: that
 * may block.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Source> = Effect.suspend(() => {
  let recent: { readonly names: OwnerNames; readonly readAt: number } | undefined
  const reading = Effect.zipWith(read("/etc/passwd"), read("/etc/group"), (users, groups): OwnerNames => {
    const names = { user: lookup(users), group: lookup(groups) }
    recent = { names, readAt: unsafeNow() }
    return names
  })
  return Effect.map(Effect.cachedWithTTL(reading, "1 minute"), (names) => ({
    names,
    unsafeRecent: () => (recent !== undefined && unsafeNow() - recent.readAt < minute ? recent.names : undefined)
  }))
})
