import * as Schema from "effect/Schema"

/**
 * Why a measurement could not be made. `Setup` ends the run; the others cost one cell of the table.
 *
 * @since 0.1.0
 * @category errors
 */
export class BenchError extends Schema.TaggedError<BenchError>()("BenchError", {
  reason: Schema.Literal("Setup", "Unsupported", "ServerFailed", "LoadFailed", "TimedOut"),
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.reason}: ${this.detail}`
  }
}
