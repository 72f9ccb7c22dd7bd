import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, FastCheck, Fiber, Layer, Scope } from "effect"
import type { PortRange } from "../../../src/runtime/config/FtpConfig.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import * as MemoryTcp from "../../../src/runtime/platform/MemoryTcp.ts"
import { type Connection, Tcp } from "../../../src/runtime/platform/Tcp.ts"
import type { Lease } from "../../../src/runtime/transfer/Lease.ts"
import type { PassiveError } from "../../../src/runtime/transfer/PassiveLease.ts"
import { announce, PassivePorts, share } from "../../../src/runtime/transfer/PassivePorts.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as Inbox from "../../support/Inbox.ts"

const server = "192.0.2.1"

const clientAddress = (index: number): string => `10.0.${index >> 8}.${index & 255}`

const withPorts = (ports: PortRange | undefined, host = "::") =>
  Layer.provideMerge(PassivePorts.Default({ host, ports }), MemoryTcp.layer)

const run = <A, E>(
  ports: PortRange | undefined,
  body: Effect.Effect<A, E, PassivePorts | MemoryTcp.Network | Tcp | Scope.Scope>
) => Effect.scoped(body).pipe(Effect.provide(withPorts(ports)))

const leased = (peer: string, anyPeer = false) =>
  Effect.gen(function* () {
    const ports = yield* PassivePorts
    return yield* Effect.acquireRelease(ports.lease({ peer, anyPeer }), (lease) => Effect.sync(() => lease.release()))
  })

/** A client with this address connects to a passive port. */
const connectFrom = (address: string, port: number) =>
  Effect.gen(function* () {
    const network = yield* MemoryTcp.Network
    const connect = Connecting.connect(network.host(address), { host: server, port })
    return yield* Effect.acquireRelease(connect, (connection) => Effect.sync(() => connection.unsafeDestroy()))
  })

const reasonOf = <A, R>(effect: Effect.Effect<A, PassiveError, R>) =>
  Effect.match(effect, { onFailure: ({ reason }) => reason, onSuccess: () => "none" as const })

/** Both ends speak with each other and nobody else. */
const assertJoined = (one: Connection, other: Connection) =>
  Effect.gen(function* () {
    assert.deepStrictEqual(one.local, other.remote)
    assert.deepStrictEqual(one.remote, other.local)
    one.unsafeWrite("hello\r\n")
    assert.strictEqual(yield* Inbox.make(other).takeLine, "hello")
  })

describe("share", () => {
  it.prop(
    "the shards' parts are disjoint and make up the range",
    [FastCheck.integer({ min: 1, max: 60_000 }), FastCheck.nat(300), FastCheck.integer({ min: 1, max: 40 })],
    ([from, more, count]) => {
      const range = { from, to: from + more }
      const parts = Array.from({ length: count }, (_, index) => share(range, index, count))
      const ports = parts.flatMap((part) =>
        part === undefined ? [] : Array.from({ length: part.to - part.from + 1 }, (_, index) => part.from + index)
      )
      assert.deepStrictEqual(
        ports,
        Array.from({ length: more + 1 }, (_, index) => from + index)
      )
      const sizes = parts.map((part) => (part === undefined ? 0 : part.to - part.from + 1))
      assert.isAtMost(Math.max(...sizes) - Math.min(...sizes), 1)
    }
  )

  it("0-0 is every shard's", () => {
    assert.deepStrictEqual(share({ from: 0, to: 0 }, 2, 3), { from: 0, to: 0 })
  })
})

