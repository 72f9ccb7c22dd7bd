import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import { Accounts } from "../../../src/runtime/accounts/Accounts.ts"
import { Events } from "../../../src/runtime/observe/Events.ts"
import * as CachedPages from "../../../src/runtime/platform/CachedPages.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import { onDisk } from "../storage/fixtures.ts"

const host = "127.0.0.1"
const size = 300_000

/** Content that says where in the file each byte is from. */
const content = Buffer.from(Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff))

const willNotNeed = 4
const advise = ffi?.libc.func("int posix_fadvise(int, long, long, int)")

/** Has the kernel forget what is in a file; answers whether it says that it has. */
const cool = (path: string): boolean => {
  const file = Fs.openSync(path, "r")
  try {
    Fs.fsyncSync(file)
    advise?.(file, 0, 0, willNotNeed)
    return CachedPages.areThere(file, 0, 1) === false
  } finally {
    Fs.closeSync(file)
  }
}

/** Descriptors of files in a folder that this process has open. */
const openIn = (folder: string): number =>
  Fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return Fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${folder}/`)
    } catch {
      return false
    }
  }).length

const joe = Layer.succeed(Accounts, {
  authenticate: ({ name }) => Effect.succeed(Account.make(name, Rights.readWrite))
})

/** A whole server over a folder on a disk with one file, and a client that has logged in. */
const visiting = <A, E>(
  visit: (given: {
    readonly folder: string
    readonly client: FtpClient.FtpClient
    readonly told: ReadonlyArray<ServerEvent>
  }) => Effect.Effect<A, E>
) =>
  Effect.gen(function* () {
    const folder = yield* onDisk
    Fs.writeFileSync(`${folder}/file`, content)
    const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero })
    const told: Array<ServerEvent> = []
    const events = Layer.succeed(Events, { unsafeTell: (event) => void told.push(event) })
    const storage = Layer.orDie(LocalStorage.layer({ root: folder }))
    const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, joe, events]))
    yield* Effect.gen(function* () {
      const { addresses } = yield* FtpServer
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      yield* client.login
      yield* client.ask("TYPE I")
      yield* visit({ folder, client, told })
      client.leave()
    }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)), Effect.scoped)
  }).pipe(Effect.scoped)

const ended = (told: ReadonlyArray<ServerEvent>) => told.filter(({ _tag }) => _tag === "TransferEnded")

describe.skipIf(ffi === undefined)("a download that has to come from a disk", () => {
  it.live("brings the bytes, from the marker on, and leaves nothing open", () =>
    visiting(({ client, folder, told }) =>
      Effect.gen(function* () {
        for (const offset of [0, 1, size - 10, size]) {
          cool(`${folder}/file`)
          const data = yield* client.passive
          yield* client.ask(`REST ${offset}`)
          client.send("RETR file\r\n")
          assert.deepStrictEqual(Buffer.from(yield* data.takeAll), content.subarray(offset))
          assert.deepStrictEqual([(yield* client.reply).code, (yield* client.reply).code], [150, 226])
          assert.deepInclude(ended(told).at(-1), { bytes: size - offset, outcome: "Done" })
          assert.strictEqual(openIn(folder), 0)
        }
      })
    )
  )

  it.live("can be aborted while the disk is waited for, and the session goes on", ({ skip }) =>
    visiting(({ client, folder, told }) =>
      Effect.gen(function* () {
        if (!cool(`${folder}/file`)) return skip()
        const data = yield* client.passive
        client.send("RETR file\r\nABOR\r\n")
        const codes = [yield* client.reply, yield* client.reply, yield* client.reply].map(({ code }) => code)
        assert.deepStrictEqual(codes, [150, 426, 226])
        assert.isAtMost((yield* data.takeAll).length, size)
        yield* Descriptors.until(() => openIn(folder) === 0)
        assert.deepInclude(ended(told).at(-1), { outcome: "Cancelled" })
        const again = yield* client.passive
        client.send("RETR file\r\n")
        assert.strictEqual((yield* again.takeAll).length, size)
      })
    )
  )

  it.live("ends with its session, and leaves nothing open", ({ skip }) =>
    visiting(({ client, folder, told }) =>
      Effect.gen(function* () {
        if (!cool(`${folder}/file`)) return skip()
        const data = yield* client.passive
        client.send("RETR file\r\n")
        client.leave()
        data.connection.unsafeDestroy()
        yield* Descriptors.until(() => ended(told).length === 1)
        yield* Descriptors.until(() => openIn(folder) === 0)
      })
    )
  )
})
