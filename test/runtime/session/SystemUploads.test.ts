import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import { Accounts } from "../../../src/runtime/accounts/Accounts.ts"
import type { FtpConfig } from "../../../src/runtime/config/FtpConfig.ts"
import { Events } from "../../../src/runtime/observe/Events.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { breathe } from "../../../src/runtime/platform/EventLoop.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import { type Connection, Tcp, type TcpError } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import { confined, temporary } from "../storage/fixtures.ts"

const host = "127.0.0.1"
const MIB = 1024 * 1024

/** Content that says where in the file each byte is from. */
const content = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const joe = Layer.succeed(Accounts, {
  authenticate: ({ name }) => Effect.succeed(Account.make(name, Rights.readWrite))
})

/** A whole server over a folder of the host and the system's network, and clients of it that have logged in and want TYPE I. */
const visited = <A, E, R>(
  folder: string,
  visit: (
    login: Effect.Effect<FtpClient.FtpClient, never, Tcp>,
    told: ReadonlyArray<ServerEvent>
  ) => Effect.Effect<A, E, R>,
  given: Partial<FtpConfig> = {}
) => {
  const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero, ...given })
  const storage = Layer.orDie(LocalStorage.layer({ root: folder }))
  const told: Array<ServerEvent> = []
  const events = Layer.succeed(Events, { unsafeTell: (event) => void told.push(event) })
  const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, joe, events]))
  return Effect.gen(function* () {
    const { addresses } = yield* FtpServer
    const login = Effect.gen(function* () {
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      yield* client.login
      yield* client.ask("TYPE I")
      return client
    })
    return yield* visit(login, told)
  }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)), Effect.scoped)
}

interface Visit {
  readonly folder: string
  readonly login: Effect.Effect<FtpClient.FtpClient, never, Tcp>
  readonly told: ReadonlyArray<ServerEvent>
}

/** The same over a temporary folder. */
const visiting = <A, E, R>(visit: (given: Visit) => Effect.Effect<A, E, R>, given: Partial<FtpConfig> = {}) =>
  Effect.scoped(
    Effect.flatMap(temporary, (folder) => visited(folder, (login, told) => visit({ folder, login, told }), given))
  )

const sendUrgent = ffi?.libc.func("long send(int, void *, size_t, int)")
const outOfBand = 1

const setOption = ffi?.libc.func("int setsockopt(int, int, int, void *, uint)")

/** Drops a connection so that its peer hears of a reset, and of no end. */
const reset = (connection: Connection): void => {
  const [socket, linger] = [1, 13]
  setOption?.(connection.descriptor, socket, linger, Int32Array.of(1, 0), 8)
  connection.unsafeDestroy()
}

/** Begins to store a file whose bytes come by and by. */
const begin = (client: FtpClient.FtpClient, name: string) =>
  Effect.gen(function* () {
    const { connection } = yield* client.passive
    client.send(`STOR ${name}\r\n`)
    assert.strictEqual((yield* client.reply).code, 150)
    return connection
  })

const turns = (count: number) => Effect.repeatN(Descriptors.turn, count - 1)

/** Stores what `feed` sends, and answers the last reply's code. */
const store = (client: FtpClient.FtpClient, name: string, feed: (to: Connection) => Effect.Effect<void, TcpError>) =>
  Effect.gen(function* () {
    const inbox = yield* client.passive
    client.send(`STOR ${name}\r\n`)
    assert.strictEqual((yield* client.reply).code, 150)
    yield* Effect.ignore(feed(inbox.connection))
    yield* Effect.ignore(inbox.connection.end)
    const { code } = yield* client.reply
    inbox.connection.unsafeDestroy()
    return code
  })