describe("announce", () => {
  const rules = [
    { network: "10.0.0.0/8", address: "10.1.1.1" },
    { address: "203.0.113.9" },
    { network: "10.2.0.0/16", address: "10.2.2.2" }
  ]
  it("the first matching network's address, else everybody's", () => {
    assert.strictEqual(announce({ passiveAddress: rules }, "192.0.2.1", "10.2.0.5"), "10.1.1.1")
    assert.strictEqual(announce({ passiveAddress: rules.slice(1) }, "192.0.2.1", "10.2.0.5"), "10.2.2.2")
    assert.strictEqual(announce({ passiveAddress: rules }, "192.0.2.1", "198.51.100.1"), "203.0.113.9")
    assert.strictEqual(announce({ passiveAddress: rules }, "2001:db8::1", "2001:db8::2"), "203.0.113.9")
  })
  it("without a rule the address the client connected to, where PASV can say it", () => {
    assert.strictEqual(announce({ passiveAddress: [] }, "192.0.2.1", "10.2.0.5"), "192.0.2.1")
    assert.strictEqual(announce({ passiveAddress: rules.slice(0, 1) }, "192.0.2.1", "198.51.100.1"), "192.0.2.1")
    assert.isUndefined(announce({ passiveAddress: [] }, "2001:db8::1", "2001:db8::2"))
  })
})

describe("leases", () => {
  it.effect("the client's connection arrives, before or after it is waited for", () =>
    run(
      { from: 2000, to: 2009 },
      Effect.gen(function* () {
        for (const waitsFirst of [true, false]) {
          const lease = yield* leased(clientAddress(1))
          const waiting = waitsFirst ? yield* Effect.fork(lease.accepted) : undefined
          const client = yield* connectFrom(clientAddress(1), lease.port)
          const accepted = yield* waiting === undefined ? lease.accepted : Fiber.join(waiting)
          yield* assertJoined(client, accepted)
        }
      })
    )
  )

  it.effect("clients share one port, and each gets its own connection", () =>
    run(
      { from: 2000, to: 2009 },
      Effect.gen(function* () {
        const leases = yield* Effect.forEach(Array.from({ length: 100 }), (_, index) => leased(clientAddress(index)), {
          concurrency: "unbounded"
        })
        assert.strictEqual(new Set(leases.map(({ port }) => port)).size, 1)
        const clients = yield* Effect.forEach(leases, ({ port }, index) => connectFrom(clientAddress(index), port))
        for (const [index, lease] of leases.entries()) {
          yield* assertJoined(clients[index] as Connection, yield* lease.accepted)
        }
      })
    )
  )

  it.effect("one client's pending leases have different ports, and no more than there are", () =>
    run(
      { from: 2000, to: 2009 },
      Effect.gen(function* () {
        const take = leased(clientAddress(1))
        const leases = yield* Effect.all(
          Array.from({ length: 10 }, () => take),
          { concurrency: "unbounded" }
        )
        const ports = leases.map(({ port }) => port).sort()
        assert.deepStrictEqual(
          ports,
          Array.from({ length: 10 }, (_, index) => 2000 + index)
        )
        assert.strictEqual(yield* reasonOf(take), "Exhausted")
        assert.strictEqual(yield* reasonOf(leased(clientAddress(2))), "none")
        leases[3]?.release()
        assert.strictEqual((yield* take).port, leases[3]?.port)
        yield* connectFrom(clientAddress(1), leases[5]?.port ?? 0)
        assert.strictEqual((yield* take).port, leases[5]?.port)
        assert.strictEqual(yield* reasonOf(take), "Exhausted")
      })
    )
  )

  it.effect("the same client spelled two ways is one client", () =>
    run(
      { from: 2000, to: 2000 },
      Effect.gen(function* () {
        yield* leased("10.0.0.1")
        assert.strictEqual(yield* reasonOf(leased("::ffff:10.0.0.1")), "Exhausted")
      })
    )
  )

  it.effect("of the bound ports the one unused for the longest time comes first", () =>
    run(
      { from: 2000, to: 2002 },
      Effect.gen(function* () {
        const first = yield* Effect.all([leased(clientAddress(1)), leased(clientAddress(1)), leased(clientAddress(1))])
        for (const lease of first) lease.release()
        const later: Array<number> = []
        for (let round = 0; round < 6; round++) {
          const lease = yield* leased(clientAddress(2))
          later.push(lease.port)
          lease.release()
        }
        assert.deepStrictEqual(later, [2000, 2001, 2002, 2000, 2001, 2002])
      })
    )
  )

  it.effect("ports of other processes are passed over, and taken when they are free", () =>
    run(
      { from: 2000, to: 2003 },
      Effect.gen(function* () {
        const tcp = yield* Tcp
        const other = yield* Scope.make()
        for (const port of [2000, 2002]) {
          yield* Scope.extend(
            tcp.listen({ host: server, port, backlog: 1 }, () => {}),
            other
          )
        }
        const take = leased(clientAddress(1))
        assert.deepStrictEqual([(yield* take).port, (yield* take).port], [2001, 2003])
        assert.strictEqual(yield* reasonOf(take), "Exhausted")
        yield* Scope.close(other, Exit.void)
        assert.deepStrictEqual([(yield* take).port, (yield* take).port].sort(), [2000, 2002])
      })
    )
  )

  it.effect("a shard without ports has none to give", () =>
    run(
      undefined,
      Effect.map(reasonOf(leased(clientAddress(1))), (reason) => assert.strictEqual(reason, "Exhausted"))
    )
  )

  it.effect("where no range is given each port is chosen once and kept", () =>
    run(
      { from: 0, to: 0 },
      Effect.gen(function* () {
        const leases = yield* Effect.all([leased(clientAddress(1)), leased(clientAddress(1)), leased(clientAddress(2))])
        assert.isTrue(leases.every(({ port }) => port > 0))
        const ports = new Set(leases.map(({ port }) => port))
        assert.strictEqual(ports.size, 2)
        for (const lease of leases) lease.release()
        for (let round = 0; round < 10; round++) {
          const lease = yield* leased(clientAddress(round))
          assert.isTrue(ports.has(lease.port))
          lease.release()
        }
      })
    )
  )

  it.effect("listening that fails for another reason is said, and the port is tried again", () =>
    Effect.gen(function* () {
      const take = leased(clientAddress(1))
      for (let attempt = 0; attempt < 3; attempt++) assert.strictEqual(yield* reasonOf(take), "NotListening")
    }).pipe(Effect.scoped, Effect.provide(withPorts({ from: 2000, to: 2000 }, "198.51.100.77")))
  )
})

