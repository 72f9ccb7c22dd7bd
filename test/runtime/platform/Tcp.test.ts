import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, FastCheck, Fiber, type Layer, Queue, Scope } from "effect"
import * as Text from "../../../src/domain/Text.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import * as MemoryTcp from "../../../src/runtime/platform/MemoryTcp.ts"
import * as NodeTcp from "../../../src/runtime/platform/NodeTcp.ts"
import { type Connection, Tcp, TcpError } from "../../../src/runtime/platform/Tcp.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as Inbox from "../../support/Inbox.ts"

/** A listener and what it accepts. */
const listening = (host: string) =>
  Effect.gen(function* () {
    const tcp = yield* Tcp
    const accepted = yield* Queue.unbounded<Connection>()
    const listener = yield* tcp.listen({ host, port: 0, backlog: 128 }, (connection) => {
      accepted.unsafeOffer(connection)
    })
    return { port: listener.local.port, accepted: accepted.take }
  })

const dropped = <E, R>(connection: Effect.Effect<Connection, E, R>) =>
  Effect.acquireRelease(connection, (one) => Effect.sync(() => one.unsafeDestroy()))

/** Both ends of a connection. */
const connected = (host: string) =>
  Effect.gen(function* () {
    const tcp = yield* Tcp
    const { accepted, port } = yield* listening(host)
    const client = yield* dropped(Connecting.connect(tcp, { host, port }))
    const server = yield* dropped(accepted)
    return { client, server }
  })

const reasonOf = <A>(effect: Effect.Effect<A, TcpError>): Effect.Effect<TcpError["reason"] | "none"> =>
  Effect.match(effect, { onFailure: (error) => error.reason, onSuccess: () => "none" as const })

const pattern = (size: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, index) => (index * 31 + seed * 7 + (index >> 8)) & 0xff)

const nodeIPv4 = { name: "NodeTcp on IPv4", layer: NodeTcp.layer, host: "127.0.0.1" }
const nodeIPv6 = { name: "NodeTcp on IPv6", layer: NodeTcp.layer, host: "::1" }
const epollIPv4 = { name: "EpollTcp on IPv4", layer: EpollTcp.layer, host: "127.0.0.1" }
const epollIPv6 = { name: "EpollTcp on IPv6", layer: EpollTcp.layer, host: "::1" }
const memory = { name: "MemoryTcp", layer: MemoryTcp.layer as Layer.Layer<Tcp>, host: "127.0.0.1" }
const memoryInSmallPieces = {
  name: "MemoryTcp in small pieces",
  layer: MemoryTcp.layerWith({ capacity: 4096, segment: 7 }) as Layer.Layer<Tcp>,
  host: "::1"
}

