import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import { Accounts } from "../../../src/runtime/accounts/Accounts.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { breathe } from "../../../src/runtime/platform/EventLoop.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import { type Connection, Tcp, type TcpError } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import { temporary } from "../storage/fixtures.ts"

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
  visit: (login: Effect.Effect<FtpClient.FtpClient, never, Tcp>) => Effect.Effect<A, E, R>
) => {
  const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero })
  const storage = Layer.orDie(LocalStorage.layer({ root: folder }))
  const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, joe]))
  return Effect.gen(function* () {
    const { addresses } = yield* FtpServer
    const login = Effect.gen(function* () {
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      yield* client.login
      yield* client.ask("TYPE I")
      return client
    })
    return yield* visit(login)
  }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)), Effect.scoped)
}

const sendUrgent = ffi?.libc.func("long send(int, void *, size_t, int)")
const outOfBand = 1

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
    Effect.gen(function* () {
      const folder = yield* temporary
      yield* visited(folder, (login) =>
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
    }).pipe(Effect.scoped)
  )

  it.live("have urgent data in its place, and all that is behind it", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      yield* visited(folder, (login) =>
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
    }).pipe(Effect.scoped)
  )

  it.live("that do not fit leave the file as it was, and nothing in others", ({ skip }) =>
    Effect.gen(function* () {
      const folder = yield* temporary
      if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]).status !== 0) return skip()
      yield* Effect.addFinalizer(() => Effect.sync(() => spawnSync("umount", ["-l", folder])))
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
    Effect.gen(function* () {
      const folder = yield* temporary
      yield* visited(folder, (login) =>
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
    }).pipe(Effect.scoped)
  )
})
