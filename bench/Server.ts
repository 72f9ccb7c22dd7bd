import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { BenchError } from "./BenchError.ts"
import * as Child from "./Child.ts"
import type { Field } from "./Field.ts"

/**
 * Where a server listens and what it may use.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly field: Field
  readonly port: number
  readonly passive: { readonly first: number; readonly last: number }
  /** Whether clients are going to upload; some servers need an account for that. */
  readonly writing: boolean
  /** Whether clients are going to ask for TLS; a server that is not asked for it is started without. */
  readonly tls: boolean
  /** How many clients there are going to be. */
  readonly clients: number
}

/**
 * How to start a server, once it has been configured.
 *
 * @since 0.1.0
 * @category models
 */
export interface Command {
  readonly file: string
  readonly args: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** Who logs in; a guest where this is left out. */
  readonly login?: { readonly user: string; readonly password: string }
}

/**
 * A server that can be measured.
 *
 * @since 0.1.0
 * @category models
 */
export interface Server {
  readonly name: string
  readonly version: string
  readonly isWeft: boolean
  /** Writes its configuration and says how to start it. */
  readonly configure: (place: Place) => Effect.Effect<Command, BenchError>
}

/**
 * A server that answers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Running {
  readonly place: Place
  /** The process to ask `Cost` about. */
  readonly keeper: number
  readonly login: { readonly user: string; readonly password: string }
}

/** Succeeds when something greets on the port. */
const greets = (port: number): Effect.Effect<void, string> =>
  Effect.async((resume) => {
    const socket = Net.connect({ host: "127.0.0.1", port })
    socket.setTimeout(5000, () => socket.destroy(new Error("no greeting")))
    socket.once("error", (cause) => resume(Effect.fail(cause.message)))
    socket.once("close", () => resume(Effect.fail("closed")))
    socket.once("data", (chunk) => {
      const greeting = chunk.toString("latin1")
      socket.end("QUIT\r\n")
      resume(greeting.startsWith("220") ? Effect.void : Effect.fail(greeting))
    })
    return Effect.sync(() => socket.destroy())
  })

/** Fails when somebody else listens there: a server that greets would then be another one. */
const isFree = (port: number): Effect.Effect<void, BenchError> =>
  Effect.async((resume) => {
    const probe = Net.createServer()
    const detail = `port ${port} is in use, by another run perhaps: choose another --port`
    probe.once("error", () => resume(Effect.fail(new BenchError({ reason: "ServerFailed", detail }))))
    probe.listen({ host: "127.0.0.1", port }, () => probe.close(() => resume(Effect.void)))
  })

/**
 * Starts a server under a keeper and waits until it greets; it ends, with everything it started, when the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = Effect.fnUntraced(function* (
  server: Server,
  place: Place
): Effect.fn.Return<Running, BenchError, Scope.Scope> {
  yield* isFree(place.port)
  const command = yield* server.configure(place)
  const child = yield* Child.start(place.field.keep, [command.file, ...command.args], {
    cwd: place.field.state,
    ...(command.env && { env: command.env })
  })
  yield* greets(place.port).pipe(
    Effect.retry({ schedule: Schedule.spaced("50 millis"), while: () => child.isRunning() }),
    Effect.timeout("15 seconds"),
    Effect.mapError((cause) => {
      const detail = `${server.name} does not greet: ${child.complaints() || cause}`
      return new BenchError({ reason: "ServerFailed", detail })
    })
  )
  return { place, keeper: child.pid, login: command.login ?? { user: "anonymous", password: "guest@example.net" } }
})