describe.skipIf(ffi === undefined)("uploads over the system's network", () => {
  it.live("are stored byte for byte from the marker on, in one rush or in pieces", () =>
    visiting(({ folder, login }) =>
      Effect.gen(function* () {
        const client = yield* login
        for (const size of [0, 1, 4096, MIB - 1, MIB, MIB + 1, 20 * MIB]) {
          for (const piece of [size, 1000, 300_000].filter((piece) => size / piece < 100)) {
            const bytes = content(size)
            const code = yield* store(client, "file", (to) =>
              Effect.forEach(
                Array.from({ length: Math.ceil(size / Math.max(1, piece)) }, (_, at) => at * piece),
                (at) => Effect.zipRight(breathe, to.write(bytes.subarray(at, at + piece))),
                { discard: true }
              )
            )
            assert.strictEqual(code, 226)
            assert.isTrue(bytes.equals(Fs.readFileSync(`${folder}/file`)), `${size} in pieces of ${piece}`)
          }
        }
        assert.strictEqual((yield* client.ask("REST 1000")).code, 350)
        assert.strictEqual(yield* store(client, "file", (to) => to.write(content(3 * MIB))), 226)
        const joined = Buffer.concat([content(1000), content(3 * MIB)])
        assert.isTrue(joined.equals(Fs.readFileSync(`${folder}/file`)))
        client.leave()
      })
    )
  )

  it.live("have urgent data in its place, and all that is behind it", () =>
    visiting(({ folder, login }) =>
      Effect.gen(function* () {
        const client = yield* login
        const bytes = content(8 * MIB)
        for (const middle of [0, 100_000, 4 * MIB, 8 * MIB]) {
          const code = yield* store(client, "file", (to) =>
            Effect.gen(function* () {
              yield* to.write(bytes.subarray(0, middle))
              sendUrgent?.(to.descriptor, Buffer.of(7), 1, outOfBand)
              yield* to.write(bytes.subarray(middle))
            })
          )
          assert.strictEqual(code, 226)
          const all = Buffer.concat([bytes.subarray(0, middle), Buffer.of(7), bytes.subarray(middle)])
          assert.isTrue(all.equals(Fs.readFileSync(`${folder}/file`)), `${middle}`)
        }
        client.leave()
      })
    )
  )

  it.live("that do not fit leave the file as it was, and nothing in others", ({ skip }) =>
    Effect.gen(function* () {
      const folder = yield* confined("4m")
      if (folder === undefined) return skip()
      yield* visited(folder, (login) =>
        Effect.gen(function* () {
          const [one, other] = [yield* login, yield* login]
          assert.strictEqual(yield* store(one, "file", (to) => to.write(content(1000))), 226)
          for (let round = 0; round < 3; round++) {
            assert.strictEqual(yield* store(one, "file", (to) => to.write(content(8 * MIB))), 452)
            assert.isTrue(content(1000).equals(Fs.readFileSync(`${folder}/file`)))
            assert.strictEqual(yield* store(other, "next", (to) => to.write(content(MIB))), 226)
            assert.isTrue(content(MIB).equals(Fs.readFileSync(`${folder}/next`)))
          }
          for (const client of [one, other]) client.leave()
        })
      )
    }).pipe(Effect.scoped)
  )

  it.live("that are cut give everything back", () =>
    visiting(({ folder, login }) =>
      Effect.gen(function* () {
        const client = yield* login
        // The port it binds stays.
        yield* store(client, "file", (to) => to.write(content(1000)))
        const before = yield* Descriptors.settled(Descriptors.unsafeCount)
        for (let round = 0; round < 10; round++) {
          const inbox = yield* client.passive
          client.send("STOR file\r\n")
          assert.strictEqual((yield* client.reply).code, 150)
          yield* Effect.ignore(inbox.connection.write(content(5 * MIB)))
          client.send("ABOR\r\n")
          assert.deepStrictEqual([(yield* client.reply).code, (yield* client.reply).code], [426, 226])
          inbox.connection.unsafeDestroy()
        }
        yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
        assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
        assert.isTrue(content(1000).equals(Fs.readFileSync(`${folder}/file`)))
        client.leave()
      })
    )
  )
})

