import * as Prompt from "@effect/cli/Prompt"
import type { Terminal } from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Text from "../../domain/Text.ts"
import { ConfigError } from "../config/ConfigError.ts"

/** What fits on a command line of FTP. */
const longest = 4000

const refuse = (message: string): ConfigError => new ConfigError({ reason: "Invalid", message })

const checked = (text: string): Effect.Effect<Redacted.Redacted<string>, ConfigError> => {
  if (text === "") return refuse("the password is empty")
  if (/[\0\r\n]/.test(text)) return refuse("the password has more than one line: expected a password of one line")
  if (text.length > longest) return refuse(`the password is longer than ${longest} bytes`)
  return Effect.succeed(Redacted.make(text))
}

const fromInput: Effect.Effect<string, ConfigError> = Effect.tryPromise({
  try: async () => {
    const chunks: Array<Buffer> = []
    let length = 0
    for await (const chunk of process.stdin) {
      chunks.push(Buffer.from(chunk))
      length += chunk.length
      if (length > 2 * longest) break
    }
    return Text.decode(Buffer.concat(chunks)).replace(/\r?\n$/, "")
  },
  catch: () => refuse("standard input cannot be read")
})

const asked = (question: string): Effect.Effect<string, ConfigError, Prompt.Prompt.Environment> =>
  Prompt.hidden({ message: question }).pipe(
    Effect.map(Redacted.value),
    Effect.mapError(() => refuse("no password given"))
  )

/**
 * The new password of an account: all of standard input where `input` says so, less one line end, or asked for twice on the
 * terminal without showing it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (options: {
  readonly name: string
  readonly input: boolean
}): Effect.Effect<Redacted.Redacted<string>, ConfigError, Terminal | Prompt.Prompt.Environment> =>
  Effect.gen(function* () {
    if (options.input) return yield* checked(yield* fromInput)
    if (process.stdin.isTTY !== true) {
      return yield* new ConfigError({
        reason: "Usage",
        message: "standard input is no terminal to ask for a password on: expected --password-stdin"
      })
    }
    const first = yield* checked(yield* asked(`Password for ${options.name}`))
    const again = yield* asked("The same again")
    return again === Redacted.value(first) ? first : yield* refuse("the two passwords are not the same")
  })