describe("who may connect", () => {
  const assertDropped = (connection: Connection) =>
    Effect.map(Inbox.make(connection).takeAll, (bytes) => assert.strictEqual(bytes.length, 0))

  it.effect("another address is dropped at once, and the client's connection still counts", () =>
    run(
      { from: 2000, to: 2000 },
      Effect.gen(function* () {
        const lease = yield* leased(clientAddress(1))
        yield* assertDropped(yield* connectFrom(clientAddress(2), lease.port))
        const client = yield* connectFrom(clientAddress(1), lease.port)
        yield* assertJoined(client, yield* lease.accepted)
      })
    )
  )

  it.effect("a second connection, and any connection to a port nobody waits on, is dropped", () =>
    run(
      { from: 2000, to: 2000 },
      Effect.gen(function* () {
        const lease = yield* leased(clientAddress(1))
        const first = yield* connectFrom(clientAddress(1), lease.port)
        yield* assertDropped(yield* connectFrom(clientAddress(1), lease.port))
        yield* assertJoined(first, yield* lease.accepted)
        lease.release()
        yield* assertDropped(yield* connectFrom(clientAddress(1), lease.port))
      })
    )
  )

  it.effect("a lease for anybody takes the first that comes, and has a port of its own while there is one", () =>
    run(
      { from: 2000, to: 2001 },
      Effect.gen(function* () {
        const own = yield* leased(clientAddress(1))
        const open = yield* leased(clientAddress(2), true)
        assert.notStrictEqual(open.port, own.port)
        yield* assertDropped(yield* connectFrom(clientAddress(9), own.port))
        const stranger = yield* connectFrom(clientAddress(9), open.port)
        yield* assertJoined(stranger, yield* open.accepted)
      })
    )
  )

  it.effect("where leases for anybody must share a port, each client gets its own and strangers go to the oldest", () =>
    run(
      { from: 2000, to: 2000 },
      Effect.gen(function* () {
        const leases = yield* Effect.forEach([1, 2, 3], (index) => leased(clientAddress(index), true))
        const port = 2000
        const third = yield* connectFrom(clientAddress(3), port)
        const stranger = yield* connectFrom(clientAddress(9), port)
        const second = yield* connectFrom(clientAddress(2), port)
        const connections = yield* Effect.forEach(leases, ({ accepted }) => accepted)
        for (const [index, client] of [stranger, second, third].entries()) {
          yield* assertJoined(client, connections[index] as Connection)
        }
      })
    )
  )
})

