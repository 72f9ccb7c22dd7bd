import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import { Accounts } from "../../../src/index.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import { temporary } from "../storage/fixtures.ts"

const host = "127.0.0.1"

const fill = (folder: string) => {
  Fs.mkdirSync(`${folder}/short/inner`, { recursive: true })
  Fs.mkdirSync(`${folder}/empty`)
  Fs.mkdirSync(`${folder}/full`)
  for (const name of ["b", "ä", "a file"]) Fs.writeFileSync(`${folder}/short/${name}`, name)
  Fs.symlinkSync("b", `${folder}/short/link`)
  // More text than some sockets take at once.
  for (let index = 0; index < 500; index++) Fs.writeFileSync(`${folder}/full/${"n".repeat(40)}${index}`, "")
}

/** What a client of a whole server over the system's network is told of a folder, once and again: the owners are known from the second time on. */
const told = (folder: string, isPrompt: boolean) =>
  Effect.gen(function* () {
    const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero })
    const slow = Effect.map(Storage, ({ unsafeList: _, unsafeNames: __, ...ordinary }) => ordinary)
    const local = Layer.orDie(LocalStorage.layer({ root: folder }))
    const storage = isPrompt ? local : Layer.provide(Layer.effect(Storage, slow), local)
    const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, Accounts.layerOpen]))
    return yield* Effect.gen(function* () {
      const { addresses } = yield* FtpServer
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      yield* client.login
      const heard: Array<ReadonlyArray<string>> = []
      for (const path of ["/short", "/empty", "/full", "/short/b", "/short/*", "-d /short", "/none"]) {
        for (const verb of ["LIST", "NLST", "MLSD", "LIST"]) {
          const inbox = yield* client.passive
          const { code } = yield* client.ask(`${verb} ${path}`)
          const text = Buffer.from(yield* inbox.takeAll).toString()
          heard.push([verb, path, String(code), code === 150 ? String((yield* client.reply).code) : "", text])
        }
        const { code, lines } = yield* client.ask(`STAT ${path}`)
        heard.push(["STAT", path, String(code), ...lines])
      }
      client.leave()
      return heard
    }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)))
  }).pipe(Effect.scoped)

describe("listings over the system's network", () => {
  it.live("are the same in one turn as in many", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      fill(folder)
      const ordinary = yield* told(folder, false)
      assert.deepStrictEqual(yield* told(folder, true), ordinary)
      const text = (verb: string, path: string) => ordinary.find(([one, other]) => one === verb && other === path)?.[4]
      assert.strictEqual(text("NLST", "/short")?.split("\r\n").length, 6)
      assert.strictEqual(text("LIST", "/empty"), "")
      assert.isAbove(text("LIST", "/full")?.length ?? 0, 40_000)
    }).pipe(Effect.scoped)
  )
})
