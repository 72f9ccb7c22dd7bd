import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, FastCheck, Fiber, Layer, Scope, TestClock } from "effect"
import { HostPort } from "../../../src/domain/HostPort.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import * as MemoryTcp from "../../../src/runtime/platform/MemoryTcp.ts"
import { type Connection, Tcp, type TcpError } from "../../../src/runtime/platform/Tcp.ts"
import { ActiveLease } from "../../../src/runtime/transfer/ActiveLease.ts"
import * as DataConnection from "../../../src/runtime/transfer/DataConnection.ts"
import { PassivePorts } from "../../../src/runtime/transfer/PassivePorts.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as Inbox from "../../support/Inbox.ts"
import * as FakeConnection from "../server/FakeConnection.ts"

const server = "192.0.2.1"
const client = "10.0.0.1"
const control = { local: { address: server, port: 21 }, remote: { address: client, port: 40_000 } }

const layer = Layer.provideMerge(PassivePorts.Default({ host: "::", ports: { from: 2000, to: 2009 } }), MemoryTcp.layer)

const run = <A, E>(body: Effect.Effect<A, E, PassivePorts | MemoryTcp.Network | Tcp | Scope.Scope>) =>
  Effect.scoped(body).pipe(Effect.provide(layer))

const target = (port: number, address = client): HostPort =>
  new HostPort({ protocol: address.includes(":") ? 2 : 1, address, port })

const reasonOf = <A, R>(effect: Effect.Effect<A, DataConnection.DataConnectionError, R>) =>
  Effect.match(effect, { onFailure: ({ reason }) => reason, onSuccess: () => "none" as const })

describe("passive", () => {
  const leased = Effect.gen(function* () {
    const ports = yield* PassivePorts
    return yield* Effect.acquireRelease(ports.lease({ peer: client, anyPeer: false }), (lease) =>
      Effect.sync(() => lease.release())
    )
  })

  it.effect("is the connection of the leased client, and the scope's", () =>
    run(
      Effect.gen(function* () {
        const network = yield* MemoryTcp.Network
        const lease = yield* leased
        const scope = yield* Scope.make()
        const near = yield* Connecting.connect(network.host(client), { host: server, port: lease.port })
        const inbox = Inbox.make(near)
        const far = yield* DataConnection.of(lease).pipe(Scope.extend(scope))
        far.unsafeWrite("data\r\n")
        assert.strictEqual(yield* inbox.takeLine, "data")
        yield* Scope.close(scope, Exit.void)
        yield* inbox.ended
        near.unsafeDestroy()
      })
    )
  )

  it.effect("is closed where the lease is over, or there never was one", () =>
    run(
      Effect.gen(function* () {
        const lease = yield* leased
        lease.release()
        assert.strictEqual(yield* reasonOf(DataConnection.of(lease)), "Closed")
        assert.strictEqual(yield* reasonOf(DataConnection.gone), "Closed")
      })
    )
  )
})

describe("active, before it is there", () => {
  /** What will be a connection to this address, and the attempts that were made at it. */
  const attempted = (address: string) => {
    const attempts: Array<{ readonly settled: (result: Connection | TcpError) => void; isOff: boolean }> = []
    const unsafeConnect: (typeof Tcp.Service)["unsafeConnect"] = (_, settled) => {
      const attempt = { settled, isOff: false }
      attempts.push(attempt)
      return () => {
        attempt.isOff = true
      }
    }
    return { attempts, lease: new ActiveLease({ unsafeConnect } as typeof Tcp.Service, target(5000, address), control) }
  }

  it("is not begun to see whether it is at hand, which is so on this host alone", () => {
    const [here, far] = [attempted("127.0.0.1"), attempted("192.0.2.7")]
    assert.deepStrictEqual([here.lease.unsafeIsAtHand(), far.lease.unsafeIsAtHand()], [true, false])
    assert.deepStrictEqual([here.attempts.length, far.attempts.length], [0, 0])
  })

  it("is called off where nobody wants it any more, and one that comes all the same is dropped", () => {
    const { attempts, lease } = attempted("192.0.2.7")
    assert.isUndefined(lease.unsafeArrived())
    lease.release()
    assert.deepStrictEqual(
      attempts.map(({ isOff }) => isOff),
      [true]
    )
    const fake = FakeConnection.make()
    attempts[0]?.settled(fake.connection)
    assert.deepStrictEqual([fake.destroyed(), lease.unsafeArrived(), attempts.length], [1, undefined, 1])
  })
})

