import * as Either from "effect/Either"
import * as Fields from "../accounts/AccountFields.ts"
import type * as Codec from "../config/Codec.ts"
import type { Flag } from "./Argv.ts"

/**
 * What an account of the file can be given on the command line; `path` is where it goes in the file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row extends Flag {
  readonly path: readonly [string] | readonly ["limits", string]
}

const row = <A>(
  name: `--${string}`,
  metavar: string,
  path: Row["path"],
  codec: Codec.Codec<A>,
  description: string
): Row => ({
  name,
  metavar,
  path,
  description,
  expected: codec.expected,
  parse: (text) => (text === "" ? Either.left(codec.expected) : Either.map(codec.parse(text), codec.print))
})

/** @since 0.1.0 @category table */
export const flags: ReadonlyArray<Row> = [
  row(
    "--home",
    "DIR",
    ["home"],
    Fields.home,
    "The folder the account sees as /, made if it is not there (the server's)"
  ),
  row(
    "--permissions",
    "LIST",
    ["permissions"],
    Fields.permissions,
    `What it may do: ${Fields.permissions.expected} (read-only)`
  ),
  row(
    "--tls",
    "POLICY",
    ["tls"],
    Fields.tls,
    "What of it must not be in clear, whatever the server asks of others (none)"
  ),
  row(
    "--certificate",
    "BOOLEAN",
    ["certificate"],
    Fields.truth,
    "Whether a client certificate with its name opens it (false)"
  ),
  row("--max-sessions", "COUNT", ["limits", "sessions"], Fields.sessions, "Sessions it may have at once"),
  row("--quota", "BYTES", ["limits", "quotaBytes"], Fields.bytes, "Bytes its home may hold"),
  row("--quota-files", "COUNT", ["limits", "quotaFiles"], Fields.files, "Files its home may hold"),
  row("--max-upload-size", "BYTES", ["limits", "uploadSize"], Fields.bytes, "The largest file it may upload"),
  row("--upload-rate", "BYTES", ["limits", "uploadRate"], Fields.bytes, "Bytes a second of all its uploads together"),
  row(
    "--download-rate",
    "BYTES",
    ["limits", "downloadRate"],
    Fields.bytes,
    "Bytes a second of all its downloads together"
  )
]
