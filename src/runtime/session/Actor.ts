import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Event } from "../../domain/session/Event.ts"
import type { State } from "../../domain/session/State.ts"
import type { TlsContext } from "../platform/TlsContext.ts"
import type { Client } from "../server/Client.ts"
import type { Begun } from "../transfer/Begun.ts"
import type { DataLease } from "../transfer/DataConnection.ts"
import type * as Progress from "../transfer/Progress.ts"
import type { ControlConnection } from "./ControlConnection.ts"
import type { House } from "./House.ts"
import type { Lodging } from "./Lodging.ts"

/**
 * A transfer that runs without a fiber, as long as all goes well.
 *
 * @since 0.1.0
 * @category models
 */
export interface Errand {
  /** Has a fiber go on with it, from where it is. */
  readonly unsafeHandOver: () => void
}

/**
 * What a session lends to those who act for it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Actor {
  readonly house: House
  readonly client: Client
  readonly control: ControlConnection
  readonly state: State
  readonly lodging: Lodging
  /** What the next transfer has its data connection by. */
  lease: DataLease | undefined
  /** The running task's, and undefined while none runs that moves. */
  progress: Progress.Progress | undefined
  /** What the next transfer goes on with. */
  begun: Begun | undefined
  /** A transfer that runs without a fiber. */
  errand: Errand | undefined
  /** When it last came for a file that could be sent at once, as `Turns` count. */
  came: number
  /** What its handshakes are made with, from the first one on. */
  tlsContext: TlsContext | undefined
  /** Gives the session an event to step through. */
  readonly unsafeTell: (event: Event) => void
  /** Interrupts the running task without waiting for it; its end is told as an event. */
  readonly unsafeCancel: () => void
  /** The client has hung up without a QUIT: what it was sending may have lost its end (RFC 959 section 3.2). */
  readonly unsafeIsDeserted: () => boolean
  /**
   * Runs an effect as the session's one child fiber, of which as much is done in this turn as takes no time; `toEvent` makes of any ending
   * the event that answers its action. `release` is run behind the effect.
   */
  readonly unsafeStart: <A>(
    effect: Effect.Effect<A>,
    toEvent: (exit: Exit.Exit<A>) => Event,
    release?: Effect.Effect<void>
  ) => void
  /** Completes when the client has read enough of its replies, or is gone; a client that never does is dropped. */
  readonly caughtUp: Effect.Effect<void>
}