describe("endings", () => {
  it.effect("what arrived and was not taken is dropped on release; what was taken is its scope's", () =>
    run(
      { from: 2000, to: 2009 },
      Effect.gen(function* () {
        const untaken = yield* leased(clientAddress(1))
        const client = yield* connectFrom(clientAddress(1), untaken.port)
        untaken.release()
        untaken.release()
        yield* Inbox.make(client).ended
        assert.strictEqual(yield* reasonOf(untaken.accepted), "Closed")

        const taken = yield* leased(clientAddress(1))
        const scope = yield* Scope.make()
        const second = yield* connectFrom(clientAddress(1), taken.port)
        const connection = yield* Scope.extend(taken.accepted, scope)
        taken.release()
        const inbox = Inbox.make(second)
        connection.unsafeWrite("alive\r\n")
        assert.strictEqual(yield* inbox.takeLine, "alive")
        yield* Scope.close(scope, Exit.void)
        yield* inbox.ended
        assert.strictEqual(yield* reasonOf(taken.accepted), "Closed")
      })
    )
  )

  it.effect("releasing a lease wakes who waits on it", () =>
    run(
      { from: 2000, to: 2009 },
      Effect.gen(function* () {
        const lease = yield* leased(clientAddress(1))
        const waiting = yield* Effect.fork(reasonOf(lease.accepted))
        yield* Effect.yieldNow()
        lease.release()
        assert.strictEqual(yield* Fiber.join(waiting), "Closed")
      })
    )
  )

  it.effect("the end of the pool stops the listeners and fails who waits", () =>
    Effect.gen(function* () {
      const network = yield* MemoryTcp.Network
      const scope = yield* Scope.make()
      const context = yield* Layer.build(PassivePorts.Default({ host: "::", ports: { from: 2000, to: 2000 } })).pipe(
        Scope.extend(scope)
      )
      const lease = yield* Effect.provide(leased(clientAddress(1)), context)
      const waiting = yield* Effect.fork(reasonOf(lease.accepted))
      yield* Effect.yieldNow()
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Fiber.join(waiting), "Closed")
      assert.strictEqual(yield* reasonOf(Effect.provide(leased(clientAddress(2)), context)), "Closed")
      const late = Connecting.connect(network.host(clientAddress(1)), { host: server, port: lease.port })
      assert.strictEqual(
        yield* Effect.match(late, { onFailure: ({ reason }) => reason, onSuccess: () => "none" }),
        "Refused"
      )
    }).pipe(Effect.scoped, Effect.provide(MemoryTcp.layer))
  )

  const steps = FastCheck.array(
    FastCheck.record({
      client: FastCheck.nat(5),
      does: FastCheck.constantFrom("connect", "take", "interrupt", "release", "yield")
    }),
    { maxLength: 40 }
  )

  /** One transfer as a session has it: the lease outlives its waiting fiber and goes when that has ended, however it did. */
  interface Transfer {
    readonly lease: Lease<PassiveError>
    fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
  }

  it.effect.prop(
    "nothing is left of any sequence of leases, connections, interruptions and releases",
    [steps],
    ([sequence]) =>
      Effect.gen(function* () {
        const network = yield* MemoryTcp.Network
        const ports = yield* PassivePorts
        const transfers = new Map<number, Transfer>()
        const clients: Array<Connection> = []
        const begin = (client: number) =>
          Effect.gen(function* () {
            const known = transfers.get(client)
            if (known !== undefined) return known
            const lease = yield* ports.lease({ peer: clientAddress(client % 3), anyPeer: client === 5 })
            const transfer: Transfer = { lease, fiber: undefined }
            transfers.set(client, transfer)
            return transfer
          })
        for (const { client, does } of sequence) {
          if (does === "yield") {
            yield* Effect.yieldNow()
            continue
          }
          const begun = yield* Effect.either(begin(client))
          if (Either.isLeft(begun)) continue
          const transfer = begun.right
          switch (does) {
            case "connect":
              yield* Effect.fork(
                Effect.map(
                  Connecting.connect(network.host(clientAddress(client % 3)), {
                    host: server,
                    port: transfer.lease.port
                  }),
                  (connection) => clients.push(connection)
                )
              )
              break
            case "take":
              transfer.fiber ??= yield* Effect.fork(
                Effect.scoped(Effect.zipRight(transfer.lease.accepted, Effect.never)).pipe(
                  Effect.ensuring(Effect.sync(() => transfer.lease.release()))
                )
              )
              break
            case "interrupt":
              if (transfer.fiber !== undefined) yield* Fiber.interruptFork(transfer.fiber)
              transfers.delete(client)
              if (transfer.fiber === undefined) transfer.lease.release()
              break
            case "release":
              transfer.lease.release()
              if (transfer.fiber !== undefined) yield* Fiber.interrupt(transfer.fiber)
              transfers.delete(client)
          }
        }
        for (const { fiber, lease } of transfers.values()) {
          if (fiber !== undefined) yield* Fiber.interrupt(fiber)
          lease.release()
        }
        yield* Descriptors.turn
        yield* Descriptors.turn
        for (const client of clients) client.unsafeDestroy()
        yield* Descriptors.turn
        assert.strictEqual(ports.unsafeOutstanding(), 0)
        assert.strictEqual(network.unsafeOpen(), 0)
      }).pipe(Effect.scoped, Effect.provide(withPorts({ from: 2000, to: 2002 }))),
    { fastCheck: { numRuns: 100 } }
  )
})