describe.skipIf(ffi === undefined)("small uploads over the system's network", () => {
  it.live("of many clients at once to the same names and others are whole, each of them", () =>
    visiting(({ folder, login }) =>
      Effect.gen(function* () {
        const uploads = 75
        const bytesOf = (client: number, index: number) =>
          Buffer.concat([Buffer.from(`${client} ${index} `), content((client * uploads + index) * 67)])
        const nameOf = (client: number, index: number) =>
          index % 3 === 0 ? `own-${client}-${index}` : `name-${index % 3}`
        const all = [0, 1, 2, 3].map((client) =>
          Effect.gen(function* () {
            const session = yield* login
            for (let index = 0; index < uploads; index++) {
              const bytes = bytesOf(client, index)
              const half = bytes.length >> 1
              const code = yield* store(session, nameOf(client, index), (to) =>
                Effect.zipRight(to.write(bytes.subarray(0, half)), to.write(bytes.subarray(half)))
              )
              assert.strictEqual(code, 226)
            }
            session.leave()
          })
        )
        yield* Effect.all(all, { concurrency: "unbounded" })
        const found = new Map(Fs.readdirSync(folder).map((name) => [name, Fs.readFileSync(`${folder}/${name}`)]))
        assert.strictEqual(found.size, 4 * 25 + 2)
        for (const [name, bytes] of found) {
          const [client, index] = bytes.subarray(0, 10).toString("latin1").split(" ").map(Number)
          assert.strictEqual(nameOf(client ?? -1, index ?? -1), name)
          assert.isTrue(bytes.equals(bytesOf(client ?? -1, index ?? -1)), name)
        }
      })
    )
  )

  for (const partialUploads of ["discard", "keep"] as const) {
    for (const [how, hangUp] of [
      ["ends", (client: FtpClient.FtpClient) => Effect.ignore(client.inbox.connection.end)],
      ["is gone", (client: FtpClient.FtpClient) => Effect.sync(client.leave)]
    ] as const) {
      it.live(`are no files where their client ${how} behind them without QUIT (${partialUploads})`, () =>
        Effect.gen(function* () {
          const folder = yield* temporary
          yield* visited(
            folder,
            (login, told) =>
              Effect.gen(function* () {
                const interrupted = () => told.filter(({ _tag }) => _tag === "UploadInterrupted")
                for (let round = 1; round <= 5; round++) {
                  const client = yield* login
                  const connection = yield* begin(client, "file")
                  yield* connection.write(content(5000))
                  yield* connection.end
                  yield* hangUp(client)
                  yield* Descriptors.until(() => interrupted().length === round)
                  connection.unsafeDestroy()
                  client.leave()
                }
                const kept = partialUploads === "keep"
                for (const event of interrupted()) assert.deepInclude(event, { path: "/file", bytes: 5000, kept })
                const left = Fs.readdirSync(folder)
                assert.strictEqual(left.length, kept ? 1 : 0)
                assert.isTrue(left.every((name) => name.startsWith(".weft-partial-")))
                assert.deepStrictEqual(
                  told.filter(({ _tag }) => _tag === "UploadCompleted"),
                  []
                )
              }),
            { partialUploads }
          )
        }).pipe(Effect.scoped)
      )
    }
  }

  it.live("are cut as soon as their client is gone, whatever may still come", () =>
    visiting(
      ({ folder, login, told }) =>
        Effect.gen(function* () {
          const client = yield* login
          const connection = yield* begin(client, "file")
          yield* connection.write(content(5000))
          client.leave()
          yield* Descriptors.until(() => told.some(({ _tag }) => _tag === "UploadInterrupted"))
          assert.deepStrictEqual(Fs.readdirSync(folder), [])
          connection.unsafeDestroy()
        }),
      { partialUploads: "discard" }
    )
  )

  it.live("are stored before a QUIT that comes while they do, and answered first", () =>
    visiting(({ folder, login }) =>
      Effect.gen(function* () {
        for (const isHungUp of [false, true]) {
          const client = yield* login
          const connection = yield* begin(client, "file")
          yield* connection.write(content(1000))
          client.send("QUIT\r\n")
          if (isHungUp) yield* client.inbox.connection.end
          yield* turns(5)
          yield* connection.write(content(2000))
          yield* connection.end
          assert.deepStrictEqual([(yield* client.reply).code, (yield* client.reply).code], [226, 221])
          assert.isTrue(Buffer.concat([content(1000), content(2000)]).equals(Fs.readFileSync(`${folder}/file`)))
          connection.unsafeDestroy()
          client.leave()
        }
        assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
      })
    )
  )

  it.live("tell STAT how far they are", () =>
    visiting(({ login }) =>
      Effect.gen(function* () {
        const client = yield* login
        const connection = yield* begin(client, "file")
        for (const so of [1234, 2468]) {
          yield* connection.write(content(1234))
          const heard = yield* client
            .ask("STAT")
            .pipe(Effect.repeat({ until: ({ lines }) => lines.some((line) => line.includes(`${so} bytes`)) }))
          assert.strictEqual(heard.code, 211)
        }
        yield* connection.end
        assert.strictEqual((yield* client.reply).code, 226)
        assert.strictEqual((yield* client.ask("SIZE file")).lines[0], "2468")
        connection.unsafeDestroy()
        client.leave()
      })
    )
  )

  it.live("that stand still are cut, and their session goes on", () =>
    visiting(
      ({ folder, login, told }) =>
        Effect.gen(function* () {
          const client = yield* login
          for (const size of [0, 1000]) {
            const connection = yield* begin(client, "file")
            yield* connection.write(content(size))
            assert.strictEqual((yield* client.reply).code, 426)
            assert.deepInclude(told.filter(({ _tag }) => _tag === "UploadInterrupted").at(-1), {
              path: "/file",
              bytes: size
            })
            assert.deepStrictEqual(Fs.readdirSync(folder), [])
            connection.unsafeDestroy()
          }
          assert.strictEqual(yield* store(client, "file", (to) => to.write(content(1000))), 226)
          client.leave()
        }),
      { stallTimeout: Duration.millis(300), partialUploads: "discard" }
    )
  )

  it.live("are whole or not there when the server ends", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const end = visited(
        folder,
        (login) =>
          Effect.gen(function* () {
            const clients = [yield* login, yield* login, yield* login] as const
            const [whole, half, none] = [
              yield* begin(clients[0], "whole"),
              yield* begin(clients[1], "half"),
              yield* begin(clients[2], "none")
            ]
            yield* whole.write(content(10_000))
            yield* half.write(content(10_000))
            // The longer it took, the longer it is looked back upon.
            const begunAt = performance.now()
            yield* Descriptors.until(() => performance.now() - begunAt > 10)
            yield* Effect.addFinalizer(() =>
              Effect.sync(() => {
                for (const client of clients) client.leave()
                for (const connection of [whole, half, none]) connection.unsafeDestroy()
              })
            )
            yield* whole.end
            // That is heard of, and the server ends before the name is there.
            yield* turns(3)
          }),
        { partialUploads: "discard" }
      )
      yield* end
      const before = yield* Descriptors.settled(Descriptors.unsafeCount)
      for (let round = 0; round < 5; round++) {
        assert.deepStrictEqual(Fs.readdirSync(folder), ["whole"])
        assert.isTrue(content(10_000).equals(Fs.readFileSync(`${folder}/whole`)))
        Fs.rmSync(`${folder}/whole`)
        yield* end
      }
      yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
    }).pipe(Effect.scoped)
  )

  it.live("that are reset are not stored", () =>
    visiting(
      ({ folder, login }) =>
        Effect.gen(function* () {
          const client = yield* login
          for (const size of [0, 1000, 100_000]) {
            for (const waits of [1, 5]) {
              const connection = yield* begin(client, "file")
              yield* connection.write(content(size))
              yield* turns(waits)
              reset(connection)
              assert.strictEqual((yield* client.reply).code, 426)
              assert.deepStrictEqual(Fs.readdirSync(folder), [])
            }
          }
          assert.strictEqual(yield* store(client, "file", (to) => to.write(content(1000))), 226)
          client.leave()
        }),
      { partialUploads: "discard" }
    )
  )
})

