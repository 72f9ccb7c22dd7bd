import * as Reply from "../Reply.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"

/**
 * How data is represented: TYPE, STRU, MODE (RFC 959 section 4.1.2).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"TYPE" | "STRU" | "MODE"> = {
  TYPE: (state, representation) =>
    representation === "Unsupported"
      ? Decision.say(state, Reply.badParameter("Types A N, I and L 8 are offered."))
      : Decision.say(
          { ...state, representation },
          Reply.ok(representation === "A" ? "Type is ASCII." : "Type is image (binary).")
        ),
  STRU: (state, structure) =>
    Decision.say(
      state,
      structure === "F" ? Reply.ok("Structure is file.") : Reply.badParameter("Only structure F (file) is offered.")
    ),
  MODE: (state, mode) =>
    mode === "S" || mode === "Z"
      ? Decision.say({ ...state, mode }, Reply.ok(mode === "S" ? "Mode is stream." : "Mode is deflate."))
      : Decision.say(state, Reply.badParameter("Modes S (stream) and Z (deflate) are offered."))
}
