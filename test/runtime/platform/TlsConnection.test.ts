import * as Net from "node:net"
import { Duplex } from "node:stream"
import * as Tls from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Fiber, type Scope } from "effect"
import * as Ahead from "../../../src/runtime/platform/Ahead.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import { type Connection, Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { type Established, TlsConnection } from "../../../src/runtime/platform/TlsConnection.ts"
import * as TlsContext from "../../../src/runtime/platform/TlsContext.ts"
import type { TlsError } from "../../../src/runtime/platform/TlsError.ts"
import * as SelfSigned from "../../../src/runtime/tls/SelfSigned.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as ForgedRecords from "../../support/ForgedRecords.ts"
import * as HeldHandshake from "../../support/HeldHandshake.ts"
import * as Inbox from "../../support/Inbox.ts"

const sign = (host: string, now = Date.now()) => SelfSigned.make({ hosts: [host], now })
const identity = (host: string): TlsContext.Identity => ({ ...sign(host), names: [host] })
const options: TlsContext.Options = {
  identities: [identity("one.example"), identity("two.example"), { ...identity("*.three.example") }],
  ticketKeys: new Uint8Array(48).fill(7),
  minVersion: "1.2",
  ciphers: "",
  clientCa: "",
  clientCertificate: "off"
}
const context = TlsContext.unsafeMake(options)

/** Hands an accepted connection over as another thread would, by a duplicate of its descriptor. */
const adopted = (tcp: typeof Tcp.Service, connection: Connection): Connection => {
  const dup = ffi?.libc.func("int dup(int)") as (descriptor: number) => number
  const { local, remote } = connection
  const descriptor = dup(connection.descriptor ?? -1)
  connection.unsafeDestroy()
  return tcp.adopt({ descriptor, local, remote })
}

const asIs = (_: typeof Tcp.Service, connection: Connection): Connection => connection

interface Kind {
  readonly take: (tcp: typeof Tcp.Service, connection: Connection) => Connection
  /** TLS can be taken off again. */
  readonly isClearable: boolean
}

const kinds: ReadonlyArray<readonly [string, Kind]> = [
  ["accepted", { take: asIs, isClearable: false }],
  ["accepted and is kept below", { take: asIs, isClearable: true }],
  ...(ffi === undefined
    ? []
    : ([
        ["adopted", { take: adopted, isClearable: false }],
        ["adopted and is kept below", { take: adopted, isClearable: true }]
      ] as const))
]

const accept = (kind: Kind, connection: Connection, ahead: ReadonlyArray<Uint8Array>, on: TlsContext.TlsContext) => {
  const options = { context: on, protocols: ["ftp"] }
  const tls = kind.isClearable
    ? TlsConnection.unsafeAcceptClearable(connection, ahead, options)
    : TlsConnection.unsafeAccept(Ahead.on(connection, ahead), options)
  if (tls === undefined) throw new Error("no socket below")
  return tls
}

const run = <A, E>(effect: Effect.Effect<A, E, Tcp | Scope.Scope>) =>
  Effect.scoped(effect).pipe(Effect.provide(EpollTcp.layer))

type Serve = (connection: TlsConnection) => void

/** Puts TLS on every connection that comes; gives back the port. */
const serving = (kind: Kind, serve: Serve, on: () => TlsContext.TlsContext = () => context) =>
  Effect.gen(function* () {
    const tcp = yield* Tcp
    const { local } = yield* tcp.listen({ host: "127.0.0.1", port: 0, backlog: 512 }, (plain) => {
      serve(accept(kind, kind.take(tcp, plain), [], on()))
    })
    return local.port
  })

