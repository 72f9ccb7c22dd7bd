import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, type Layer, type Scope } from "effect"
import { vi } from "vitest"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as NodeTcp from "../../../src/runtime/platform/NodeTcp.ts"
import * as OwnDescriptors from "../../../src/runtime/platform/OwnDescriptors.ts"
import { socketIo } from "../../../src/runtime/platform/SocketIo.ts"
import * as SocketOptions from "../../../src/runtime/platform/SocketOptions.ts"
import { type Connection, Tcp, TcpError } from "../../../src/runtime/platform/Tcp.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as Inbox from "../../support/Inbox.ts"
import { temporary } from "../storage/fixtures.ts"

const { EAGAIN } = Os.constants.errno

const dropped = <E, R>(connection: Effect.Effect<Connection, E, R>) =>
  Effect.acquireRelease(connection, (one) => Effect.sync(() => one.unsafeDestroy()))

/** Listens and answers each connection with `serve`; gives back the port. */
const serving = (host: string, serve: (connection: Connection) => void) =>
  Effect.gen(function* () {
    const tcp = yield* Tcp
    const { local } = yield* tcp.listen({ host, port: 0, backlog: 512 }, serve)
    return local.port
  })

/** Reads and throws away, and hangs up when the peer has. */
const sink = (connection: Connection): void =>
  connection.read({ onData: () => {}, onEnd: () => connection.unsafeDestroy(), onClose: () => {} })

/** What the body opens it also closes. */
const leavesNoDescriptor = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = Descriptors.unsafeCount()
    yield* body
    yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
  })

