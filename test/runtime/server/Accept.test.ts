import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as FastCheck from "effect/FastCheck"
import * as Accept from "../../../src/runtime/platform/Accept.ts"
import * as SocketAddress from "../../../src/runtime/platform/SocketAddress.ts"
import { type SocketCalls, socketCalls } from "../../../src/runtime/platform/SocketCalls.ts"
import * as Refusal from "../../../src/runtime/server/Refusal.ts"
import * as ThreadAcceptor from "../../../src/runtime/server/ThreadAcceptor.ts"
import * as TestServer from "./TestServer.ts"

const port = FastCheck.integer({ min: 0, max: 65535 })
const bytes = (length: number) => FastCheck.uint8Array({ minLength: length, maxLength: length })
const sparse = FastCheck.array(FastCheck.constantFrom(0, 0, 1, 0xa0, 0xff), { minLength: 16, maxLength: 16 }).map(
  (all) => Uint8Array.from(all)
)
const full = (address: Uint8Array) =>
  Array.from({ length: 8 }, (_, i) => Buffer.from(address.subarray(i * 2, i * 2 + 2)).toString("hex")).join(":")

describe("SocketAddress", () => {
  it.prop("reads back what it writes: IPv4", [bytes(4), port], ([address, port]) => {
    assert.deepStrictEqual(SocketAddress.decode(SocketAddress.encode(address, port)), {
      address: address.join("."),
      port
    })
  })

  it.prop("spells IPv6 as everybody does", [FastCheck.oneof(bytes(16), sparse), port], ([address, port]) => {
    const isMapped = address.subarray(0, 10).every((byte) => byte === 0) && address[10] === 255 && address[11] === 255
    FastCheck.pre(!isMapped)
    const expected = new URL(`http://[${full(address)}]`).hostname.slice(1, -1)
    assert.deepStrictEqual(SocketAddress.decode(SocketAddress.encode(address, port)), { address: expected, port })
  })

  it.prop("gives IPv4 mapped into IPv6 as plain IPv4", [bytes(4), port], ([address, port]) => {
    const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address])
    assert.deepStrictEqual(SocketAddress.decode(SocketAddress.encode(mapped, port)), {
      address: address.join("."),
      port
    })
  })

  it("knows no other family", () => {
    assert.isUndefined(SocketAddress.decode(new Uint8Array(SocketAddress.size)))
  })
})

const connect = (port: number) =>
  Effect.async<"connected" | "refused">((resume) => {
    const socket = Net.connect(port, "127.0.0.1")
    socket.once("connect", () => resume(Effect.succeed("connected" as const)))
    socket.once("error", () => resume(Effect.succeed("refused" as const)))
    return Effect.sync(() => socket.destroy())
  })

const acceptOne = (calls: SocketCalls, listener: number) => {
  calls.poll([listener], 5000)
  return calls.accept(listener)
}

describe.runIf(socketCalls !== undefined)("Accept", () => {
  const calls = socketCalls as SocketCalls
  const listen = (host: string, port = 0) => Accept.listen(calls, { host, port, backlog: 16 })

  for (const host of ["127.0.0.1", "0.0.0.0", "::", "localhost"]) {
    it.scopedLive(`takes clients on ${host}`, () =>
      Effect.gen(function* () {
        const { descriptor, local } = yield* listen(host)
        assert.isAbove(local.port, 0)
        if (host === "localhost" && local.address === "::1") return
        assert.strictEqual(yield* connect(local.port), "connected")
        const client = acceptOne(calls, descriptor)
        assert.isAbove(client, 0)
        assert.strictEqual(calls.peer().address, "127.0.0.1")
        assert.deepStrictEqual(calls.local(client), { address: "127.0.0.1", port: local.port })
        assert.strictEqual(calls.accept(descriptor), -(calls.errno["EAGAIN"] ?? 0))
        calls.close(client)
      })
    )
  }

  it.scopedLive("says why it cannot listen", () =>
    Effect.gen(function* () {
      const { local } = yield* listen("127.0.0.1")
      const reason = (host: string, port = 0) => Effect.map(Effect.flip(listen(host, port)), (error) => error.reason)
      assert.strictEqual(yield* reason("127.0.0.1", local.port), "InUse")
      assert.strictEqual(yield* reason("192.0.2.77"), "NotAvailable")
      assert.strictEqual(yield* reason("2001:db8::77"), "NotAvailable")
      assert.strictEqual(yield* reason("no.such.host.invalid"), "NotAvailable")
    })
  )

  it.live("stops listening once, early or with its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { local, unsafeClose } = yield* Scope.extend(listen("127.0.0.1"), scope)
      unsafeClose()
      assert.strictEqual(yield* connect(local.port), "refused")
      const other = yield* Scope.extend(listen("127.0.0.1"), scope)
      unsafeClose()
      assert.strictEqual(yield* connect(other.local.port), "connected")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* connect(other.local.port), "refused")
    })
  )

  it.scopedLive("an accepting thread that ends of itself fails, and its scope still closes", () =>
    Effect.gen(function* () {
      const acceptor = yield* ThreadAcceptor.make({
        calls,
        listeners: [yield* listen("127.0.0.1")],
        limits: { maxClients: 0, maxClientsPerAddress: 0 },
        texts: Refusal.texts(TestServer.config()),
        entry: new URL("data:text/javascript,throw new Error('broken')")
      })
      const error = yield* Effect.flip(acceptor.failed)
      assert.deepStrictEqual([error._tag, error.reason], ["ServerError", "Acceptor"])
      yield* acceptor.suspend
    })
  )

  it("a bell wakes whoever polls, until it is calmed", () => {
    const bell = calls.bell()
    assert.strictEqual(calls.poll([bell], 0), 0)
    calls.wake(bell)
    calls.wake(bell)
    assert.strictEqual(calls.poll([bell], 0), 1)
    calls.calm(bell)
    calls.calm(bell)
    assert.strictEqual(calls.poll([bell], 0), 0)
    calls.close(bell)
  })
})
