import * as Schema from "effect/Schema"

/**
 * Why Weft will not start, as the one line its user gets. `message` names the option as the user wrote it (flag, variable, or
 * key with file and line), the value found there and what was expected. `Usage` is a command line that cannot be understood,
 * the other reasons are about values: `Invalid` and `Missing` of a setting, `Unknown` and `Duplicate` of a name, `Conflict` of two
 * settings, `File` of the config file itself, `Root` of the folder served, `Tls` of certificates and keys, `Start` of what the system refused the server.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  reason: Schema.Literal(
    "Usage",
    "Invalid",
    "Missing",
    "Unknown",
    "Duplicate",
    "Conflict",
    "File",
    "Root",
    "Start",
    "Tls"
  ),
  message: Schema.String
}) {}
