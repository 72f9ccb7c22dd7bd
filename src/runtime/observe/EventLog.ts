import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import type { ServerEvent } from "../../domain/ServerEvent.ts"
import type { Telling } from "./Events.ts"
import type * as Interest from "./Interest.ts"

type Level = "Debug" | "Info" | "Warning"

/**
 * The loudest that the log becomes about each kind of event.
 *
 * @since 0.1.0
 * @category logging
 */
export const loudest: { readonly [K in Interest.Kind]: Level } = {
  SessionStarted: "Debug",
  LoggedIn: "Info",
  LoginRefused: "Warning",
  AddressBanned: "Warning",
  TransferEnded: "Info",
  UploadCompleted: "Info",
  UploadInterrupted: "Warning",
  FilesChanged: "Info",
  SessionEnded: "Debug"
}

/**
 * What the log says of an event and how loudly: one line a login, a refusal, a transfer and a change to files;
 * a session's bounds at debug level.
 *
 * @since 0.1.0
 * @category logging
 */
export const describe = (
  event: ServerEvent
): {
  readonly level: Level
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
      return refusal(event)
    case "AddressBanned":
      return { level: "Warning", message: "address banned", details: { until: new Date(event.until).toISOString() } }
    case "TransferEnded": {
      const { account, bytes, kind, milliseconds, outcome, path } = event
      return { level: "Info", message: kind, details: { account, path, bytes, milliseconds, outcome } }
    }
    case "UploadCompleted": {
      const { account, digest, path, size } = event
      const details = { account, path, size, ...(digest && { [digest.algorithm.toLowerCase()]: digest.value }) }
      return { level: "Info", message: "upload completed", details }
    }
    case "UploadInterrupted": {
      const { account, bytes, kept, outcome, path } = event
      return { level: "Warning", message: "upload interrupted", details: { account, path, bytes, outcome, kept } }
    }
    case "FilesChanged": {
      const { account, change, path, to } = event
      return { level: "Info", message: changes[change], details: { account, path, ...(to !== undefined && { to }) } }
    }
  }
}

const refusal = ({ limit, name, reason }: Extract<ServerEvent, { readonly _tag: "LoginRefused" }>) => {
  switch (reason) {
    case "Refused":
      return { level: "Info" as const, message: "login refused", details: { name } }
    case "InClear":
      return { level: "Info" as const, message: "login refused: the account requires TLS", details: { name } }
    case "Limited":
      return { level: "Info" as const, message: "login refused: over a limit", details: { name, limit } }
    case "Unavailable":
      return { level: "Warning" as const, message: "login not decided: accounts are unavailable", details: { name } }
  }
}

const changes = {
  Delete: "deleted",
  MakeDirectory: "directory made",
  RemoveDirectory: "directory removed",
  Rename: "renamed",
  SetAttributes: "attributes set",
  Combine: "combined"
} as const

/**
 * A teller that writes each event to the log, and wants only those that the log's level lets through. It writes the digest of an upload
 * where there is one, and does not have one computed.
 *
 * @since 0.1.0
 * @category logging
 */
export const make: Effect.Effect<Telling> = Effect.map(Effect.runtime<never>(), (runtime) => {
  const run = Runtime.runSync(runtime)
  const least = Option.getOrElse(FiberRefs.get(runtime.fiberRefs, FiberRef.currentMinimumLogLevel), () => LogLevel.Info)
  const isWritten = (level: Level) => LogLevel.greaterThanEqual(LogLevel.fromLiteral(level), least)
  return {
    unsafeWants: (topic) => topic !== "UploadDigest" && isWritten(loudest[topic]),
    unsafeTell: (event) => {
      const { details, level, message } = describe(event)
      if (!isWritten(level)) return
      const annotations = { ...("session" in event && { session: event.session }), peer: event.peer, ...details }
      run(Effect.annotateLogs(Effect.logWithLevel(LogLevel.fromLiteral(level), message), annotations))
    }
  }
})