describe("on the operating system's network", () => {
  const layer = Layer.provideMerge(PassivePorts.Default({ host: "::", ports: { from: 0, to: 0 } }), EpollTcp.layer)

  it.effect("IPv4 and IPv6 clients use the same port, and everything is given back", () =>
    Effect.gen(function* () {
      const before = Descriptors.unsafeCount()
      yield* Effect.gen(function* () {
        const tcp = yield* Tcp
        const ports = new Set<number>()
        for (const host of ["127.0.0.1", "::1", "127.0.0.1", "::1"]) {
          const lease = yield* leased(host)
          ports.add(lease.port)
          const client = yield* Effect.acquireRelease(
            Connecting.connect(tcp, { host, port: lease.port }),
            (connection) => Effect.sync(() => connection.unsafeDestroy())
          )
          yield* assertJoined(client, yield* lease.accepted)
        }
        assert.strictEqual(ports.size, 1)
      }).pipe(Effect.scoped, Effect.provide(layer))
      yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
    })
  )

  it.effect("clients that come together while nothing is bound yet share the first port", () =>
    Effect.gen(function* () {
      const leases = yield* Effect.forEach(Array.from({ length: 30 }), (_, index) => leased(clientAddress(index)), {
        concurrency: "unbounded"
      })
      assert.strictEqual(new Set(leases.map(({ port }) => port)).size, 1)
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("a port another process has is passed over", () =>
    Effect.gen(function* () {
      const tcp = yield* Tcp
      const taken = yield* tcp.listen({ host: "::", port: 0, backlog: 1 }, () => {})
      const range = { from: taken.local.port, to: taken.local.port + 20 }
      const context = yield* Layer.build(PassivePorts.Default({ host: "::", ports: range }))
      const lease = yield* Effect.provide(leased("127.0.0.1"), context)
      assert.isAbove(lease.port, range.from)
      assert.isAtMost(lease.port, range.to)
    }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
  )
})
