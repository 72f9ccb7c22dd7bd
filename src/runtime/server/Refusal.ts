import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Admission from "../../domain/Admission.ts"
import * as LimitText from "../../domain/limits/LimitText.ts"
import * as Reply from "../../domain/Reply.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
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
 * What each is told, as it goes over the wire.
 *
 * @since 0.1.0
 * @category models
 */
export type Texts = Readonly<Record<Reason, string>>

type Limits = Pick<
  FtpConfig,
  "banTime" | "clientsPerThread" | "maxClients" | "maxClientsPerAddress" | "queueTimeout" | "threads"
>

/**
 * The words for a configuration, a limit that was hit named in them (RFC 959 section 5.4 gives 421 to a server that will not greet).
 *
 * @since 0.1.0
 * @category replies
 */
export const texts = (config: Limits): Texts => {
  const places = config.threads * config.clientsPerThread
  const closing = (text: string) => Reply.render(Reply.closing(text))
  return {
    Banned: closing(LimitText.banned(Duration.toMillis(config.banTime))),
    TooManyClients: closing(LimitText.clients(config.maxClients)),
    Full: closing(LimitText.places(places)),
    TooManyFromAddress: closing(LimitText.clientsOfAddress(config.maxClientsPerAddress)),
    Draining: closing("The server is stopping."),
    Late: closing(LimitText.placesInTime(places, Duration.toMillis(config.queueTimeout))),
    Exhausted: closing("The server has no resources left; try again later.")
  }
}

/**
 * Tells a client and lets it go. It gets a second to take the words; one that waits for TLS to begin would not understand them.
 *
 * @since 0.1.0
 * @category operations
 */
export const say = (connection: Connection, text: string, implicitTls = false): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (!implicitTls) connection.unsafeWrite(text)
    return connection.end
  }).pipe(Effect.timeout("1 second"), Effect.ignore, Effect.ensuring(Effect.sync(() => connection.unsafeDestroy())))
