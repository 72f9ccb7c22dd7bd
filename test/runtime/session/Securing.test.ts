import * as Net from "node:net"
import * as Tls from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Scope } from "effect"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { type Connection, Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { TlsConnection } from "../../../src/runtime/platform/TlsConnection.ts"
import * as TlsContext from "../../../src/runtime/platform/TlsContext.ts"
import { ControlConnection } from "../../../src/runtime/session/ControlConnection.ts"
import * as Securing from "../../../src/runtime/session/Securing.ts"
import * as SelfSigned from "../../../src/runtime/tls/SelfSigned.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import * as FakeActor from "./FakeActor.ts"

const context = TlsContext.unsafeMake({
  identities: [{ ...SelfSigned.make({ hosts: ["one.example"], now: Date.now() }), names: ["one.example"] }],
  ticketKeys: new Uint8Array(48).fill(7),
  minVersion: "1.2",
  ciphers: "",
  clientCa: "",
  clientCertificate: "off"
})

/** A session that has just said 234 on a connection, and what the world did about it. */
const secure = (connection: Connection) => {
  let elapse = () => {}
  let calledOff = 0
  const control = new ControlConnection(connection, 512, () => {}, true)
  const fake = FakeActor.make({
    house: {
      config: { tlsCcc: "never", tlsRequireReuse: false, tlsHandshakeTimeout: "1 minute" },
      tls: { unsafeContext: () => context },
      tcp: {
        unsafeAfter: (_: number, call: () => void) => {
          elapse = call
          return () => void calledOff++
        }
      }
    },
    storage: {},
    lease: undefined,
    protection: undefined
  })
  const actor = Object.assign(fake.actor, { control, client: { id: 7, connection } })
  connection.read(control)
  control.unsafeSay("234 Go ahead\r\n")
  Securing.unsafeControl(actor, true)
  return { ...fake, actor, calledOff: () => calledOff, control, elapse: () => elapse() }
}

type Secured = ReturnType<typeof secure>

/** A client of one such session, which has read all that was said in clear. */
const client = Effect.gen(function* () {
  const tcp = yield* Tcp
  const found: Array<Secured> = []
  const { local } = yield* tcp.listen({ host: "127.0.0.1", port: 0, backlog: 5 }, (connection) => {
    found.push(secure(connection))
  })
  const socket = yield* Effect.acquireRelease(
    Effect.sync(() => Net.connect({ host: "127.0.0.1", port: local.port })),
    (socket) => Effect.sync(() => socket.destroy())
  )
  socket.on("error", () => {})
  const greeted = yield* Effect.async<string>((resume) => {
    socket.once("data", (bytes) => resume(Effect.succeed(bytes.toString())))
  })
  assert.strictEqual(greeted, "234 Go ahead\r\n", "in clear, ahead of the handshake")
  yield* Effect.addFinalizer(() => Effect.sync(() => found[0]?.control.unsafeDrop()))
  const shake = () => Tls.connect({ socket, rejectUnauthorized: false }).on("error", () => {})
  return { session: found[0] as Secured, shake, socket }
})

const run = <A, E>(effect: Effect.Effect<A, E, Tcp | Scope.Scope>) =>
  Effect.scoped(effect).pipe(Effect.provide(EpollTcp.layer))

/** Runs the one child fiber that was asked for, and says what it would tell the session. */
const finish = ({ started }: Secured) => {
  const [task] = started
  assert.isDefined(task)
  return Effect.runFork(Effect.map(Effect.exit(task.effect), task.toEvent))
}

const secured = { _tag: "Secured", certificate: undefined } as const

describe("TLS on a control connection", () => {
  it.live("begins behind what was said in clear, and needs no fiber", () =>
    Effect.gen(function* () {
      const { session, shake } = yield* client
      const { actor, calledOff, control, events, started } = session
      assert.isDefined(actor.errand)
      assert.deepStrictEqual(events, [])
      shake()
      yield* Descriptors.until(() => events.length > 0)
      assert.deepStrictEqual([events, started, calledOff()], [[secured], [], 1])
      assert.isUndefined(actor.errand)
      assert.isTrue(control.connection instanceof TlsConnection)
    }).pipe(run)
  )

  it.live("leaves a handshake that takes its time to a fiber", () =>
    Effect.gen(function* () {
      const { session, shake } = yield* client
      const { actor, control, elapse, events, started } = session
      elapse()
      assert.deepStrictEqual([actor.errand, started.length], [undefined, 1])
      const fiber = finish(session)
      shake()
      assert.deepStrictEqual(yield* Fiber.join(fiber), secured)
      assert.isTrue(control.connection instanceof TlsConnection)
      assert.deepStrictEqual([events, started.length], [[], 1], "told once")
    }).pipe(run)
  )

  it.live("leaves a handshake that fails to a fiber, and nothing of the connection", () =>
    Effect.gen(function* () {
      const { session, socket } = yield* client
      const { actor, control, events, started } = session
      socket.write("USER anonymous\r\n")
      yield* Descriptors.until(() => started.length > 0)
      assert.deepStrictEqual([events, actor.errand], [[], undefined])
      assert.deepStrictEqual(yield* Fiber.join(finish(session)), { _tag: "SecuringFailed" })
      assert.isTrue(control.closed)
      yield* Descriptors.until(() => socket.closed || socket.readableEnded)
    }).pipe(run)
  )

  it.live("ends with its session, whose fiber is interrupted", () =>
    Effect.gen(function* () {
      const { session, socket } = yield* client
      session.actor.errand?.unsafeHandOver()
      yield* Fiber.interrupt(finish(session))
      session.control.connection.unsafeDestroy()
      yield* Descriptors.until(() => socket.closed || socket.readableEnded)
    }).pipe(run)
  )

  it("does not begin while the client has not taken what was said in clear", () => {
    let yielded = 0
    const { connection, said } = FakeConnection.make()
    const { actor, events, started } = secure({
      ...connection,
      unsafePending: () => 1,
      unsafeSurrender: () => {
        yielded++
        return new Net.Socket()
      }
    })
    assert.deepStrictEqual([said, yielded, events], [["234 Go ahead\r\n"], 0, []])
    assert.deepStrictEqual([started.length, actor.errand], [1, undefined])
  })

  it("fails where there is no socket of the system below", () =>
    Effect.gen(function* () {
      const { connection, destroyed } = FakeConnection.make()
      const session = secure(connection)
      assert.strictEqual(session.started.length, 1)
      assert.deepStrictEqual(yield* Fiber.join(finish(session)), { _tag: "SecuringFailed" })
      assert.strictEqual(destroyed(), 1)
    }).pipe(Effect.runPromise))
})