const suite = (layer: Layer.Layer<Tcp>) => {
  const run = <A, E>(effect: Effect.Effect<A, E, Tcp | Scope.Scope>) =>
    Effect.scoped(effect).pipe(Effect.provide(layer))

  describe("a peer that resets", () => {
    /** Sends `size` bytes and then a reset behind them, before anybody reads. */
    const sendAndReset = (port: number, size: number) =>
      Effect.async<void>((resume) => {
        const client = Net.connect(port, "127.0.0.1")
        client.on("error", () => {})
        client.once("close", () => resume(Effect.void))
        client.write(Buffer.alloc(size), () => client.resetAndDestroy())
      })

    for (const size of [1, 1000, 65_536, 100_000, 150_000]) {
      it.effect(`behind ${size} bytes is not taken for one that has ended`, () =>
        run(
          Effect.gen(function* () {
            const arrived: Array<Connection> = []
            const port = yield* serving("127.0.0.1", (connection) => void arrived.push(connection))
            yield* sendAndReset(port, size)
            yield* Descriptors.until(() => arrived.length === 1)
            const inbox = Inbox.make(arrived[0] as Connection)
            assert.strictEqual((yield* inbox.closed)?.reason, "Reset")
            assert.deepInclude(inbox.calls, { end: 0, close: 1, afterClose: 0 })
          })
        )
      )
    }
  })

  describe("bytes that are read", () => {
    it.effect("are kept by a slice, whatever other connections bring", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const kept: Array<Uint8Array> = []
          const port = yield* serving("127.0.0.1", (connection) =>
            connection.unsafeWrite(`${kept.length}`.repeat(3000))
          )
          const visit = Effect.gen(function* () {
            const client = yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port }))
            const before = kept.length
            client.read({ onData: (bytes) => void kept.push(bytes.slice()), onEnd: () => {}, onClose: () => {} })
            yield* Descriptors.until(() => kept.length > before)
          })
          yield* visit
          const first = Buffer.from(kept[0] ?? []).toString()
          yield* visit
          assert.match(first, /^0+$/)
          assert.strictEqual(Buffer.from(kept[0] ?? []).toString(), first)
        })
      )
    )
  })

  describe("descriptors", () => {
    it.effect("connections of every kind give theirs back", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const port = yield* serving("::", sink)
          const visit = (host: string, localAddress: string) =>
            Effect.scoped(
              Effect.gen(function* () {
                const client = yield* dropped(Connecting.connect(tcp, { host, port, localAddress }))
                client.unsafeWrite("QUIT\r\n")
                yield* client.end
              })
            )
          yield* leavesNoDescriptor(
            Effect.gen(function* () {
              yield* Effect.forEach(Array.from({ length: 100 }), () => visit("127.0.0.1", "127.0.0.1"), {
                concurrency: 10
              })
              yield* Effect.forEach(Array.from({ length: 100 }), () => visit("::1", "::1"), { concurrency: 10 })
            })
          )
        })
      )
    )

    it.effect("attempts that fail or are interrupted give theirs back", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const port = yield* serving("127.0.0.1", sink)
          const closed = yield* Effect.scoped(serving("127.0.0.1", sink))
          const host = "127.0.0.1"
          yield* leavesNoDescriptor(
            Effect.forEach(
              Array.from({ length: 60 }, (_, index) => index),
              (index) =>
                Effect.gen(function* () {
                  yield* Effect.exit(Connecting.connect(tcp, { host, port, localAddress: "198.51.100.77" }))
                  const localAddress = index % 2 === 0 ? { localAddress: host } : {}
                  const attempt = yield* Effect.fork(
                    Connecting.connect(tcp, { host, port: index % 3 === 0 ? closed : port, ...localAddress })
                  )
                  if (index % 3 === 0) yield* Fiber.await(attempt)
                  else {
                    for (let turns = index % 4; turns >= 0; turns--) yield* Effect.yieldNow()
                    const exit = yield* Fiber.interrupt(attempt)
                    // It may have been made at once: then it is the caller's.
                    if (Exit.isSuccess(exit)) exit.value.unsafeDestroy()
                  }
                })
            )
          )
        })
      )
    )

    it.effect("one whose owner is interrupted as it comes to be is closed once", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const port = yield* serving("127.0.0.1", sink)
          let made: Connection | TcpError | undefined
          const attempts: Array<Fiber.RuntimeFiber<Connection, unknown>> = []
          const unsafeConnect: typeof tcp.unsafeConnect = (options, settled) =>
            tcp.unsafeConnect(options, (result) => {
              made = result
              for (const attempt of attempts) attempt.unsafeInterruptAsFork(attempt.id())
              settled(result)
            })
          // Where it is made at once, nobody can be interrupted before.
          attempts.push(yield* Effect.fork(Connecting.connect({ unsafeConnect }, { host: "127.0.0.1", port })))
          const exits = yield* Effect.forEach(attempts, (attempt) => Fiber.await(attempt))
          yield* Descriptors.settled(Descriptors.unsafeCount)
          const others = Array.from({ length: 3 }, () => Fs.openSync("/dev/null", "r"))
          if (made !== undefined && !(made instanceof TcpError)) made.unsafeDestroy()
          yield* Descriptors.turn
          for (const other of others) Fs.closeSync(other)
          assert.strictEqual(exits.length, 1)
        })
      )
    )

    it.effect("a listener gives its own back at once, whoever is still connected", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const before = Descriptors.unsafeCount()
          const accepted: Array<Connection> = []
          const client = yield* Effect.scoped(
            Effect.gen(function* () {
              const port = yield* serving("127.0.0.1", (connection) => accepted.push(connection))
              const connection = yield* Connecting.connect(tcp, { host: "127.0.0.1", port })
              yield* Descriptors.until(() => accepted.length === 1)
              return connection
            })
          )
          yield* Descriptors.until(() => Descriptors.unsafeCount() === before + 2)
          for (const connection of [client, ...accepted]) connection.unsafeDestroy()
          yield* Descriptors.until(() => Descriptors.unsafeCount() === before)
        })
      )
    )

    it.effect("a connection knows its own until it is gone", () =>
      run(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const port = yield* serving("127.0.0.1", sink)
          const client = yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port }))
          assert.isAbove(client.descriptor ?? -1, 2)
          client.unsafeDestroy()
          assert.isUndefined(client.descriptor)
        })
      )
    )
  })

  if (ffi !== undefined) {
    const dup = ffi.libc.func("int dup(int)") as (descriptor: number) => number
    const send = ffi.libc.func("long send(int, const char *, size_t, int)") as (
      descriptor: number,
      text: string,
      length: number,
      flags: number
    ) => number
    const setsockopt = ffi.libc.func("int setsockopt(int, int, int, const int *, uint32_t)") as (
      descriptor: number,
      level: number,
      option: number,
      value: ReadonlyArray<number>,
      length: number
    ) => number
    const urgent = 1

    /** Hands an accepted connection over as another thread would, by a duplicate of its descriptor. */
    const adopted = (tcp: typeof Tcp.Service, connection: Connection): Connection => {
      const { descriptor, local, remote } = connection
      const copy = dup(descriptor ?? -1)
      assert.strictEqual(setsockopt(copy, 1, 10, [0], 4), 0)
      connection.unsafeDestroy()
      return tcp.adopt({ descriptor: copy, local, remote })
    }

    describe("adopt", () => {
      it.effect("carries on with another thread's descriptor, and closes it", () =>
        run(
          Effect.gen(function* () {
            const tcp = yield* Tcp
            const port = yield* serving("::", (connection) => {
              const session = adopted(tcp, connection)
              session.read({
                onData: (bytes) => session.unsafeWrite(Buffer.from(bytes).toString("latin1").toUpperCase()),
                onEnd: () => session.unsafeDestroy(),
                onClose: () => {}
              })
            })
            const visit = (index: number) =>
              Effect.scoped(
                Effect.gen(function* () {
                  const client = yield* dropped(
                    Connecting.connect(tcp, { host: index % 2 === 0 ? "127.0.0.1" : "::1", port })
                  )
                  const inbox = Inbox.make(client)
                  for (const text of [`user ${index}`, `pass ${index}`]) {
                    client.unsafeWrite(`${text}\r\n`)
                    assert.strictEqual(yield* inbox.takeLine, text.toUpperCase())
                  }
                })
              )
            yield* leavesNoDescriptor(
              Effect.forEach(
                Array.from({ length: 100 }, (_, index) => index),
                visit,
                { concurrency: 20 }
              )
            )
          })
        )
      )
    })

    describe("urgent data", () => {
      for (const [name, take] of [
        ["accepted", (_: typeof Tcp.Service, connection: Connection) => connection],
        ["adopted", adopted]
      ] as const) {
        it.effect(`stays in its place on an ${name} connection`, () =>
          run(
            Effect.gen(function* () {
              const tcp = yield* Tcp
              let server: Inbox.Inbox | undefined
              const port = yield* serving("::", (connection) => {
                server = Inbox.make(take(tcp, connection))
              })
              const client = yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port }))
              yield* Descriptors.until(() => server !== undefined)
              assert.strictEqual(send(client.descriptor ?? -1, "ABOR\r\n", 6, urgent), 6)
              assert.strictEqual(send(client.descriptor ?? -1, "NOOP\r\n", 6, 0), 6)
              const lines = [yield* (server as Inbox.Inbox).takeLine, yield* (server as Inbox.Inbox).takeLine]
              assert.deepStrictEqual(lines, ["ABOR", "NOOP"])
            })
          )
        )
      }
    })
  }
}

