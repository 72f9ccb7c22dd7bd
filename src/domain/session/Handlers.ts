import type { ArgumentOf, Verb } from "../Command.ts"
import type { VirtualPath } from "../VirtualPath.ts"
import type { Decision } from "./Decision.ts"
import type { State } from "./State.ts"

/**
 * What decides on commands that have passed the gate: login, permission and turn are settled before one is asked. `path` is what the
 * command is about, the working directory where it names nothing; `others` are the further ones it names.
 *
 * @since 0.1.0
 * @category models
 */
export type Handlers<V extends Verb> = {
  readonly [K in V]: (
    state: State,
    argument: ArgumentOf<K>,
    path: VirtualPath,
    ...others: ReadonlyArray<VirtualPath>
  ) => Decision
}
