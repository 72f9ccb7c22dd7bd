import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import type { Resolved } from "../config/Resolved.ts"
import * as Root from "../config/Root.ts"
import * as Logging from "../observe/Logging.ts"
import * as AccountStore from "./AccountStore.ts"
import * as Ban from "./Ban.ts"
import * as Grammars from "./Grammars.ts"
import { load, type Surroundings } from "./Load.ts"
import { options } from "./SettingOptions.ts"
import { explain, type StartError } from "./StartFailure.ts"
import * as TlsReport from "./TlsReport.ts"

/**
 * The server itself: runs until it is interrupted, and fails only if it cannot start or go on.
 *
 * @since 0.1.0
 * @category models
 */
export type Server = (resolved: Resolved) => Effect.Effect<void, StartError>

/** `weft serve`: checks everything that can be checked before, then runs the server. @since 0.1.0 @category commands */
export const make = (server: Server, surroundings: Surroundings) =>
  Command.make(Grammars.serve.name, { given: options }, ({ given }) =>
    Effect.gen(function* () {
      const resolved = yield* load(given, surroundings)
      yield* Root.check(resolved)
      yield* AccountStore.check(resolved)
      yield* Ban.check(resolved)
      yield* TlsReport.check(resolved)
      yield* server(resolved).pipe(
        Effect.mapError((error) => explain(resolved, error)),
        Effect.tapErrorCause((cause) => Effect.logDebug("the server has stopped", cause)),
        Effect.provide(Logging.layer(resolved.config))
      )
    })
  ).pipe(Command.withDescription(Grammars.serve.description))