describe("NodeTcp", () => suite(NodeTcp.layer))
describe("EpollTcp", () => {
  suite(EpollTcp.layer)

  it.effect("hears of a reset behind the peer's end, though nothing is left to read", () =>
    Effect.gen(function* () {
      const tcp = yield* Tcp
      const arrived: Array<Connection> = []
      const port = yield* serving("127.0.0.1", (connection) => void arrived.push(connection))
      const client = yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port }))
      yield* Descriptors.until(() => arrived.length === 1)
      const server = arrived[0] as Connection
      const inbox = Inbox.make(server)
      yield* client.end
      yield* inbox.ended
      client.unsafeDestroy()
      server.unsafeWrite("150 Nobody hears this\r\n")
      assert.strictEqual((yield* inbox.closed)?.reason, "Reset")
    }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
  )

  it.effect("sends a file from beyond 4 GiB", () =>
    Effect.gen(function* () {
      const tcp = yield* Tcp
      const offset = 2 ** 32 + 10
      const path = `${yield* temporary}/sparse`
      const file = yield* Effect.acquireRelease(
        Effect.sync(() => Fs.openSync(path, "w+")),
        (open) => Effect.sync(() => Fs.closeSync(open))
      )
      Fs.writeSync(file, "near", 10)
      Fs.writeSync(file, "far away", offset)
      const sent: Array<number> = []
      const port = yield* serving("127.0.0.1", (connection) => {
        assert.strictEqual(connection.unsafeSendFile?.(file, offset, 3), 3)
        Effect.runFork(
          Effect.zipRight(
            connection.sendFile?.({
              file: Descriptor.unsafeOwned(file, () => {}),
              offset: offset + 3,
              length: 100,
              onSent: (bytes) => void sent.push(bytes)
            }) ?? Effect.void,
            connection.end
          )
        )
      })
      const inbox = Inbox.make(yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port })))
      assert.strictEqual(Buffer.from(yield* inbox.takeAll).toString(), "far away")
      assert.deepStrictEqual(sent, [5])
    }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
  )

  const sendUrgent = ffi?.libc.func("long send(int, const char *, size_t, int)") as
    | ((descriptor: number, text: string, length: number, flags: number) => number)
    | undefined

  for (const when of ["before", "while"] as const) {
    it.effect.skipIf(ffi === undefined)(
      `reads on behind urgent data that come ${when} it reads, and hears the end`,
      () =>
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const arrived: Array<Connection> = []
          const port = yield* serving("127.0.0.1", (connection) => void arrived.push(connection))
          const client = yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port }))
          yield* Descriptors.until(() => arrived.length === 1)
          const inboxes = when === "while" ? arrived.map(Inbox.make) : []
          client.unsafeWrite("STOR a\r\n")
          if (when === "while") yield* inboxes[0]?.takeLine ?? Effect.void
          client.unsafeWrite("STAT")
          assert.strictEqual(sendUrgent?.(client.descriptor ?? -1, "!", 1, 1), 1)
          client.unsafeWrite("ABOR\r\n")
          const inbox = inboxes[0] ?? Inbox.make(arrived[0] as Connection)
          if (when === "before") assert.strictEqual(yield* inbox.takeLine, "STOR a")
          assert.strictEqual(yield* inbox.takeLine, "STAT!ABOR")
          yield* client.end
          yield* inbox.ended
        }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
    )
  }

  for (const end of ["dropped", "ended"] as const) {
    it.effect.skipIf(ffi === undefined)(`sends the last bytes of a file, whole once the connection is ${end}`, () =>
      Effect.gen(function* () {
        const tcp = yield* Tcp
        const content = Uint8Array.from({ length: 4096 }, (_, index) => index * 7)
        const path = `${yield* temporary}/file`
        Fs.writeFileSync(path, content)
        const file = yield* Effect.acquireRelease(
          Effect.sync(() => Fs.openSync(path, "r")),
          (open) => Effect.sync(() => Fs.closeSync(open))
        )
        const taken: Array<number | undefined> = []
        const port = yield* serving("127.0.0.1", (connection) => {
          taken.push(connection.unsafeSendLast?.(file, 0, 4097), connection.unsafeSendLast?.(file, 96, 4000))
          if (end === "dropped") connection.unsafeDestroy()
          else Effect.runFork(connection.end)
          taken.push(connection.unsafeSendLast?.(file, 0, 1))
        })
        const inbox = Inbox.make(yield* dropped(Connecting.connect(tcp, { host: "127.0.0.1", port })))
        assert.deepStrictEqual(Buffer.from(yield* inbox.takeAll), Buffer.from(content.subarray(96)))
        assert.deepStrictEqual(taken, [-EAGAIN, 4000, -EAGAIN])
      }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
    )
  }

  it.effect.skipIf(ffi === undefined)("pauses once, and not for each client, where no descriptor is left", () =>
    Effect.gen(function* () {
      const accepted: Array<Connection> = []
      const port = yield* serving("127.0.0.1", (connection) => void accepted.push(connection))
      const sockets = yield* Effect.acquireRelease(
        Effect.sync(() => Array.from({ length: 10 }, () => SocketOptions.unsafeSocket(4) ?? -1)),
        (all) => Effect.sync(() => all.forEach(OwnDescriptors.unsafeClose))
      )
      const limit = Descriptors.unsafeLimit()
      const timers = vi.spyOn(globalThis, "setTimeout")
      yield* Effect.ensuring(
        Effect.gen(function* () {
          limit.lower()
          for (const socket of sockets) {
            socketIo?.connect(socket, Uint8Array.of(127, 0, 0, 1), port)
            for (let turns = 0; turns < 3; turns++) yield* Descriptors.turn
          }
        }),
        Effect.sync(limit.restore)
      )
      const pauses = timers.mock.calls.filter(([, delay]) => delay === 100).length
      timers.mockRestore()
      assert.deepStrictEqual([accepted.length, pauses], [0, 1])
      yield* Descriptors.until(() => accepted.length === sockets.length)
      for (const connection of accepted) connection.unsafeDestroy()
    }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
  )
})

