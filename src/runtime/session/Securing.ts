import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Ahead from "../platform/Ahead.ts"
import type * as Tcp from "../platform/Tcp.ts"
import { TlsConnection } from "../platform/TlsConnection.ts"
import type { TlsContext } from "../platform/TlsContext.ts"
import { TlsError } from "../platform/TlsError.ts"
import type { Actor } from "./Actor.ts"
import * as QuickSecuring from "./QuickSecuring.ts"

/** ALPN's name for FTP (IANA's registry of RFC 7301 has one for both kinds of connection), and what some call data connections. */
const protocols = { control: ["ftp"], data: ["ftp", "ftp-data"] } as const

const notPossible = Effect.fail(new TlsError({ reason: "NotPossible", detail: "no socket of the system below" }))

const unsafeAccept = (actor: Actor, below: Ahead.Below, kind: keyof typeof protocols): TlsConnection | undefined => {
  const context = contextOf(actor)
  return context && TlsConnection.unsafeAccept(below, { context, protocols: protocols[kind] })
}

const accept = (
  actor: Actor,
  below: Ahead.Below,
  kind: keyof typeof protocols
): Effect.Effect<TlsConnection, TlsError> => {
  const made = unsafeAccept(actor, below, kind)
  return made === undefined ? notPossible : Effect.succeed(made)
}

/** Where CCC may take TLS off again, TLS is put on in a way that allows for it. */
const unsafeAcceptControl = (actor: Actor, ahead: ReadonlyArray<Uint8Array>): TlsConnection | undefined => {
  const { client, control, house } = actor
  if (house.config.tlsCcc === "never" || client.implicitTls === true) {
    return unsafeAccept(actor, Ahead.on(control.connection, ahead), "control")
  }
  const context = contextOf(actor)
  return (
    context && TlsConnection.unsafeAcceptClearable(control.connection, ahead, { context, protocols: protocols.control })
  )
}

/** A session keeps the context that its control connection began with; one of its own where data must resume nothing else. */
const contextOf = (actor: Actor): TlsContext | undefined => {
  const { config, tls } = actor.house
  actor.tlsContext ??= config.tlsRequireReuse ? tls.unsafeAlone() : tls.unsafeContext()
  return actor.tlsContext
}

const inTime = <A>(actor: Actor, effect: Effect.Effect<A, TlsError>): Effect.Effect<A, TlsError> =>
  Effect.timeoutFail(effect, {
    duration: actor.house.config.tlsHandshakeTimeout,
    onTimeout: () => new TlsError({ reason: "TimedOut", detail: "" })
  })

const logged = (
  actor: Actor,
  kind: keyof typeof protocols,
  error: TlsError,
  what = "TLS handshake failed"
): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logInfo(what), {
    session: actor.client.id,
    peer: actor.client.connection.remote.address,
    connection: kind,
    reason: error.reason,
    ...(error.detail === "" ? {} : { detail: error.detail })
  })

/** Waits in a fiber. */
const shakeControl = (actor: Actor, accepted: Effect.Effect<TlsConnection, TlsError>): void => {
  const { control } = actor
  const handshake = Effect.gen(function* () {
    const tls = yield* accepted
    const { clientName } = yield* tls.established
    control.unsafeContinue(tls)
    return clientName
  })
  actor.unsafeStart(
    Effect.either(Effect.tapError(inTime(actor, handshake), (error) => logged(actor, "control", error))),
    (exit) => {
      const result = Exit.getOrElse(exit, () => undefined)
      if (result !== undefined && Either.isRight(result)) return { _tag: "Secured", certificate: result.right }
      control.unsafeDrop()
      return { _tag: "SecuringFailed" }
    }
  )
}

/**
 * Puts TLS on the control connection once the replies in clear are out; answered by `Secured` or `SecuringFailed`, and then nothing
 * is left of the connection.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeControl = (actor: Actor, follows: boolean): void => {
  const { control } = actor
  const ahead = control.unsafeSuspend(follows)
  control.unsafeFlush()
  const accepted = Effect.suspend(() => {
    const connection = unsafeAcceptControl(actor, ahead)
    return connection === undefined ? notPossible : Effect.succeed(connection)
  })
  if (control.connection.unsafePending() > 0) {
    const drained = Effect.mapError(control.connection.drained, () => new TlsError({ reason: "Cut", detail: "" }))
    shakeControl(actor, Effect.zipRight(drained, accepted))
    return
  }
  const connection = unsafeAcceptControl(actor, ahead)
  if (connection === undefined) shakeControl(actor, notPossible)
  else QuickSecuring.unsafeWait(actor, connection, () => shakeControl(actor, Effect.succeed(connection)))
}

/**
 * Takes TLS off the control connection once the replies under it are out; answered by `Cleared` or `SecuringFailed`, and then nothing
 * is left of the connection.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeClear = (actor: Actor): void => {
  const { control } = actor
  const { connection } = control
  control.unsafeSuspend(false)
  const released = connection instanceof TlsConnection ? connection.unsafeRelease() : notPossible
  actor.unsafeStart(
    Effect.either(Effect.tapError(inTime(actor, released), (error) => logged(actor, "control", error, "CCC failed"))),
    (exit) => {
      const result = Exit.getOrElse(exit, () => undefined)
      if (result !== undefined && Either.isRight(result)) {
        control.unsafeUncover(result.right)
        return { _tag: "Cleared" }
      }
      control.unsafeDrop()
      return { _tag: "SecuringFailed" }
    }
  )
}

/**
 * Begins TLS on a data connection that has just come to be, where the session protects its data: some clients shake hands before
 * they say what they want.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeBegin = (actor: Actor, connection: Tcp.Connection): Tcp.Connection => {
  const context = actor.state.protection.data === "P" ? contextOf(actor) : undefined
  return (context && TlsConnection.unsafeAccept(connection, { context, protocols: protocols.data })) ?? connection
}

/**
 * The data connection as it has to be: in clear, or with a handshake done that resumed the control connection's session where the
 * configuration wants that.
 *
 * @since 0.1.0
 * @category operations
 */
export const data = (actor: Actor, connection: Tcp.Connection): Effect.Effect<Tcp.Connection, TlsError> => {
  if (actor.state.protection.data === "C") {
    return connection instanceof TlsConnection
      ? Effect.fail(new TlsError({ reason: "Refused", detail: "PROT changed" }))
      : Effect.succeed(connection)
  }
  const handshake = Effect.gen(function* () {
    const tls = connection instanceof TlsConnection ? connection : yield* accept(actor, connection, "data")
    const { resumed } = yield* tls.established
    if (!resumed && actor.house.config.tlsRequireReuse) {
      tls.unsafeDestroy()
      return yield* new TlsError({ reason: "Refused", detail: "the session of the control connection was not resumed" })
    }
    return tls
  })
  return Effect.tapError(inTime(actor, handshake), (error) => logged(actor, "data", error))
}
