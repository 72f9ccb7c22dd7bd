import * as Command from "@effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { table } from "../config/Resolved.ts"
import * as Root from "../config/Root.ts"
import * as AccountStore from "./AccountStore.ts"
import * as Ban from "./Ban.ts"
import * as Grammars from "./Grammars.ts"
import { load, type Surroundings } from "./Load.ts"
import { options } from "./SettingOptions.ts"
import * as TlsReport from "./TlsReport.ts"

/**
 * `weft check`: shows every setting with its value and where that came from, and fails where `weft serve` would.
 *
 * @since 0.1.0
 * @category commands
 */
export const make = (surroundings: Surroundings) =>
  Command.make(Grammars.check.name, { given: options }, ({ given }) =>
    load(given, surroundings).pipe(
      Effect.tap((resolved) => Console.log(table(resolved))),
      Effect.tap(Root.check),
      Effect.tap(AccountStore.check),
      Effect.tap(Ban.check),
      Effect.flatMap(TlsReport.show)
    )
  ).pipe(Command.withDescription(Grammars.check.description))
