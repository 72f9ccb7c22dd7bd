import * as Either from "effect/Either"
import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Decision from "./Decision.ts"
import type { State } from "./State.ts"

/**
 * Resolves what a client wrote against the working directory, and answers 553 where it names nothing that could exist.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withPath = (
  state: State,
  text: string,
  use: (path: VirtualPath.VirtualPath) => Decision.Decision
): Decision.Decision =>
  Either.match(VirtualPath.resolve(state.directory, text), {
    onLeft: ({ reason }) => Decision.say(state, Reply.make(553, refusals[reason])),
    onRight: use
  })

/**
 * The same where nothing written means the working directory.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withOptionalPath = (
  state: State,
  text: string,
  use: (path: VirtualPath.VirtualPath) => Decision.Decision
): Decision.Decision => (text === "" ? use(state.directory) : withPath(state, text, use))

const refusals = {
  Empty: "A name is needed.",
  InvalidCharacter: "The name holds a character that names cannot hold.",
  NameTooLong: "Name too long.",
  PathTooLong: "Path too long."
} as const
