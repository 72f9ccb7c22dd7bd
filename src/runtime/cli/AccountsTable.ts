import * as Fields from "../accounts/AccountFields.ts"
import type { Entry } from "../accounts/AccountsFile.ts"
import { escape } from "../observe/Printable.ts"

/** Rows of texts in columns two spaces apart, the heads first. @since 0.1.0 @category rendering */
export const columns = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)))
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

const limitsOf = ({ account }: Entry): string => {
  const counts = new Set(["sessions", "quotaFiles"])
  return Object.entries(account.limits)
    .map(([key, limit]) => `${key}=${counts.has(key) ? limit : Fields.bytes.print(limit)}`)
    .join(" ")
}

const permissionsOf = ({ account, certificate, disabled }: Entry): string => {
  const { denied, permissions, prefixes } = account.rights
  return [
    ...(disabled ? ["disabled"] : []),
    Fields.permissions.print(permissions),
    ...prefixes.map(({ path, permissions }) => `${path}=${Fields.permissions.print(permissions)}`),
    ...(account.tls === undefined ? [] : [`tls=${account.tls}`]),
    ...(certificate ? ["certificate"] : []),
    ...(denied.length > 0 ? [`denied=${denied.join(",")}`] : [])
  ].join(" ")
}

/** Accounts for people, one a line. @since 0.1.0 @category rendering */
export const text = (entries: ReadonlyArray<Entry>): string =>
  columns([
    ["NAME", "HOME", "PERMISSIONS", "LIMITS"],
    ...entries.map((entry) =>
      [entry.account.name, entry.account.home ?? "-", permissionsOf(entry), limitsOf(entry) || "-"].map(escape)
    )
  ])

/** Accounts for programs, without their passwords. @since 0.1.0 @category rendering */
export const json = (entries: ReadonlyArray<Entry>): string =>
  JSON.stringify(
    entries.map(({ account: { home, limits, name, rights, tls = "none" }, certificate, disabled }) => ({
      name,
      home: home ?? null,
      permissions: [...rights.permissions],
      paths: Object.fromEntries(rights.prefixes.map(({ path, permissions }) => [path, [...permissions]])),
      denied: rights.denied,
      disabled,
      tls,
      certificate,
      limits
    })),
    null,
    2
  )
