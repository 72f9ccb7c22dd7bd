import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import { Accounts } from "../../../src/runtime/accounts/Accounts.ts"
import { Events } from "../../../src/runtime/observe/Events.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { type PooledUpload, Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import { onDisk } from "../storage/fixtures.ts"

const host = "127.0.0.1"
const most = 1024 * 1024

const content = Buffer.from(Uint8Array.from({ length: 3 * most }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const joe = Layer.succeed(Accounts, {
  authenticate: ({ name }) => Effect.succeed(Account.make(name, Rights.readWrite))
})

interface Given {
  readonly folder: string
  readonly client: FtpClient.FtpClient
  readonly told: ReadonlyArray<ServerEvent>
  /** How often an upload got its name from the pool. */
  readonly named: () => number
}

/** What a test makes of what the pool does. */
type Meddle = (upload: PooledUpload, client: () => FtpClient.FtpClient) => Partial<PooledUpload>

/** A whole server over a folder on a disk, and a client that has logged in. */
const visiting = <A, E>(visit: (given: Given) => Effect.Effect<A, E>, meddle: Meddle = () => ({})) =>
  Effect.gen(function* () {
    const folder = yield* onDisk
    const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero })
    const told: Array<ServerEvent> = []
    let names = 0
    let only: FtpClient.FtpClient | undefined
    const events = Layer.succeed(Events, { unsafeTell: (event) => void told.push(event) })
    const storage = Layer.effect(
      Storage,
      Effect.map(Storage, (storage) => ({
        ...storage,
        unsafeStoreOnPool: (...given) => {
          const upload = storage.unsafeStoreOnPool?.(...given)
          if (upload === undefined) return undefined
          const unsafeName: PooledUpload["unsafeName"] = (done) => {
            names++
            upload.unsafeName(done)
          }
          const bound = new Proxy(upload, {
            get: (target, key) => {
              const own = Reflect.get(target, key, target) as unknown
              return typeof own === "function" ? own.bind(target) : own
            }
          })
          const changed = { unsafeName, ...meddle(upload, () => only ?? assert.fail("nobody is there")) }
          return new Proxy(bound, {
            get: (target, key) => Reflect.get(key in changed ? changed : target, key) as unknown
          })
        }
      }))
    ).pipe(Layer.provide(Layer.orDie(LocalStorage.layer({ root: folder }))))
    const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, joe, events]))
    yield* Effect.gen(function* () {
      const { addresses } = yield* FtpServer
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      only = client
      yield* client.login
      yield* client.ask("TYPE I")
      yield* visit({ folder, client, told, named: () => names })
      client.leave()
    }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)), Effect.scoped)
    assert.deepStrictEqual(
      Fs.readdirSync(folder).filter((name) => name.startsWith(".weft-")),
      []
    )
  }).pipe(Effect.scoped)

const count = (told: ReadonlyArray<ServerEvent>, tag: ServerEvent["_tag"]) =>
  told.filter(({ _tag }) => _tag === tag).length

/** Sends a file whole, and answers the code of the last reply. */
const put = (client: FtpClient.FtpClient, line: string, bytes: Uint8Array) =>
  Effect.gen(function* () {
    const { connection } = yield* client.passive
    client.send(`${line}\r\n`)
    assert.strictEqual((yield* client.reply).code, 150)
    if (bytes.length > 0) yield* connection.write(bytes)
    yield* connection.end
    const { code } = yield* client.reply
    connection.unsafeDestroy()
    return code
  })

