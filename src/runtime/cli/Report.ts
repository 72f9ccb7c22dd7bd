import type * as Runtime from "@effect/platform/Runtime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { ConfigError } from "../config/ConfigError.ts"

const write = (line: string): Effect.Effect<void> => Effect.sync(() => void process.stderr.write(`${line}\n`))

const oneLine = (text: string): string => text.replace(/[\s\p{C}]+/gu, " ").trim()

/** One line on standard error about something that does not stop Weft. @since 0.1.0 @category rendering */
export const warn = (message: string): Effect.Effect<void> => write(`weft: warning: ${oneLine(message)}`)

const messageOf = (error: unknown): string =>
  Predicate.hasProperty(error, "message") && Predicate.isString(error.message) ? error.message : String(error)

/** The line a failed start is told in, or nothing where it was only interrupted. @since 0.1.0 @category rendering */
export const line = (cause: Cause.Cause<unknown>): Option.Option<string> =>
  Cause.isInterruptedOnly(cause)
    ? Option.none()
    : Option.some(
        Option.match(Cause.failureOption(cause), {
          onNone: () => `weft: internal error: ${oneLine(messageOf(Cause.squash(cause)))}`,
          onSome: (error) => `weft: ${oneLine(messageOf(error))}`
        })
      )

/** Writes that line when the program fails; nothing else is printed about it. @since 0.1.0 @category rendering */
export const report = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.tapErrorCause(program, (cause) => Option.match(line(cause), { onNone: () => Effect.void, onSome: write }))

/** Exit code 2 for a command line that cannot be understood, 1 for every other failure. @since 0.1.0 @category rendering */
export const teardown: Runtime.Teardown = (exit, onExit) => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return onExit(0)
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  return onExit(error instanceof ConfigError && error.reason === "Usage" ? 2 : 1)
}
