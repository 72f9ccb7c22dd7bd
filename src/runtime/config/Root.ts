import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import { quote } from "../observe/Printable.ts"
import { ConfigError } from "./ConfigError.ts"
import * as Origin from "./Origin.ts"
import type { Resolved } from "./Resolved.ts"
import { settings } from "./Settings.ts"

const problem = (root: string): string | undefined => {
  try {
    if (!Fs.statSync(root).isDirectory()) return "not a folder"
    Fs.accessSync(root, Fs.constants.R_OK | Fs.constants.X_OK)
    return undefined
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
    if (code === "ENOENT" || code === "ENOTDIR") return "no such folder: create it or name another"
    if (code === "EACCES" || code === "EPERM") return "permission denied: this user may not read and enter it"
    return `cannot be used (${quote(code)})`
  }
}

/**
 * Makes sure that the folder served is there and may be read before anything listens. Fails with `Root`.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = ({ config, origins }: Resolved): Effect.Effect<void, ConfigError> =>
  Effect.suspend(() => {
    const found = problem(config.root)
    return found === undefined
      ? Effect.void
      : new ConfigError({
          reason: "Root",
          message: `${Origin.subject(settings.root, origins.root, config.root)}: ${found}`
        })
  })
