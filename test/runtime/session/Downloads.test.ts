import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { Accounts } from "../../../src/index.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import * as Inbox from "../../support/Inbox.ts"
import { temporary } from "../storage/fixtures.ts"

const host = "127.0.0.1"
const MIB = 1024 * 1024

/** Content that says where in the file each byte is from. */
const content = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const sizes = [0, 1, 4096, MIB - 1, MIB, MIB + 1, 5 * MIB]

/** A whole server over a folder of the host and the system's network, and a client of it that has logged in and wants TYPE I. */
const visited = <A, E, R>(visit: (client: FtpClient.FtpClient, folder: string) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const folder = yield* temporary
    for (const size of sizes) Fs.writeFileSync(`${folder}/${size}`, content(size))
    const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero })
    const storage = Layer.orDie(LocalStorage.layer({ root: folder }))
    const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, Accounts.layerOpen]))
    return yield* Effect.gen(function* () {
      const { addresses } = yield* FtpServer
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      yield* client.login
      yield* client.ask("TYPE I")
      const result = yield* visit(client, folder)
      client.leave()
      return result
    }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)))
  }).pipe(Effect.scoped)

const codes = (client: FtpClient.FtpClient, count: number) =>
  Effect.map(Effect.replicateEffect(client.reply, count), (said) => said.map(({ code }) => code))

describe("downloads over the system's network", () => {
  it.live("are the file's own bytes from the marker on, whenever the client connects", () =>
    visited((client) =>
      Effect.gen(function* () {
        for (const size of sizes) {
          for (const offset of [0, 1, 4095, size - 1, size].filter((at) => at >= 0 && at <= size)) {
            for (const isEarly of [true, false]) {
              if (offset > 0) assert.strictEqual((yield* client.ask(`REST ${offset}`)).code, 350)
              const port = Number(/\|\|\|(\d+)\|/.exec((yield* client.ask("EPSV")).lines[0] ?? "")?.[1])
              // Forgotten by EPSV, as any command but the transfer's own does.
              if (offset > 0) assert.strictEqual((yield* client.ask(`REST ${offset}`)).code, 350)
              const connect = Effect.orDie(
                Effect.map(
                  Effect.flatMap(Tcp, (tcp) => Connecting.connect(tcp, { host, port })),
                  Inbox.make
                )
              )
              const early = isEarly ? yield* connect : undefined
              client.send(`RETR ${size}\r\n`)
              const opened = isEarly ? undefined : yield* client.reply
              const inbox = early ?? (yield* connect)
              const bytes = Buffer.from(yield* inbox.takeAll)
              inbox.connection.unsafeDestroy()
              assert.isTrue(bytes.equals(content(size).subarray(offset)), `${size} from ${offset}`)
              const said = yield* codes(client, isEarly ? 2 : 1)
              assert.deepStrictEqual([...(opened === undefined ? [] : [opened.code]), ...said], [150, 226])
            }
          }
        }
      })
    )
  )

  it.live("stop at ABOR and give everything back, however little their client reads", () =>
    visited((client, folder) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${folder}/large`, "")
        Fs.truncateSync(`${folder}/large`, 200 * MIB)
        // The port it binds stays.
        const first = yield* client.passive
        first.connection.unsafeDestroy()
        yield* client.ask("ABOR")
        const before = yield* Descriptors.settled(Descriptors.unsafeCount)
        for (let round = 0; round < 10; round++) {
          const inbox = yield* client.passive
          inbox.connection.pause()
          client.send("RETR large\r\n")
          assert.strictEqual((yield* client.reply).code, 150)
          client.send("ABOR\r\n")
          assert.deepStrictEqual(yield* codes(client, 2), [426, 226])
          inbox.connection.unsafeDestroy()
        }
        yield* Descriptors.until(() => Descriptors.unsafeCount() <= before)
      })
    )
  )

  it.live("end with 426 where their client hangs up, and the session goes on", () =>
    visited((client, folder) =>
      Effect.gen(function* () {
        Fs.writeFileSync(`${folder}/large`, "")
        Fs.truncateSync(`${folder}/large`, 200 * MIB)
        const inbox = yield* client.passive
        inbox.connection.pause()
        client.send("RETR large\r\n")
        assert.strictEqual((yield* client.reply).code, 150)
        inbox.connection.unsafeDestroy()
        assert.strictEqual((yield* client.reply).code, 426)
        assert.strictEqual((yield* client.ask("NOOP")).code, 200)
      })
    )
  )

  it.live("are whole for a client that says something on its data connection", () =>
    visited((client) =>
      Effect.gen(function* () {
        for (const size of sizes) {
          const inbox = yield* client.passive
          inbox.connection.pause()
          inbox.connection.unsafeWrite("nobody asked for this\r\n")
          yield* inbox.connection.drained
          client.send(`RETR ${size}\r\n`)
          yield* Descriptors.turn
          inbox.connection.resume()
          const bytes = Buffer.from(yield* inbox.takeAll)
          assert.isTrue(bytes.equals(content(size)), `${size}`)
          assert.deepStrictEqual(yield* codes(client, 2), [150, 226])
          inbox.connection.unsafeDestroy()
        }
      })
    )
  )

  it.live("are refused in words, connected or not, and the data connection is not left open", () =>
    visited((client, folder) =>
      Effect.gen(function* () {
        Fs.mkdirSync(`${folder}/folder`)
        for (const name of ["missing", "folder"]) {
          const inbox = yield* client.passive
          assert.strictEqual((yield* client.ask(`RETR ${name}`)).code, 550, name)
          assert.strictEqual((yield* inbox.takeAll).length, 0)
          inbox.connection.unsafeDestroy()
        }
        const beyond = yield* client.passive
        yield* client.ask("REST 5000")
        assert.strictEqual((yield* client.ask("RETR 4096")).code, 554)
        beyond.connection.unsafeDestroy()
      })
    )
  )

  it.live("of many clients at once do not mix", () =>
    visited((first) =>
      Effect.gen(function* () {
        const tcp = yield* Tcp
        const { addresses } = yield* FtpServer
        const one = (index: number) =>
          Effect.gen(function* () {
            const client = yield* FtpClient.connect(tcp, host, addresses[0]?.port ?? 0)
            yield* client.login
            yield* client.ask("TYPE I")
            for (const size of sizes) {
              const inbox = yield* client.passive
              client.send(`RETR ${size}\r\n`)
              const bytes = Buffer.from(yield* inbox.takeAll)
              inbox.connection.unsafeDestroy()
              assert.deepStrictEqual(yield* codes(client, 2), [150, 226])
              assert.isTrue(bytes.equals(content(size)), `${size} of ${index}`)
            }
            client.leave()
          })
        yield* Effect.forEach(
          Array.from({ length: 12 }, (_, index) => index),
          one,
          { concurrency: "unbounded" }
        )
        assert.strictEqual((yield* first.ask("NOOP")).code, 200)
      })
    )
  )
})
