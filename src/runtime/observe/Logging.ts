import * as Array from "effect/Array"
import * as Cause from "effect/Cause"
import * as HashMap from "effect/HashMap"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type { FtpConfig } from "../config/FtpConfig.ts"
import { escape } from "./Printable.ts"

/** The levels of the configuration as Effect knows them. @since 0.1.0 @category constants */
export const levels: Readonly<Record<FtpConfig["logLevel"], LogLevel.LogLevel>> = {
  trace: LogLevel.Trace,
  debug: LogLevel.Debug,
  info: LogLevel.Info,
  warning: LogLevel.Warning,
  error: LogLevel.Error,
  none: LogLevel.None
}

const text = (value: unknown): string => (typeof value === "string" ? value : Inspectable.toStringUnknown(value, 0))

const annotation = (value: unknown): string => {
  const found = escape(text(value))
  return found === "" || /[\s"=]/.test(found) ? JSON.stringify(found) : found
}

/**
 * One line for people: time, level, message, then the annotations as `key=value`; a cause follows on lines of its own. Names of
 * files and accounts come from clients, so nothing in message or annotations can start a line or reach the terminal as a command.
 *
 * @since 0.1.0
 * @category loggers
 */
export const pretty: Logger.Logger<unknown, string> = Logger.make(({ annotations, cause, date, logLevel, message }) => {
  const words = [
    date.toISOString(),
    logLevel.label.padEnd(5),
    ...Array.ensure(message).map((part) => escape(text(part))),
    ...Array.fromIterable(HashMap.entries(annotations)).map(([key, value]) => `${key}=${annotation(value)}`)
  ]
  return `${words.join(" ")}${Cause.isEmpty(cause) ? "" : `\n${Cause.pretty(cause, { renderErrorCause: true })}`}`
})

/**
 * Logs to standard error in the form and from the level the configuration asks for, in place of Effect's default logger. For the
 * main thread and every shard.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: Pick<FtpConfig, "logLevel" | "logFormat">): Layer.Layer<never> =>
  Logger.replace(
    Logger.defaultLogger,
    Logger.map(
      config.logFormat === "json" ? Logger.jsonLogger : pretty,
      (line) => void process.stderr.write(`${line}\n`)
    )
  ).pipe(
    // One after the other: `Layer.merge` builds in fibers of their own, and then a logger outlives the effect it was for.
    Layer.provideMerge(Logger.minimumLogLevel(levels[config.logLevel]))
  )
