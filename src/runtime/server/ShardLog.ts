import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type { FtpConfig } from "../config/FtpConfig.ts"
import * as Logging from "../observe/Logging.ts"
import type { FromShard } from "./ShardProtocol.ts"

type Line = Extract<FromShard, { readonly _tag: "Log" }>

/**
 * Logging in a shard's thread: each line is told to the main thread and written there.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (level: FtpConfig["logLevel"], tell: (line: Line) => void): Layer.Layer<never> =>
  Layer.merge(
    Logger.minimumLogLevel(Logging.levels[level]),
    Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ annotations, cause, logLevel, message }) => {
        if (logLevel._tag === "All" || logLevel._tag === "None") return
        tell({
          _tag: "Log",
          level: logLevel._tag,
          message: (Array.isArray(message) ? message : [message]).map((part) => Inspectable.toStringUnknown(part, 0)),
          annotations: Object.fromEntries(
            [...annotations].map(([key, value]) => [key, Inspectable.toStringUnknown(value, 0)])
          ),
          ...(Cause.isEmpty(cause) ? {} : { cause: Cause.pretty(cause, { renderErrorCause: true }) })
        })
      })
    )
  )

/**
 * Writes a line that came from a shard.
 *
 * @since 0.1.0
 * @category operations
 */
export const write = (shard: number, line: Line): Effect.Effect<void> =>
  Effect.logWithLevel(
    LogLevel.fromLiteral(line.level),
    ...line.message,
    ...(line.cause === undefined ? [] : [line.cause])
  ).pipe(Effect.annotateLogs({ ...line.annotations, shard }))
