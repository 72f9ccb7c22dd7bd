import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type { ServerEvent } from "../../domain/ServerEvent.ts"

/**
 * What the log says of an event and how loudly: one line a login, a refusal and a transfer; a session's bounds at debug level.
 *
 * @since 0.1.0
 * @category logging
 */
export const describe = (
  event: ServerEvent
): {
  readonly level: "Debug" | "Info" | "Warning"
  readonly message: string
  readonly details: Record<string, unknown>
} => {
  switch (event._tag) {
    case "SessionStarted":
      return { level: "Debug", message: "session started", details: {} }
    case "SessionEnded": {
      const { account, milliseconds } = event
      return { level: "Debug", message: "session ended", details: { ...(account && { account }), milliseconds } }
    }
    case "LoggedIn":
      return { level: "Info", message: "logged in", details: { account: event.account } }
    case "LoginRefused":
      return event.reason === "Refused"
        ? { level: "Info", message: "login refused", details: { name: event.name } }
        : { level: "Warning", message: "login not decided: accounts are unavailable", details: { name: event.name } }
    case "TransferEnded": {
      const { account, bytes, kind, milliseconds, outcome, path } = event
      return { level: "Info", message: kind, details: { account, path, bytes, milliseconds, outcome } }
    }
  }
}

/**
 * A teller that writes each event to the log. It costs next to nothing where the level is not wanted.
 *
 * @since 0.1.0
 * @category logging
 */
export const make: Effect.Effect<(event: ServerEvent) => void> = Effect.map(Effect.runtime<never>(), (runtime) => {
  const run = Runtime.runSync(runtime)
  const least = Option.getOrElse(FiberRefs.get(runtime.fiberRefs, FiberRef.currentMinimumLogLevel), () => LogLevel.Info)
  return (event) => {
    const { details, level, message } = describe(event)
    const logLevel = LogLevel.fromLiteral(level)
    if (LogLevel.lessThan(logLevel, least)) return
    const annotations = { session: event.session, peer: event.peer, ...details }
    run(Effect.annotateLogs(Effect.logWithLevel(logLevel, message), annotations))
  }
})