const client = (port: number, more: Tls.ConnectionOptions = {}) =>
  Effect.acquireRelease(
    Effect.async<Tls.TLSSocket, Error>((resume) => {
      const socket = Tls.connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...more })
      socket.allowHalfOpen = true
      socket.on("error", (error) => resume(Effect.fail(error)))
      socket.once("secureConnect", () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** Waits until the server hangs up. */
const hungUp = (socket: Net.Socket) =>
  Effect.async<void>((resume) => {
    socket.once("end", () => resume(Effect.void))
    socket.once("close", () => resume(Effect.void))
    socket.resume()
  })

const event = (socket: Net.Socket, name: string) =>
  Effect.async<void>((resume) => {
    socket.once(name, () => resume(Effect.void))
  })

const everything = (socket: Net.Socket) =>
  Effect.async<Buffer>((resume) => {
    const chunks: Array<Buffer> = []
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    socket.once("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
  })

/** Serves one client and hands it out. */
const one = <A, E>(
  kind: Kind,
  body: (port: number, server: Effect.Effect<TlsConnection>) => Effect.Effect<A, E, Tcp | Scope.Scope>,
  on?: () => TlsContext.TlsContext
) =>
  run(
    Effect.gen(function* () {
      let found: TlsConnection | undefined
      const port = yield* serving(
        kind,
        (connection) => {
          found = connection
        },
        on
      )
      yield* Effect.addFinalizer(() => Effect.sync(() => found?.unsafeDestroy()))
      const server = Effect.suspend(() =>
        Effect.map(
          Descriptors.until(() => found !== undefined),
          () => found as TlsConnection
        )
      )
      return yield* body(port, server)
    })
  )

/** What handshakes come to, and that all descriptors are back. */
const handshakes = (
  kind: Kind,
  visits: number,
  visit: (port: number, index: number) => Effect.Effect<unknown, unknown, Scope.Scope>,
  on?: () => TlsContext.TlsContext
) =>
  run(
    Effect.gen(function* () {
      const results: Array<Either.Either<Established, TlsError>> = []
      const before = Descriptors.unsafeCount()
      yield* Effect.scoped(
        Effect.gen(function* () {
          const finish = (connection: TlsConnection) =>
            Effect.runFork(
              Effect.map(Effect.either(connection.established), (result) => {
                results.push(result)
                connection.unsafeDestroy()
              })
            )
          const port = yield* serving(kind, finish, on)
          yield* Effect.forEach(
            Array.from({ length: visits }, (_, index) => index),
            (index) => Effect.scoped(Effect.exit(visit(port, index))),
            { concurrency: 8 }
          )
          yield* Descriptors.until(() => results.length === visits)
        })
      )
      yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
      return results
    })
  )

const reasons = (results: ReadonlyArray<Either.Either<Established, TlsError>>) =>
  results.map((result) => (Either.isLeft(result) ? result.left.reason : "Established"))

/** Sends bytes on a bare socket, then hangs up or waits until the server does. */
const bare = (port: number, bytes: Uint8Array, hangsUp: boolean) =>
  Effect.gen(function* () {
    const socket = Net.connect(port, "127.0.0.1")
    socket.on("error", () => {})
    socket.resume()
    socket.write(bytes)
    if (hangsUp) socket.end()
    yield* event(socket, "close")
  })

const hello = Effect.async<Buffer>((resume) => {
  const server = Net.createServer((socket) =>
    socket.once("data", (bytes: Buffer) => {
      server.close()
      socket.destroy()
      resume(Effect.succeed(bytes))
    })
  )
  server.listen(0, "127.0.0.1", () => {
    Tls.connect({ port: (server.address() as Net.AddressInfo).port }).on("error", () => {})
  })
})

/**
 * A client whose first `count` bytes come through, and then its FIN. `lengths` gets what it has sent with its ClientHello and with its whole
 * handshake.
 */
const through = (port: number, versions: Tls.ConnectionOptions, count: number, lengths?: Array<number>) =>
  Effect.async<void>((resume) => {
    const raw = Net.connect({ port, host: "127.0.0.1", allowHalfOpen: true })
    let sent = 0
    const wire = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _, done) => {
        const some = chunk.subarray(0, Math.max(0, count - sent))
        sent += chunk.length
        if (lengths?.length === 0) lengths.push(sent)
        if (some.length > 0) raw.write(some)
        if (sent > count) raw.end()
        done()
      }
    })
    raw.on("error", () => {})
    raw.on("data", (chunk: Buffer) => wire.push(chunk))
    raw.once("end", () => raw.destroy())
    raw.once("close", () => {
      lengths?.push(sent)
      resume(Effect.void)
    })
    const tls = Tls.connect({ socket: wire, rejectUnauthorized: false, ...versions })
    tls.on("error", () => {})
  })

