import * as Effect from "effect/Effect"
import type * as Admission from "../../domain/Admission.ts"
import * as Reply from "../../domain/Reply.ts"
import type { Connection } from "../platform/Tcp.ts"

/**
 * Why a client that connected is sent away: what `Admission` says, `Late` when it waited too long for a slot, and `Exhausted` when
 * the process has no descriptor left to accept it with (such a client is told nothing and stays in the kernel's queue).
 *
 * @since 0.1.0
 * @category models
 */
export type Reason = Admission.Refusal | "Late" | "Exhausted"

/**
 * What each is told (RFC 959 section 5.4 gives 421 to a server that will not greet).
 *
 * @since 0.1.0
 * @category replies
 */
export const texts: Readonly<Record<Reason, string>> = {
  Full: Reply.render(Reply.closing("Too many clients are connected; try again later.")),
  TooManyFromAddress: Reply.render(Reply.closing("Too many clients are connected from your address.")),
  Draining: Reply.render(Reply.closing("The server is stopping.")),
  Late: Reply.render(Reply.closing("No place came free in time; try again later.")),
  Exhausted: Reply.render(Reply.closing("The server has no resources left; try again later."))
}

/**
 * Tells a client and lets it go. It gets a second to take the words; one that waits for TLS to begin would not understand them.
 *
 * @since 0.1.0
 * @category operations
 */
export const say = (connection: Connection, reason: Reason, implicitTls = false): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!implicitTls) connection.unsafeWrite(texts[reason])
    return connection.end
  }).pipe(Effect.timeout("1 second"), Effect.ignore, Effect.ensuring(Effect.sync(() => connection.unsafeDestroy())))
