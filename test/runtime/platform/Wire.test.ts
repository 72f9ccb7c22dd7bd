import * as Tls from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Fiber, type Scope } from "effect"
import * as NodeTcp from "../../../src/runtime/platform/NodeTcp.ts"
import { type Connection, Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { TlsConnection } from "../../../src/runtime/platform/TlsConnection.ts"
import * as TlsContext from "../../../src/runtime/platform/TlsContext.ts"
import { type Released, Wire } from "../../../src/runtime/platform/Wire.ts"
import * as SelfSigned from "../../../src/runtime/tls/SelfSigned.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as Inbox from "../../support/Inbox.ts"
import * as FakeConnection from "../server/FakeConnection.ts"

const record = (type: number, length: number) => Buffer.from([type, 3, 3, length >> 8, length & 0xff, ...Array(length)])

const hear = (fake: FakeConnection.FakeConnection, bytes: Uint8Array) => fake.reader()?.onData(bytes)

const closed = (wire: Wire) => Effect.async<void>((resume) => void wire.once("close", () => resume(Effect.void)))

describe("a wire", () => {
  it.prop(
    "keeps from who reads on what is left of records, wherever it is cut",
    [
      FastCheck.nat({ max: 40 }),
      FastCheck.array(FastCheck.nat({ max: 60 }), { maxLength: 5 }),
      FastCheck.nat({ max: 6 })
    ],
    ([half, places, release]) => {
      const fake = FakeConnection.make()
      const wire = new Wire(fake.connection, [])
      const coming = Buffer.concat([record(0x17, 40), record(0x15, 2), Buffer.from("NOOP\r\n\x16\x03QUIT\r\n")])
      hear(fake, coming.subarray(0, half))
      let told = 0
      assert.isTrue(wire.unsafeAllowClear(() => void told++))
      const heard: Array<string> = []
      const onData = (bytes: Uint8Array) => void heard.push(Buffer.from(bytes).toString())
      let isReleased = false
      // A connection that was paused brings nothing before somebody reads on.
      const readOn = (isTime: boolean) => {
        if (isReleased || !(isTime || fake.paused())) return
        isReleased = true
        wire.unsafeRelease().read({ onData, onEnd: () => heard.push("end"), onClose: () => {} })
      }
      const cuts = [half, ...places.filter((place) => place > half).sort((a, b) => a - b), coming.length]
      for (const [index, from] of cuts.slice(0, -1).entries()) {
        readOn(index === release)
        hear(fake, coming.subarray(from, cuts[index + 1]))
      }
      readOn(true)
      fake.reader()?.onEnd()
      assert.strictEqual(heard.join(""), "NOOP\r\n\x16\x03QUIT\r\nend")
      assert.isAtMost(told, 1)
    }
  )

  it("tells all that came in clear before somebody read on, and the end", () => {
    const fake = FakeConnection.make()
    const wire = new Wire(fake.connection, [])
    assert.isTrue(wire.unsafeAllowClear(() => {}))
    for (const text of ["NO", "OP\r\n", "\x16"]) hear(fake, Buffer.from(text))
    fake.reader()?.onEnd()
    let heard = ""
    const onData = (bytes: Uint8Array) => {
      heard += Buffer.from(bytes).toString()
    }
    wire.unsafeRelease().read({ onData, onEnd: () => (heard += "end"), onClose: () => {} })
    assert.strictEqual(heard, "NOOP\r\n\x16end")
  })

  it("is not released behind something that is no record", () => {
    for (const early of [Buffer.from("DELE a\r\n"), Buffer.concat([record(0x17, 30), Buffer.from("DELE a\r\n")])]) {
      const fake = FakeConnection.make()
      const wire = new Wire(fake.connection, [])
      hear(fake, early)
      assert.isFalse(wire.unsafeAllowClear(() => {}))
      assert.isFalse(new Wire(FakeConnection.make().connection, [early]).unsafeAllowClear(() => {}))
    }
  })

  it.effect("takes the connection with it, unless it was released", () =>
    Effect.gen(function* () {
      let ends = 0
      const make = () => FakeConnection.make({ end: Effect.sync(() => void ends++) })
      const [owner, released, dropped] = [make(), make(), make()]
      const one = new Wire(owner.connection, [])
      one.end()
      one.resume()
      yield* Descriptors.until(() => ends === 1)
      one.destroy()
      yield* closed(one)
      assert.strictEqual(owner.destroyed(), 1)

      const two = new Wire(released.connection, [])
      two.resume()
      two.unsafeRelease()
      two.end()
      yield* Effect.async<void>((resume) => void two.once("finish", () => resume(Effect.void)))
      two.destroy()
      yield* closed(two)
      assert.deepStrictEqual([released.destroyed(), released.paused(), ends], [0, true, 1])

      const three = new Wire(dropped.connection, [])
      three.unsafeRelease()
      three.unsafeDrop()
      assert.strictEqual(dropped.destroyed(), 1)
    })
  )
})

const context = TlsContext.unsafeMake({
  identities: [{ ...SelfSigned.make({ hosts: ["one.example"], now: Date.now() }), names: [] }],
  ticketKeys: new Uint8Array(48).fill(7),
  minVersion: "1.2",
  ciphers: "",
  clientCa: "",
  clientCertificate: "off"
})
const options = { context, protocols: ["ftp"] }

/** A client and a server with TLS between them, over wires on both sides, so that either can take it off. */
const pair = (version: Tls.SecureVersion) =>
  Effect.gen(function* () {
    const tcp = yield* Tcp
    let plain: Connection | undefined
    const { local } = yield* tcp.listen({ host: "127.0.0.1", port: 0, backlog: 5 }, (connection) => {
      plain = connection
    })
    const below = yield* Effect.acquireRelease(
      Connecting.connect(tcp, { host: "127.0.0.1", port: local.port }),
      (one) => Effect.sync(one.unsafeDestroy)
    )
    yield* Descriptors.until(() => plain !== undefined)
    const server = TlsConnection.unsafeAcceptClearable(plain as Connection, [], options)
    yield* Effect.addFinalizer(() => Effect.sync(server.unsafeDestroy))
    const wire = new Wire(below, [])
    const client = Tls.connect({ socket: wire, rejectUnauthorized: false, minVersion: version, maxVersion: version })
    client.on("error", () => {})
    yield* server.established
    return { plain: plain as Connection, server, below, wire, client }
  })

/** Waits until the client has heard this. */
const said = (client: Tls.TLSSocket, text: string) =>
  Effect.async<void>((resume) => {
    let all = ""
    client.on("data", (bytes: Buffer) => {
      all += bytes.toString()
      if (all === text) resume(Effect.void)
    })
  })

const heard = (client: Tls.TLSSocket) =>
  Effect.async<string>((resume) => {
    let said = ""
    client.on("data", (bytes: Buffer) => {
      said += bytes.toString()
    })
    client.once("end", () => resume(Effect.succeed(said)))
  })

const inClear = (connection: Connection, { read }: Pick<Released, "read">) => Inbox.make({ ...connection, read })

describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s taken off a connection", (version) => {
  const run = <A, E>(body: Effect.Effect<A, E, Tcp | Scope.Scope>) =>
    Effect.scoped(body).pipe(Effect.provide(NodeTcp.layer))

  /** The client's ways: it ends its side first, or after the server, or never, and may go on at once. */
  it.live.each(["first", "first and goes on", "first, before a fiber waits for it", "after", "never"])(
    "a client that ends TLS %s goes on in clear",
    (when) =>
      run(
        Effect.gen(function* () {
          const { below, client, plain, server, wire } = yield* pair(version)
          const inbox = Inbox.make(server)
          client.write("CCC\r\n")
          assert.strictEqual(yield* inbox.takeLine, "CCC")
          server.pause()
          server.unsafeWrite("200 In clear.\r\n")
          const release = server.unsafeRelease()
          const isLate = when.endsWith("waits for it")
          const releasing = isLate ? undefined : yield* Effect.fork(release)
          const ended = yield* Effect.fork(heard(client))
          const says = Effect.async<void>((resume) => void client.end(() => resume(Effect.void)))
          wire.unsafeAllowClear(() => {})
          if (when.startsWith("first")) {
            yield* said(client, "200 In clear.\r\n")
            // What the client's TLS writes goes out, and nothing ends below.
            const { connection } = wire.unsafeRelease()
            yield* says
            if (when.endsWith("goes on")) connection.unsafeWrite("NOOP\r\n")
          }
          for (let turns = isLate ? 50 : 0; turns > 0; turns--) yield* Descriptors.turn
          const released = yield* releasing === undefined ? release : Fiber.join(releasing)
          assert.strictEqual(released.connection, plain)
          if (!when.startsWith("first")) {
            assert.strictEqual(yield* Fiber.join(ended), "200 In clear.\r\n")
            const { connection } = wire.unsafeRelease()
            if (when === "after") yield* says
            assert.strictEqual(connection, below)
          }
          const answers = inClear(below, wire.unsafeRelease())
          if (!when.endsWith("goes on")) below.unsafeWrite("NOOP\r\n")
          assert.strictEqual(yield* inClear(plain, released).takeLine, "NOOP")
          plain.unsafeWrite("200 Still here.\r\n")
          assert.strictEqual(yield* answers.takeLine, "200 Still here.")
          assert.deepInclude(inbox.calls, { end: 0, close: 0 })
        })
      )
  )

  it.live("is not, where the client has gone on in clear already", () =>
    run(
      Effect.gen(function* () {
        const { below, client, server } = yield* pair(version)
        const inbox = Inbox.make(server)
        client.write("CCC\r\n")
        assert.strictEqual(yield* inbox.takeLine, "CCC")
        below.unsafeWrite("DELE a\r\n")
        yield* inbox.closed
        const result = yield* Effect.either(server.unsafeRelease())
        assert.isTrue(Either.isLeft(result) && result.left.reason === "NotPossible")
      })
    )
  )
})
