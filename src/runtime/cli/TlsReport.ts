import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { ConfigError } from "../config/ConfigError.ts"
import { subject } from "../config/Origin.ts"
import type { Resolved } from "../config/Resolved.ts"
import { print, settings } from "../config/Settings.ts"
import { quote } from "../observe/Printable.ts"
import * as Certificates from "../tls/Certificates.ts"
import type { MaterialError } from "../tls/Material.ts"
import { warn } from "./Report.ts"

const explain = ({ config, origins }: Resolved, { file, problem, setting }: MaterialError): ConfigError => {
  const value = file === "" ? print(setting, config) : file
  return new ConfigError({
    reason: "Tls",
    message: `${subject(settings[setting], origins[setting], value)}: ${problem}`
  })
}

const load = (resolved: Resolved) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) => Certificates.load(resolved.config, now)).pipe(
    Effect.mapError((error) => explain(resolved, error))
  )

const line = ({ expires, file, keyType, names, subject }: Certificates.Shown): string => {
  const what = file === "" ? "self-signed" : quote(file)
  const of = names.length === 0 ? subject : `${subject} for ${names.join(", ")}`
  return `certificate ${what}: ${of}; ${keyType} key; expires ${new Date(expires).toISOString()}`
}

/**
 * Makes sure that certificates and keys can be used before anything listens. Fails with `Tls`, naming the option and the file.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = (resolved: Resolved): Effect.Effect<void, ConfigError> => Effect.asVoid(load(resolved))

/** The same, and shows what they are. @since 0.1.0 @category checks */
export const show = (resolved: Resolved): Effect.Effect<void, ConfigError> =>
  Effect.gen(function* () {
    const loaded = yield* load(resolved)
    for (const shown of loaded?.shown ?? []) yield* Console.log(line(shown))
    for (const warning of loaded?.warnings ?? []) yield* warn(warning)
  })
