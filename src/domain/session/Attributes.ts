import * as FileArgument from "../FileArgument.ts"
import * as Reply from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"
import type * as Decision from "./Decision.ts"
import { say } from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"
import type { State } from "./State.ts"
import { change } from "./Writing.ts"

/**
 * What is set about a file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wanted {
  readonly mode?: number | undefined
  readonly modified?: number | undefined
  readonly accessed?: number | undefined
}

/** The bits that let a program run as its owner, whoever starts it. */
const runsAsAnother = 0o6000

/**
 * Has attributes set; `done` is said when they are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const set = (
  state: State,
  path: VirtualPath.VirtualPath,
  { accessed, mode, modified }: Wanted,
  done: Reply.Reply
): Decision.Decision => {
  if (path === VirtualPath.root && mode !== undefined) {
    return say(state, Reply.refused("The root directory keeps its permission bits."))
  }
  if (mode !== undefined && (mode & runsAsAnother) !== 0) {
    return say(state, Reply.refused("The set-user-id and set-group-id bits cannot be set."))
  }
  return change(
    state,
    {
      _tag: "SetAttributes",
      path,
      ...(mode === undefined ? {} : { mode }),
      ...(modified === undefined ? {} : { modified }),
      ...(accessed === undefined ? {} : { accessed })
    },
    done
  )
}

/**
 * Sets a time, and says it as MFMT does.
 *
 * @since 0.1.0
 * @category constructors
 */
export const setModified = (
  state: State,
  path: VirtualPath.VirtualPath,
  { modified, path: written }: FileArgument.Timed
): Decision.Decision =>
  set(
    state,
    path,
    { modified },
    Reply.fileStatus(`${FileArgument.printFacts({ modified, mode: undefined })} ${written}`)
  )

/**
 * The commands that set what is known about a file: MFMT and MFF (draft-somers-ftp-mfxx).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"MFMT" | "MFF"> = {
  MFMT: (state, timed, path) => setModified(state, path, timed),
  MFF: (state, facts, path) =>
    facts === "Unsupported"
      ? say(state, Reply.badParameter("The facts Modify and UNIX.mode can be set."))
      : set(state, path, facts, Reply.fileStatus(`${FileArgument.printFacts(facts)} ${facts.path}`))
}