describe.skipIf(ffi === undefined)("connecting to this host", () => {
  const outcomes = (connect: (settled: (result: Connection | TcpError) => void) => () => void) =>
    Array.from({ length: 20 }, () => {
      let made: Connection | TcpError | undefined
      const callOff = connect((result) => {
        made = result
      })
      const now = made
      callOff()
      if (now !== undefined && !(now instanceof TcpError)) now.unsafeDestroy()
      return now
    })

  for (const host of ["127.0.0.1", "::1"]) {
    it.effect(`is done in the turn that asks for it, by ${host}`, () =>
      leavesNoDescriptor(
        Effect.gen(function* () {
          const tcp = yield* Tcp
          const { local } = yield* tcp.listen({ host, port: 0, backlog: 64 }, sink)
          const listening = outcomes((settled) =>
            tcp.unsafeConnect({ host, port: local.port, localAddress: host }, settled)
          )
          // The kernel may be busy now and then, but hardly each time.
          assert.isTrue(listening.some((result) => result !== undefined && !(result instanceof TcpError)))
          const nobody = outcomes((settled) => tcp.unsafeConnect({ host, port: 1, localAddress: host }, settled))
          assert.isTrue(nobody.some((result) => result instanceof TcpError && result.reason === "Refused"))
        }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
      )
    )
  }
})
