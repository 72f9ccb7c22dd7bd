import type { Verb } from "../Command.ts"
import * as Reply from "../Reply.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"
import type { State } from "./State.ts"

const notOffered = (verb: Verb) => (state: State) => Decision.say(state, Reply.notOffered(verb))

/**
 * The commands that change files. Accounts are read only so far, so the permission in the command table answers them; an account that
 * a host gives more rights to is told the truth.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"STOR" | "STOU" | "APPE" | "DELE" | "MKD" | "RMD" | "RNFR" | "RNTO" | "MFMT"> = {
  STOR: notOffered("STOR"),
  STOU: notOffered("STOU"),
  APPE: notOffered("APPE"),
  DELE: notOffered("DELE"),
  MKD: notOffered("MKD"),
  RMD: notOffered("RMD"),
  RNFR: notOffered("RNFR"),
  RNTO: notOffered("RNTO"),
  MFMT: notOffered("MFMT")
}