describe("active", () => {
  const listening = (address: string, accept: (connection: Connection) => void) =>
    Effect.gen(function* () {
      const network = yield* MemoryTcp.Network
      const { local } = yield* network.host(address).listen({ host: address, port: 0, backlog: 1 }, accept)
      return local.port
    })

  const open = (wanted: HostPort) =>
    Effect.flatMap(Tcp, (tcp) => DataConnection.of(new ActiveLease(tcp, wanted, control)))

  it.effect("connects from the address the client knows, and is the scope's", () =>
    run(
      Effect.gen(function* () {
        const accepted: Array<Connection> = []
        const port = yield* listening(client, (connection) => accepted.push(connection))
        const scope = yield* Scope.make()
        const near = yield* Scope.extend(open(target(port)), scope)
        assert.deepStrictEqual(
          accepted.map(({ remote }) => remote.address),
          [server]
        )
        const inbox = Inbox.make(accepted[0] as Connection)
        near.unsafeWrite("data\r\n")
        assert.strictEqual(yield* inbox.takeLine, "data")
        yield* Scope.close(scope, Exit.void)
        yield* inbox.ended
      })
    )
  )

  it.effect("says whether the client refuses, is nowhere, or does not answer", () =>
    run(
      Effect.gen(function* () {
        const network = yield* MemoryTcp.Network
        network.host(client)
        assert.strictEqual(yield* reasonOf(open(target(5000))), "Refused")
        assert.strictEqual(yield* reasonOf(open(target(5000, "10.9.9.9"))), "Unreachable")
        network.silence(client)
        const waiting = yield* Effect.fork(reasonOf(open(target(5000))))
        yield* TestClock.adjust("10 seconds")
        assert.isNull(waiting.unsafePoll())
        yield* Fiber.interrupt(waiting)
      })
    )
  )

  it.effect.prop(
    "interrupted at any moment it leaves no connection",
    [FastCheck.nat(30)],
    ([turns]) =>
      run(
        Effect.gen(function* () {
          const network = yield* MemoryTcp.Network
          const port = yield* listening(client, (connection) =>
            connection.read({ onData: () => {}, onEnd: () => connection.unsafeDestroy(), onClose: () => {} })
          )
          const transfer = yield* Effect.fork(Effect.scoped(Effect.zipRight(open(target(port)), Effect.never)))
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
          yield* Fiber.interrupt(transfer)
          yield* Descriptors.until(() => network.unsafeOpen() === 0)
        })
      ),
    { fastCheck: { numRuns: 60 } }
  )

  for (const host of ["127.0.0.1", "::1"]) {
    it.effect(`works over sockets on ${host}, with nothing left behind`, () =>
      Effect.gen(function* () {
        const before = Descriptors.unsafeCount()
        const visit = Effect.gen(function* () {
          const tcp = yield* Tcp
          const { local } = yield* tcp.listen({ host, port: 0, backlog: 1 }, (connection) =>
            connection.read({ onData: () => {}, onEnd: () => connection.unsafeDestroy(), onClose: () => {} })
          )
          const ends = { local: { address: host, port: 21 }, remote: { address: host, port: 40_000 } }
          const near = yield* DataConnection.of(new ActiveLease(tcp, target(local.port, host), ends))
          assert.strictEqual(near.local.address, host)
          yield* near.write(new Uint8Array(100_000))
          yield* near.end
          const late = Effect.either(DataConnection.of(new ActiveLease(tcp, target(1, host), ends)))
          assert.isTrue(Either.isLeft(yield* late))
        })
        yield* Effect.scoped(visit).pipe(Effect.provide(EpollTcp.layer))
        yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
      })
    )
  }
})
