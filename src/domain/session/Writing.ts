import * as Either from "effect/Either"
import type { FileFault } from "../FileFault.ts"
import type { Permission } from "../Permission.ts"
import * as Reply from "../Reply.ts"
import * as Rights from "../Rights.ts"
import * as VirtualPath from "../VirtualPath.ts"
import type { Change } from "./Action.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"
import * as Refusal from "./Refusal.ts"
import type { State } from "./State.ts"

/**
 * Has a change made; `done` is said when it is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const change = (state: State, change: Change, done: Reply.Reply): Decision.Decision =>
  Decision.act({ ...state, work: { _tag: "Changing", done } }, { _tag: "Change", change })

/** Tells whether the account of the session may do something at a path. @since 0.1.0 @category predicates */
export const may = (state: State, permission: Permission, path: VirtualPath.VirtualPath): boolean =>
  state.account !== undefined && Rights.allows(state.account.rights, permission, path)

/**
 * The commands that change which names there are: DELE, MKD, RMD, RNFR, RNTO (RFC 959 section 4.1.3), COMB.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"DELE" | "MKD" | "RMD" | "RNFR" | "RNTO" | "COMB"> = {
  DELE: (state, _, path) => change(state, { _tag: "Delete", path }, Reply.fileDone("Deleted.")),
  MKD: (state, _, path) =>
    change(state, { _tag: "MakeDirectory", path }, Reply.make(257, `${VirtualPath.quote(path)} created.`)),
  RMD: (state, _, path) =>
    path === VirtualPath.root
      ? Decision.say(state, Reply.refused("The root directory stays."))
      : change(state, { _tag: "RemoveDirectory", path }, Reply.fileDone("Removed.")),
  RNFR: (state, _, path) =>
    path === VirtualPath.root
      ? Decision.say(state, Reply.refused("The root directory stays."))
      : Decision.act(
          { ...state, work: { _tag: "Asking", question: { command: "RNFR", path } } },
          { _tag: "Ask", question: { command: "RNFR", path } }
        ),
  RNTO: (state, _, to) => {
    const from = state.renaming
    if (from === undefined) return Decision.say(state, Reply.badSequence("Give RNFR right before RNTO."))
    return from !== to && VirtualPath.contains(from, to)
      ? Decision.say(state, Reply.make(553, "The new name lies inside of what is renamed."))
      : change(
          state,
          { _tag: "Rename", path: from, to, replace: may(state, "overwrite", to) },
          Reply.fileDone("Renamed.")
        )
  },
  COMB: (state, _, path, ...sources) =>
    new Set([path, ...sources]).size <= sources.length
      ? Decision.say(state, Reply.invalidArgument("A file can be named only once."))
      : change(
          state,
          {
            _tag: "Combine",
            path,
            sources,
            create: may(state, "write", path),
            replace: may(state, "overwrite", path)
          },
          Reply.fileDone("Combined.")
        )
}

/**
 * A change is made, or is not.
 *
 * @since 0.1.0
 * @category events
 */
export const changed = (state: State, done: Reply.Reply, result: Either.Either<void, FileFault>): Decision.Decision =>
  Decision.say({ ...state, work: undefined }, Either.isRight(result) ? done : Refusal.ofFault(state, result.left))