const bytes = Uint8Array.from({ length: 3_000_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff)

const pattern = Buffer.from(Uint8Array.from({ length: 600_000 }, (_, index) => (index * 7 + (index >> 8) * 13) & 0xff))

interface Visit {
  readonly pieces: ReadonlyArray<number>
  /** After so many calls of the reader it pauses, and goes on in this way. */
  readonly pauses: ReadonlyArray<readonly [calls: number, how: keyof typeof ways]>
  /** Turns of the event loop before there is a reader. */
  readonly late: number
}

const ways = {
  now: (go: () => void) => go(),
  tick: (go: () => void) => process.nextTick(go),
  microtask: (go: () => void) => queueMicrotask(go),
  turn: (go: () => void) => setImmediate(go),
  turns: (go: () => void) => setImmediate(() => setImmediate(() => setImmediate(go)))
}

const visits: FastCheck.Arbitrary<Visit> = FastCheck.record({
  pieces: FastCheck.array(
    FastCheck.oneof(FastCheck.integer({ min: 1, max: 100 }), FastCheck.integer({ min: 1, max: 90_000 })),
    { minLength: 1, maxLength: 12 }
  ),
  pauses: FastCheck.array(
    FastCheck.tuple(
      FastCheck.integer({ min: 1, max: 9 }),
      FastCheck.constantFrom<keyof typeof ways>("now", "tick", "microtask", "turn", "turns")
    ),
    { minLength: 1, maxLength: 5 }
  ),
  late: FastCheck.integer({ min: 0, max: 4 })
})

/** A client that sends the pattern in pieces and then close_notify, and a reader that takes it as the visit says. */
const carried =
  (versions: Tls.ConnectionOptions, { late, pauses, pieces }: Visit) =>
  (port: number, server: Effect.Effect<TlsConnection>) =>
    Effect.gen(function* () {
      const socket = yield* client(port, versions)
      const tls = yield* server
      yield* tls.established
      let sent = 0
      for (const piece of pieces) {
        socket.write(pattern.subarray(sent, sent + piece))
        sent = Math.min(pattern.length, sent + piece)
      }
      socket.end()
      for (let turn = 0; turn < late; turn++) yield* Descriptors.turn
      const wrong: Array<string> = []
      const mind = (isRight: boolean, what: string) => {
        if (!isRight) wrong.push(what)
      }
      let [position, calls, next, paused, ended] = [0, 0, 0, false, false]
      tls.read({
        onData: (chunk) => {
          mind(!paused, "bytes while paused")
          mind(!ended, "bytes behind the end")
          mind(pattern.subarray(position, position + chunk.length).equals(chunk), `other bytes at ${position}`)
          position += chunk.length
          calls += 1
          const [due, how] = pauses[next % pauses.length] ?? [1, "now"]
          if (calls < due) return
          ;[calls, next, paused] = [0, next + 1, true]
          tls.pause()
          ways[how](() => {
            paused = false
            tls.resume()
          })
        },
        onEnd: () => {
          mind(!ended, "a second end")
          ended = true
        },
        onClose: () => {}
      })
      yield* Descriptors.until(() => ended)
      assert.deepStrictEqual([wrong, position, tls.truncated], [[], sent, false])
    })

describe.each(kinds)("TLS on a connection that was %s", (_kind, kind) => {
  describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s", (version) => {
    const versions = { minVersion: version, maxVersion: version } as const

    it.live("carries bytes both ways, and says close_notify", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const socket = yield* client(port, versions)
          const tls = yield* server
          const { cipher, protocol, resumed } = yield* tls.established
          assert.deepStrictEqual([protocol, resumed], [version, false])
          assert.match(cipher, /GCM|CHACHA20/)
          assert.isAbove(tls.descriptor ?? -1, 0)
          const inbox = Inbox.make(tls)
          const received = yield* Effect.fork(everything(socket))
          socket.end(bytes)
          assert.isTrue(Buffer.from(bytes).equals(yield* inbox.takeAll))
          assert.isFalse(tls.truncated)
          tls.unsafeWrite("220 grüß dich\r\n")
          yield* tls.write(bytes)
          assert.strictEqual(tls.unsafePending(), 0)
          yield* tls.end
          const got = yield* Fiber.join(received)
          assert.isTrue(got.equals(Buffer.concat([Buffer.from("220 grüß dich\r\n"), bytes])))
          assert.isUndefined(yield* inbox.closed)
        })
      )
    )

    it.live.each([0, 5, 64 * 1024])("sends %d bytes with their end when the handshake is done", (length) =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const answers: Array<boolean> = []
          const socket = yield* Effect.fork(
            Effect.flatMap(client(port, versions), (socket) => Effect.zip(everything(socket), Effect.succeed(socket)))
          )
          const tls = yield* server
          const memory = bytes.slice(0, length)
          const send = (ended: (isWhole: boolean) => void) => void answers.push(tls.unsafeEndWith(memory, ended))
          send(() => assert.fail("nothing was sent"))
          const isWhole = yield* Effect.async<boolean>((resume) => {
            tls.unsafeWhenSettled(() => {
              send((isWhole) => resume(Effect.succeed(isWhole)))
              memory.fill(0)
              send(() => assert.fail("all was sent"))
            })
          })
          assert.deepStrictEqual([answers, isWhole, tls.unsafePending()], [[false, true, false], true, 0])
          const [got] = yield* Fiber.join(socket)
          assert.isTrue(got.equals(Buffer.from(bytes.subarray(0, length))))
          yield* tls.end
        })
      )
    )

    it.live("tells that its end was cut", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const raw = Net.connect(port, "127.0.0.1")
          const socket = yield* client(port, { ...versions, socket: raw })
          socket.pause()
          const tls = yield* server
          yield* tls.established
          const isWhole = yield* Effect.async<boolean>((resume) => {
            assert.isTrue(tls.unsafeEndWith(new Uint8Array(32_000_000), (isWhole) => resume(Effect.succeed(isWhole))))
            raw.resetAndDestroy()
          })
          assert.isFalse(isWhole)
          assert.strictEqual((yield* Effect.flip(tls.end))._tag, "TcpError")
        })
      )
    )

    it.live("tells a FIN without close_notify, also when it was not reading", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const raw = Net.connect(port, "127.0.0.1")
          const socket = yield* client(port, { ...versions, socket: raw })
          const tls = yield* server
          yield* tls.established
          yield* Effect.async<void>((resume) => {
            socket.write(bytes, () => resume(Effect.void))
            raw.once("close", () => resume(Effect.void))
          }).pipe(Effect.fork)
          const inbox = Inbox.make(tls)
          tls.pause()
          yield* Descriptors.turn
          tls.resume()
          assert.strictEqual((yield* inbox.takeBytes(bytes.length)).length, bytes.length)
          raw.end()
          yield* inbox.ended
          assert.isTrue(tls.truncated)
        })
      )
    )

    it.live("takes a close_notify behind much that waits to be read for what it is", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const socket = yield* client(port, versions)
          const tls = yield* server
          yield* tls.established
          socket.end(Buffer.alloc(40_000))
          let [received, ended] = [0, false]
          tls.read({
            onData: (chunk) => {
              received += chunk.length
              tls.pause()
              setImmediate(tls.resume)
            },
            onEnd: () => {
              ended = true
            },
            onClose: () => {}
          })
          yield* Descriptors.until(() => ended)
          assert.deepStrictEqual([received, tls.truncated], [40_000, false])
        })
      )
    )

    it.live("loses and reorders no byte, however they come and whenever the reader pauses", () =>
      Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(visits, (visit) => Effect.runPromise(one(kind, carried(versions, visit)))),
          { numRuns: 25 }
        )
      )
    )

    it.live("takes no fresh memory for what is read at once", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const socket = yield* client(port, versions)
          const tls = yield* server
          yield* tls.established
          const memory = new Set<ArrayBufferLike>()
          let received = 0
          tls.read({
            onData: (chunk) => {
              memory.add(chunk.buffer)
              received += chunk.length
            },
            onEnd: () => {},
            onClose: () => {}
          })
          socket.write(Buffer.alloc(1_000_000))
          yield* Descriptors.until(() => received === 1_000_000)
          assert.strictEqual(memory.size, 1)
        })
      )
    )

    it.live("tells a reset behind bytes as one", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const raw = Net.connect(port, "127.0.0.1")
          const socket = yield* client(port, { ...versions, socket: raw })
          const tls = yield* server
          yield* tls.established
          const inbox = Inbox.make(tls)
          yield* Effect.async<void>((resume) => void socket.write(bytes, () => resume(Effect.void)))
          yield* inbox.takeBytes(bytes.length)
          raw.resetAndDestroy()
          assert.strictEqual((yield* inbox.closed)?.reason, "Reset")
          assert.strictEqual(inbox.calls.end, 0)
        })
      )
    )

    it.live("records of no length are nothing, and a flood of them is the end of its connection alone", () =>
      run(
        Effect.gen(function* () {
          const found: Array<TlsConnection> = []
          const port = yield* serving(kind, (tls) => void found.push(tls))
          const read = Effect.suspend(() => {
            const tls = found.at(-1)
            if (tls === undefined) throw new Error("nobody came")
            return Effect.as(tls.established, Inbox.make(tls))
          })
          const nothing = (count: number) => Array.from({ length: count }, () => new Uint8Array(0))
          const other = yield* ForgedRecords.client(port, version)
          const beside = yield* read
          const forger = yield* ForgedRecords.client(port, version)
          const inbox = yield* read
          forger.send([...nothing(20), Buffer.from("one\r\n"), ...nothing(20), Buffer.from("two\r\n")])
          assert.deepStrictEqual([yield* inbox.takeLine, yield* inbox.takeLine], ["one", "two"])
          assert.strictEqual(inbox.calls.data, 2)
          forger.raw.on("error", () => {})
          forger.send(nothing(10_000))
          yield* inbox.closed
          assert.strictEqual(inbox.calls.data, 2)
          other.send([Buffer.from("three\r\n")])
          assert.strictEqual(yield* beside.takeLine, "three")
        })
      )
    )

    it.live("a client that reads nothing holds a few chunks, and one that is not read a few more", () =>
      one(kind, (port, server) =>
        Effect.gen(function* () {
          const socket = yield* client(port, versions)
          socket.pause()
          const tls = yield* server
          yield* tls.established
          const chunk = new Uint8Array(256 * 1024)
          let written = 0
          const writing = yield* Effect.fork(
            Effect.forever(
              Effect.map(tls.write(chunk), () => {
                written += chunk.length
              })
            )
          )
          const settled = yield* Descriptors.settled(() => written + tls.unsafeUndelivered())
          assert.isBelow(settled, 32 * 1024 * 1024)
          assert.isAtMost(tls.unsafePending(), chunk.length)
          assert.isAbove(tls.unsafeUndelivered(), 0)
          const inbox = Inbox.make(tls)
          tls.pause()
          let sent = 0
          const flood = () => {
            socket.write(chunk, (error) => {
              if (error) return
              sent += chunk.length
              flood()
            })
          }
          flood()
          yield* Descriptors.settled(() => sent)
          assert.isAtMost(inbox.unsafeReceived(), 128 * 1024)
          assert.isBelow(sent, 32 * 1024 * 1024)
          yield* Fiber.interrupt(writing)
        })
      )
    )

    it.live("resumes a session with the same ticket keys, and none with others", () =>
      run(
        Effect.gen(function* () {
          const alone = TlsContext.unsafeAlone(context, options, new Uint8Array(48).fill(9))
          let on = context
          const resumed: Array<boolean> = []
          const port = yield* serving(
            kind,
            (tls) =>
              void Effect.runFork(
                Effect.map(tls.established, (found) => {
                  resumed.push(found.resumed)
                  assert.strictEqual(tls.unsafeIsResumed(), found.resumed)
                  tls.unsafeWrite("x")
                })
              ),
            () => on
          )
          const visit = (session: Buffer | undefined) =>
            Effect.gen(function* () {
              const socket = yield* client(port, { ...versions, ...(session && { session }) })
              const ticket =
                version === "TLSv1.2"
                  ? Effect.sync(() => socket.getSession())
                  : Effect.async<Buffer>((resume) => {
                      socket.once("session", (found) => resume(Effect.succeed(found)))
                    })
              const found = session === undefined ? yield* ticket : session
              yield* event(socket, "data")
              return found
            }).pipe(Effect.scoped)
          const session = yield* visit(undefined)
          yield* visit(session)
          on = TlsContext.unsafeMake(options)
          yield* visit(session)
          on = alone
          yield* visit(session)
          const own = yield* visit(undefined)
          yield* visit(own)
          on = context
          yield* visit(own)
          assert.deepStrictEqual(resumed, [false, true, true, false, false, true, false])
        })
      )
    )
  })

  /** What is heard of a client that is gone before the server has written its tickets, which tells the server of a reset and nobody else. */
  const heard = (end: HeldHandshake.End) =>
    one(kind, (port, server) =>
      Effect.gen(function* () {
        const raw = yield* Effect.acquireRelease(
          Effect.sync(() => Net.connect(port, "127.0.0.1")),
          (socket) => Effect.sync(() => socket.destroy())
        )
        HeldHandshake.send(raw, pattern.subarray(0, 30_000), end)
        const tls = yield* server
        const inbox = Inbox.make(tls)
        yield* inbox.ended
        const { length } = yield* inbox.takeAll
        const reason = inbox.calls.end > 0 ? "End" : (yield* inbox.closed)?.reason
        return { length, reason, truncated: tls.truncated }
      })
    )

  it.live("a reset is one also where the tickets have come upon it first", () =>
    Effect.map(heard("reset"), ({ reason }) => assert.strictEqual(reason, "Reset"))
  )

  it.live.skipIf(kind.isClearable)("an end is one, whatever comes of the tickets", () =>
    Effect.gen(function* () {
      const whole = { length: 30_000, reason: "End" }
      assert.deepStrictEqual(yield* heard("fin"), { ...whole, truncated: true })
      if (ffi !== undefined) assert.deepStrictEqual(yield* heard("finAndReset"), { ...whole, truncated: true })
      assert.deepStrictEqual(yield* heard("closeNotifyAndReset"), { ...whole, truncated: false })
    })
  )

  it.live("a ClientHello cut at any byte, garbage and other protocols are errors, and leave nothing", () =>
    Effect.gen(function* () {
      const whole = yield* hello
      const cut = yield* handshakes(kind, whole.length, (port, index) => bare(port, whole.subarray(0, index), true))
      assert.deepStrictEqual(new Set(reasons(cut)), new Set(["Cut"]))
      const strangers = [
        "GET / HTTP/1.0\r\n\r\n",
        "USER joe\r\nPASS secret\r\n",
        "\0".repeat(500),
        "\x16\x03\x01\0\0".repeat(99)
      ]
      const odd = yield* handshakes(kind, strangers.length, (port, index) =>
        bare(port, Buffer.from(strangers[index] ?? "", "latin1"), false)
      )
      assert.isTrue(reasons(odd).every((reason) => reason === "NotTls" || reason === "Refused"))
    })
  )

  it.live("a handshake cut at any byte behind the ClientHello is an error, and leaves nothing", () =>
    Effect.gen(function* () {
      for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
        const versions = { minVersion: version, maxVersion: version } as const
        const lengths: Array<number> = []
        const whole = yield* handshakes(kind, 1, (port) => through(port, versions, Number.POSITIVE_INFINITY, lengths))
        assert.deepStrictEqual(reasons(whole), ["Established"])
        const [first = 0, all = 0] = lengths
        assert.isAbove(all, first)
        // The last byte but one: with all of them it would be whole.
        const cut = yield* handshakes(kind, all - first, (port, index) => through(port, versions, first + index))
        assert.deepStrictEqual(new Set(reasons(cut)), new Set(["Cut"]))
      }
    })
  )

  it.live("who does not get on is refused: old versions, weak ciphers, other protocols' names", () =>
    Effect.gen(function* () {
      const wishes: ReadonlyArray<Tls.ConnectionOptions> = [
        { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" },
        { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" },
        { ALPNProtocols: ["http/1.1", "h2"] },
        { ALPNProtocols: ["h2", "ftp"] },
        {}
      ]
      const results = yield* Effect.forEach(wishes, (wish) =>
        handshakes(kind, 1, (port) => Effect.flatMap(client(port, wish), hungUp))
      )
      assert.deepStrictEqual(results.flatMap(reasons), ["Refused", "Refused", "Refused", "Established", "Established"])
    })
  )

  it.live("an interrupted handshake leaves nothing", () =>
    run(
      Effect.gen(function* () {
        const before = Descriptors.unsafeCount()
        yield* Effect.scoped(
          Effect.gen(function* () {
            let waiting: Fiber.RuntimeFiber<unknown, TlsError> | undefined
            const port = yield* serving(kind, (tls) => {
              waiting = Effect.runFork(tls.established)
            })
            const socket = Net.connect(port, "127.0.0.1").resume()
            yield* Descriptors.until(() => waiting !== undefined)
            if (waiting !== undefined) yield* Fiber.interrupt(waiting)
            yield* event(socket, "close")
          })
        )
        yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
      })
    )
  )

  it.live("shows the certificate that goes with the name asked for", () =>
    run(
      Effect.gen(function* () {
        const port = yield* serving(kind, (tls) => void Effect.runFork(Effect.ignore(tls.established)))
        const shown = (servername: string) =>
          Effect.scoped(Effect.map(client(port, { servername }), (socket) => socket.getPeerCertificate().subject.CN))
        const names = ["one.example", "TWO.example", "a.three.example", "a.b.three.example", "else.example"]
        assert.deepStrictEqual(yield* Effect.forEach(names, shown), [
          "one.example",
          "two.example",
          "*.three.example",
          "one.example",
          "one.example"
        ])
      })
    )
  )

  it.live("asks for client certificates as it is told", () =>
    Effect.gen(function* () {
      const known = sign("joe")
      const stranger = sign("jack")
      const expired = sign("old", Date.now() - 400 * 86_400_000)
      const asking = (clientCertificate: TlsContext.Options["clientCertificate"]) =>
        TlsContext.unsafeMake({ ...options, clientCertificate, clientCa: known.certificate + expired.certificate })
      const visit = (asked: TlsContext.TlsContext, own: typeof known | undefined) =>
        Effect.map(
          handshakes(
            kind,
            1,
            (port) =>
              Effect.flatMap(client(port, own && { cert: own.certificate, key: own.key }), (socket) => hungUp(socket)),
            () => asked
          ),
          ([result]) => (result === undefined ? result : Either.map(result, ({ clientName }) => clientName))
        )
      const right = (name: string | undefined) => Either.right(name)
      assert.deepStrictEqual(yield* visit(asking("optional"), known), right("joe"))
      assert.deepStrictEqual(yield* visit(asking("optional"), undefined), right(undefined))
      assert.deepStrictEqual(yield* visit(asking("required"), known), right("joe"))
      for (const own of [stranger, expired]) {
        for (const asked of [asking("optional"), asking("required")]) {
          const found = yield* visit(asked, own)
          assert.isTrue(found !== undefined && Either.isLeft(found) && found.left.reason === "Refused")
        }
      }
      const found = yield* visit(asking("required"), undefined)
      assert.isTrue(found !== undefined && Either.isLeft(found) && found.left.reason === "Refused")
    })
  )

  it.live("is gone when the connection below is dropped", () =>
    Effect.gen(function* () {
      const tcp = yield* Tcp
      let made: { readonly below: Connection; readonly tls: TlsConnection } | undefined
      const { local } = yield* tcp.listen({ host: "127.0.0.1", port: 0, backlog: 5 }, (plain) => {
        const below = kind.take(tcp, plain)
        made = { below, tls: accept(kind, below, [], context) }
      })
      const socket = yield* client(local.port)
      yield* Descriptors.until(() => made?.tls.unsafeEstablished() !== undefined)
      made?.below.unsafeDestroy()
      yield* hungUp(socket)
      yield* Descriptors.until(() => made?.tls.descriptor === undefined)
    }).pipe(run)
  )

  it.live("shows its only certificate whatever name is asked for", () =>
    Effect.gen(function* () {
      const only = TlsContext.unsafeMake({ ...options, identities: options.identities.slice(0, 1) })
      assert.isUndefined(only.named)
      const port = yield* serving(
        kind,
        (tls) => void Effect.runFork(Effect.ignore(tls.established)),
        () => only
      )
      const socket = yield* client(port, { servername: "else.example" })
      assert.strictEqual(socket.getPeerCertificate().subject.CN, "one.example")
    }).pipe(run)
  )

  it.live("takes what was read ahead as the beginning of the handshake", () =>
    Effect.gen(function* () {
      const tcp = yield* Tcp
      let ahead: Uint8Array | undefined
      let tls: TlsConnection | undefined
      const { local } = yield* tcp.listen({ host: "127.0.0.1", port: 0, backlog: 5 }, (plain) => {
        const below = kind.take(tcp, plain)
        below.read({
          onData: (chunk) => {
            ahead = chunk.slice()
            below.pause()
            tls = accept(kind, below, [ahead], context)
          },
          onEnd: () => {},
          onClose: () => {}
        })
      })
      yield* client(local.port)
      yield* Descriptors.until(() => tls !== undefined)
      assert.isDefined(ahead)
      yield* (tls as TlsConnection).established
      ;(tls as TlsConnection).unsafeDestroy()
    }).pipe(run)
  )
})