describe.skipIf(ffi === undefined)("an upload to a disk", () => {
  it.live("is stored as it came, by the pool alone where it is not large and its name is free", () =>
    visiting(({ client, folder, named, told }) =>
      Effect.gen(function* () {
        const sizes = [0, 1, 65_536, 65_537, most - 1, most, most + 1, 3 * most]
        for (const size of sizes) {
          assert.strictEqual(yield* put(client, `STOR ${size}`, content.subarray(0, size)), 226)
          assert.isTrue(Fs.readFileSync(`${folder}/${size}`).equals(content.subarray(0, size)), `${size}`)
          assert.deepInclude(told.at(-1), { _tag: "TransferEnded", bytes: size, outcome: "Done" })
        }
        assert.strictEqual(named(), sizes.filter((size) => size <= most).length)
        assert.strictEqual(count(told, "UploadCompleted"), sizes.length)
        assert.strictEqual(yield* put(client, "STOR 1", content.subarray(0, 9)), 226)
        assert.strictEqual(yield* put(client, "APPE 1", content.subarray(0, 9)), 226)
        assert.strictEqual(yield* put(client, "APPE new", content.subarray(0, 9)), 226)
        assert.deepStrictEqual([Fs.statSync(`${folder}/1`).size, Fs.statSync(`${folder}/new`).size], [18, 9])
        assert.strictEqual(count(told, "UploadInterrupted"), 0)
        assert.strictEqual(yield* put(client, "APPE new", content.subarray(0, 1)), 226)
      })
    )
  )

  it.live("is refused before it begins where it cannot be stored, as ever", () =>
    visiting(({ client, folder, told }) =>
      Effect.gen(function* () {
        Fs.mkdirSync(`${folder}/directory`)
        for (const name of ["directory", "gone/file", ".weft-hidden"]) {
          yield* client.passive
          assert.isAtLeast((yield* client.ask(`STOR ${name}`)).code, 500)
        }
        assert.strictEqual(count(told, "UploadInterrupted"), 0)
      })
    )
  )

  for (const [name, end] of [
    ["ABOR", (client: FtpClient.FtpClient) => client.send("ABOR\r\n")],
    ["its client being gone", (client: FtpClient.FtpClient) => client.leave()]
  ] as const) {
    it.live(`leaves nothing where it is cut by ${name}`, () =>
      visiting(({ client, folder, named, told }) =>
        Effect.gen(function* () {
          const { connection } = yield* client.passive
          client.send("STOR file\r\n")
          yield* client.reply
          yield* connection.write(content.subarray(0, 1000))
          end(client)
          yield* Descriptors.until(() => count(told, "TransferEnded") === 1)
          connection.unsafeDestroy()
          assert.deepStrictEqual([Fs.readdirSync(folder), named()], [[], 0])
          assert.strictEqual(count(told, "UploadInterrupted"), 1)
        })
      )
    )
  }

  it.live("leaves nothing where its client ends both connections at once", () =>
    visiting(({ client, folder, told }) =>
      Effect.gen(function* () {
        const { connection } = yield* client.passive
        client.send("STOR file\r\n")
        yield* client.reply
        yield* connection.write(content.subarray(0, 1000))
        connection.unsafeDestroy()
        client.leave()
        yield* Descriptors.until(() => count(told, "TransferEnded") === 1)
        assert.deepStrictEqual(Fs.readdirSync(folder), [])
      })
    )
  )

  const abort = (client: () => FtpClient.FtpClient) => client().send("ABOR\r\n")

  it.live("is cut by an ABOR that comes while it is being written", () => {
    let tell = () => {}
    return visiting(
      ({ client, folder, named, told }) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* put(client, "STOR file", content.subarray(0, 1000)), 426)
          assert.strictEqual((yield* client.reply).code, 226)
          tell()
          assert.strictEqual((yield* client.ask("NOOP")).code, 200)
          assert.deepStrictEqual([Fs.readdirSync(folder), named()], [[], 0])
          assert.deepStrictEqual([count(told, "UploadCompleted"), count(told, "UploadInterrupted")], [0, 1])
        }),
      (upload, client) => ({
        unsafeSeal: (pieces, done) => {
          abort(client)
          upload.unsafeSeal(pieces, (isSealed) => {
            tell = () => done(isSealed)
          })
        }
      })
    )
  })

  it.live("stays where an ABOR comes while it gets its name", () =>
    visiting(
      ({ client, folder, told }) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* put(client, "STOR file", content.subarray(0, 1000)), 226)
          assert.strictEqual((yield* client.reply).code, 226)
          assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
          assert.deepStrictEqual([count(told, "UploadCompleted"), count(told, "UploadInterrupted")], [1, 0])
        }),
      (upload, client) => {
        let begin = () => {}
        return {
          unsafeName: (done) => {
            abort(client)
            begin = () => upload.unsafeName(done)
          },
          // Who takes over waits for the pool, and only then it does anything.
          settled: Effect.suspend(() => {
            begin()
            return upload.settled
          })
        }
      }
    )
  )

  it.live("says what went wrong where the disk refuses, and the session goes on", () =>
    visiting(
      ({ client, folder, told }) =>
        Effect.gen(function* () {
          assert.strictEqual(yield* put(client, "STOR file", content.subarray(0, 1000)), 451)
          assert.deepInclude(told.at(-1), { _tag: "TransferEnded", outcome: "Fault" })
          assert.deepStrictEqual(Fs.readdirSync(folder), ["file"])
          assert.strictEqual((yield* client.ask("NOOP")).code, 200)
        }),
      (upload) => ({
        unsafeName: (done) => upload.unsafeName((stored) => done(stored && { ...stored, unconfirmed: true }))
      })
    )
  )
})