for (const { host, layer, name } of [nodeIPv4, nodeIPv6, epollIPv4, epollIPv6, memory, memoryInSmallPieces]) {
  const run = <A, E>(effect: Effect.Effect<A, E, Tcp | Scope.Scope>) =>
    Effect.scoped(effect).pipe(Effect.provide(layer))
  /** More than lies between two ends. */
  const much = !name.startsWith("Memory") ? 64 * 1024 * 1024 : 256 * 1024

  describe(name, () => {
    it.effect.prop(
      "bytes arrive whole and in order, however they were cut",
      [FastCheck.array(FastCheck.uint8Array({ maxLength: 40_000 }), { maxLength: 12 })],
      ([chunks]) =>
        run(
          Effect.gen(function* () {
            const { client, server } = yield* connected(host)
            const inbox = Inbox.make(server)
            yield* Effect.forEach(chunks, (chunk) => client.write(chunk))
            yield* client.end
            const received = yield* inbox.takeAll
            assert.deepStrictEqual(Buffer.from(received), Buffer.concat(chunks))
          })
        ),
      { fastCheck: { numRuns: 20 } }
    )

    it.effect("each end knows both addresses", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          assert.deepStrictEqual(client.local, server.remote)
          assert.deepStrictEqual(client.remote, server.local)
          assert.strictEqual(server.remote.address, host)
          assert.isAbove(server.remote.port, 0)
        })
      )
    )

    it.effect('"::" takes IPv4, and gives its addresses as IPv4', () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const { accepted, port } = yield* listening("::")
          for (const address of ["127.0.0.1", "::1"]) {
            yield* dropped(Connecting.connect(tcp, { host: address, port }))
            const server = yield* dropped(accepted)
            assert.strictEqual(server.remote.address, address)
            assert.strictEqual(server.local.address, address)
          }
        })
      )
    )

    it.effect("connects from the address it is told to", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const { accepted, port } = yield* listening(host)
          const client = yield* dropped(Connecting.connect(tcp, { host, port, localAddress: host }))
          const server = yield* dropped(accepted)
          assert.strictEqual(server.remote.address, host)
          const inbox = Inbox.make(client)
          server.unsafeWrite("220 here\r\n")
          assert.strictEqual(yield* inbox.takeLine, "220 here")
        })
      )
    )

    it.effect("keeps what came before it was read", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          client.unsafeWrite("USER anonymous\r\n")
          yield* client.drained
          yield* Descriptors.turn
          assert.strictEqual(yield* Inbox.make(server).takeLine, "USER anonymous")
        })
      )
    )

    it.effect("text leaves as UTF-8, escaped bytes as themselves", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(server)
          const lines = ["plain", "zażółć 漢字 🜚", `old ${String.fromCharCode(0xdce9)} name`]
          for (const line of lines) client.unsafeWrite(`${line}\r\n`)
          yield* client.end
          const received = yield* inbox.takeAll
          assert.deepStrictEqual(
            Array.from(received),
            Array.from(Text.encode(lines.map((line) => `${line}\r\n`).join("")))
          )
          assert.include(Array.from(received), 0xe9)
        })
      )
    )

    it.effect("a paused reader stalls the writer, which holds one chunk; resumed, it gets all", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(server)
          const chunk = pattern(64 * 1024, 1)
          server.pause()
          let written = 0
          const writing = yield* Effect.fork(
            Effect.gen(function* () {
              while (written < much) {
                yield* client.write(chunk)
                written += chunk.length
              }
              yield* client.end
            })
          )
          const stalledAt = yield* Descriptors.settled(() => written)
          assert.isBelow(stalledAt, much)
          assert.isAtMost(client.unsafePending(), chunk.length)
          const before = inbox.unsafeReceived()
          server.resume()
          yield* Fiber.join(writing)
          yield* inbox.ended
          assert.strictEqual(before, 0)
          assert.strictEqual(inbox.unsafeReceived(), much)
        })
      )
    )

    it.effect("a reader may pause at every call", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const done = yield* Deferred.make<number>()
          let received = 0
          server.read({
            onData: (bytes) => {
              received += bytes.length
              server.pause()
              setImmediate(() => server.resume())
            },
            onEnd: () => Deferred.unsafeDone(done, Exit.succeed(received)),
            onClose: () => {}
          })
          yield* client.write(pattern(5_000, 1))
          yield* client.end
          assert.strictEqual(yield* Deferred.await(done), 5_000)
        })
      )
    )

    it.effect("unsafeWrite asks to wait where the peer does not read, and drained waits", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const line = `${"x".repeat(8 * 1024)}\r\n`
          let lines = 1
          while (client.unsafeWrite(line)) lines += 1
          assert.isAtLeast(client.unsafePending(), 16 * 1024)
          const draining = yield* Effect.fork(client.drained)
          const inbox = Inbox.make(server)
          yield* Fiber.join(draining)
          assert.strictEqual(client.unsafePending(), 0)
          yield* client.end
          assert.strictEqual((yield* inbox.takeAll).length, lines * line.length)
          yield* client.end
        })
      )
    )

    it.effect("the directions end one by one, and then both ends are closed once", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const [one, other] = [Inbox.make(client), Inbox.make(server)]
          client.unsafeWrite("STOR\r\n")
          yield* client.end
          yield* other.ended
          server.unsafeWrite("226 done\r\n")
          assert.strictEqual(yield* one.takeLine, "226 done")
          assert.strictEqual(one.calls.end, 0)
          yield* server.end
          assert.isUndefined(yield* one.closed)
          assert.isUndefined(yield* other.closed)
          yield* Descriptors.turn
          for (const { calls } of [one, other]) {
            assert.deepStrictEqual(
              { end: calls.end, close: calls.close, afterClose: calls.afterClose },
              { end: 1, close: 1, afterClose: 0 }
            )
          }
        })
      )
    )

    it.effect("once destroyed, a connection says that it closed and nothing else", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(server)
          client.unsafeWrite("last words\r\n")
          server.unsafeDestroy()
          server.unsafeDestroy()
          assert.isUndefined(yield* inbox.closed)
          yield* Descriptors.turn
          assert.deepStrictEqual(inbox.calls, { data: 0, end: 0, close: 1, afterClose: 0 })
          assert.isFalse(server.unsafeWrite("too late"))
          assert.strictEqual(yield* reasonOf(server.write(pattern(1, 1))), "Closed")
          assert.strictEqual(yield* reasonOf(server.drained), "Closed")
          assert.strictEqual(yield* reasonOf(server.end), "Closed")
          server.pause()
          server.resume()
        })
      )
    )

    it.effect("destroyed by its own reader, it gives that reader nothing more", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const closed = yield* Deferred.make<void>()
          const calls: Array<string> = []
          server.read({
            onData: () => {
              calls.push("data")
              server.unsafeDestroy()
            },
            onEnd: () => calls.push("end"),
            onClose: () => {
              calls.push("close")
              Deferred.unsafeDone(closed, Exit.void)
            }
          })
          server.pause()
          for (const text of ["one", "two", "three"]) {
            client.unsafeWrite(text)
            yield* client.drained
            yield* Descriptors.turn
            yield* Descriptors.turn
          }
          yield* client.end
          yield* Descriptors.turn
          server.resume()
          yield* Deferred.await(closed)
          yield* Descriptors.turn
          assert.deepStrictEqual(calls, ["data", "close"])
        })
      )
    )

    it.effect("a write that its own side cuts short fails", () =>
      run(
        Effect.gen(function* () {
          const { client } = yield* connected(host)
          const writing = yield* Effect.fork(reasonOf(client.write(new Uint8Array(much))))
          const draining = yield* Effect.fork(reasonOf(client.drained))
          yield* Descriptors.settled(() => client.unsafePending())
          client.unsafeDestroy()
          assert.strictEqual(yield* Fiber.join(writing), "Closed")
          assert.strictEqual(yield* Fiber.join(draining), "Closed")
        })
      )
    )

    it.effect("a reader that comes after the close is told so", () =>
      run(
        Effect.gen(function* () {
          const { client } = yield* connected(host)
          client.unsafeDestroy()
          yield* Descriptors.turn
          const inbox = Inbox.make(client)
          assert.strictEqual(inbox.calls.close, 0)
          yield* inbox.closed
          yield* Descriptors.turn
          assert.deepStrictEqual(inbox.calls, { data: 0, end: 0, close: 1, afterClose: 0 })
        })
      )
    )

    it.effect("nothing can be written behind the end", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(server)
          yield* client.end
          assert.isFalse(client.unsafeWrite("more"))
          assert.strictEqual(yield* reasonOf(client.write(pattern(1, 1))), "Closed")
          assert.strictEqual(yield* reasonOf(client.drained), "none")
          assert.strictEqual(yield* reasonOf(client.end), "none")
          assert.strictEqual((yield* inbox.takeAll).length, 0)
          assert.strictEqual(inbox.calls.close, 0)
        })
      )
    )

    it.effect("a peer that is gone fails the writer and closes it with the same error", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(client)
          client.unsafeWrite("never read")
          yield* client.drained
          server.unsafeDestroy()
          const writing = Effect.forever(Effect.zipRight(client.write(pattern(1024, 1)), Descriptors.turn))
          assert.strictEqual(yield* reasonOf(writing), "Reset")
          assert.strictEqual((yield* inbox.closed)?.reason, "Reset")
          assert.strictEqual(inbox.calls.close, 1)
        })
      )
    )

    it.effect("dropped with bytes unread, a connection is reset for its peer", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(client)
          client.unsafeWrite("never read")
          yield* client.drained
          server.unsafeDestroy()
          assert.strictEqual((yield* inbox.closed)?.reason, "Reset")
          assert.strictEqual(inbox.calls.close, 1)
        })
      )
    )

    it.effect("resuming what nobody reads loses nothing", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          for (const connection of [client, server]) connection.resume()
          for (const connection of [client, server]) connection.unsafeWrite("kept\r\n")
          for (let turns = 0; turns < 3; turns++) yield* Descriptors.turn
          for (const connection of [client, server]) {
            assert.strictEqual(yield* Inbox.make(connection).takeLine, "kept")
          }
        })
      )
    )

    it.effect("an interrupted write drops the connection, and the bytes are the caller's again", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(client)
          const bytes = new Uint8Array(much)
          const writing = yield* Effect.fork(client.write(bytes))
          yield* Descriptors.settled(() => client.unsafePending())
          yield* Fiber.interrupt(writing)
          bytes.fill(255)
          yield* inbox.closed
          const received = yield* Inbox.make(server).takeAll
          assert.isBelow(received.length, much)
          assert.isTrue(received.every((byte) => byte === 0))
        })
      )
    )

    it.effect("a write that is out is not undone by an interruption", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const inbox = Inbox.make(server)
          const writing = yield* Effect.fork(client.write(pattern(100, 1)))
          yield* Effect.yieldNow()
          yield* Fiber.interrupt(writing)
          client.unsafeWrite("still here\r\n")
          assert.strictEqual((yield* inbox.takeBytes(112)).length, 112)
        })
      )
    )

    it.effect("a reader that throws loses its own connection only", () =>
      run(
        Effect.gen(function* () {
          const { client, server } = yield* connected(host)
          const other = yield* connected(host)
          const closed = yield* Deferred.make<TcpError | undefined>()
          server.read({
            onData: () => {
              throw new Error("a bug")
            },
            onEnd: () => {},
            onClose: (error) => Deferred.unsafeDone(closed, Exit.succeed(error))
          })
          client.unsafeWrite("anything")
          assert.strictEqual((yield* Deferred.await(closed))?.reason, "Other")
          const inbox = Inbox.make(other.server)
          other.client.unsafeWrite("fine\r\n")
          assert.strictEqual(yield* inbox.takeLine, "fine")
        })
      )
    )

    it.effect("a port is one listener's, as long as its scope is open", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const scope = yield* Scope.make()
          const { accepted, port } = yield* Scope.extend(listening(host), scope)
          const again = tcp.listen({ host, port, backlog: 1 }, () => {})
          assert.strictEqual(yield* reasonOf(Effect.scoped(again)), "InUse")
          const client = yield* dropped(Connecting.connect(tcp, { host, port }))
          const server = yield* dropped(accepted)
          yield* Scope.close(scope, Exit.void)
          assert.strictEqual(yield* reasonOf(Connecting.connect(tcp, { host, port })), "Refused")
          const inbox = Inbox.make(server)
          client.unsafeWrite("still here\r\n")
          assert.strictEqual(yield* inbox.takeLine, "still here")
          assert.strictEqual(yield* reasonOf(Effect.scoped(again)), "none")
        })
      )
    )

    it.effect("an address of another machine cannot be listened on or connected from", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const { port } = yield* listening(host)
          const foreign = host === "::1" ? "2001:db8::77" : "198.51.100.77"
          const listen = tcp.listen({ host: foreign, port: 0, backlog: 1 }, () => {})
          assert.strictEqual(yield* reasonOf(Effect.scoped(listen)), "NotAvailable")
          assert.strictEqual(
            yield* reasonOf(Connecting.connect(tcp, { host, port, localAddress: foreign })),
            "NotAvailable"
          )
        })
      )
    )

    it.effect(
      "an attempt without a fiber tells once what became of it, and its connection outlives calling it off",
      () =>
        run(
          Effect.gen(function* () {
            const tcp = yield* Tcp
            const { accepted, port } = yield* listening(host)
            const told: Array<Connection | TcpError> = []
            let callOff = () => {}
            const settled = Effect.async<void>((resume) => {
              callOff = tcp.unsafeConnect({ host, port, localAddress: host }, (result) => {
                told.push(result)
                resume(Effect.void)
              })
            })
            yield* settled
            const far = Inbox.make(yield* dropped(accepted))
            callOff()
            const [near] = told
            if (near === undefined || near instanceof TcpError) return assert.fail("there is no connection")
            near.unsafeWrite("still here\r\n")
            assert.strictEqual(yield* far.takeLine, "still here")
            near.unsafeDestroy()
            assert.strictEqual(told.length, 1)
          })
        )
    )

    it.effect("an attempt that is called off or interrupted leaves nothing behind", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const { port } = yield* listening(host)
          tcp.unsafeConnect({ host, port }, (result) => {
            if (!(result instanceof TcpError)) result.unsafeDestroy()
          })()
          const attempt = yield* Effect.fork(Connecting.connect(tcp, { host, port }))
          yield* Effect.yieldNow()
          yield* Fiber.interrupt(attempt)
          yield* Descriptors.turn
        })
      )
    )

    it.effect("a defect in what takes the connections costs that connection, not the listener", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          let count = 0
          const { local } = yield* tcp.listen({ host, port: 0, backlog: 8 }, (connection) => {
            if (count++ === 0) throw new Error("a bug")
            connection.unsafeWrite("220 ready\r\n")
          })
          const lines: Array<string> = []
          for (let attempt = 0; attempt < 2; attempt++) {
            const client = yield* dropped(Connecting.connect(tcp, { host, port: local.port }))
            lines.push(yield* Inbox.make(client).takeLine)
          }
          assert.deepStrictEqual(lines, ["", "220 ready"])
        })
      )
    )

    it.effect("fifty connections at once do not mix their bytes", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const { accepted, port } = yield* listening(host)
          const exchange = (seed: number) =>
            Effect.gen(function* () {
              const client = yield* dropped(Connecting.connect(tcp, { host, port }))
              const inbox = Inbox.make(client)
              const bytes = pattern(much / 1024, seed)
              yield* client.write(bytes)
              yield* client.end
              assert.deepStrictEqual(Buffer.from(yield* inbox.takeAll), Buffer.from(bytes))
            })
          const echo = Effect.flatMap(dropped(accepted), (server) =>
            Effect.gen(function* () {
              yield* server.write(yield* Inbox.make(server).takeAll)
              yield* server.end
            })
          )
          const echoes = Effect.all(
            Array.from({ length: 50 }, () => echo),
            { concurrency: "unbounded" }
          )
          yield* Effect.fork(echoes)
          yield* Effect.forEach(
            Array.from({ length: 50 }, (_, seed) => seed),
            exchange,
            { concurrency: "unbounded" }
          )
        })
      )
    )
  })
}