describe.skipIf(ffi === undefined)("changes and refusals over the system's network", () => {
  it.live("are answered in the order of their commands, and told of", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.writeFileSync(`${folder}/file`, "content")
      yield* visited(folder, (login, told) =>
        Effect.gen(function* () {
          const client = yield* login
          const lines = [
            "MKD new",
            "MKD new",
            "RNFR new",
            "RNTO other",
            "RMD other",
            "RMD other",
            "DELE none",
            "CWD none"
          ]
          lines.push("SIZE none", "RNFR none", "SIZE file", "RNFR file", "RNTO moved", "DELE moved", "SIZE moved")
          client.send(lines.map((line) => `${line}\r\n`).join(""))
          const codes = yield* Effect.forEach(lines, () => Effect.map(client.reply, ({ code }) => code))
          assert.deepStrictEqual(codes, [257, 550, 350, 250, 250, 550, 550, 550, 550, 550, 213, 350, 250, 250, 550])
          assert.deepStrictEqual(Fs.readdirSync(folder), [])
          const changes = told.flatMap((event) => (event._tag === "FilesChanged" ? [[event.change, event.path]] : []))
          assert.deepStrictEqual(changes, [
            ["MakeDirectory", "/new"],
            ["Rename", "/new"],
            ["RemoveDirectory", "/other"],
            ["Rename", "/file"],
            ["Delete", "/moved"]
          ])
          for (const name of ["none", "."]) {
            yield* client.passive
            assert.strictEqual((yield* client.ask(`RETR ${name}`)).code, 550)
          }
          assert.strictEqual((yield* client.ask("NOOP")).code, 200)
          client.leave()
        })
      )
    }).pipe(Effect.scoped)
  )
})
