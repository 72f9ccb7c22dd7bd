import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Layer } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import { Accounts } from "../../../src/runtime/accounts/Accounts.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { type Connection, Tcp } from "../../../src/runtime/platform/Tcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import * as Inbox from "../../support/Inbox.ts"
import { temporary } from "../storage/fixtures.ts"

const host = "127.0.0.1"

const line = "The quick brown fox jumps over the lazy dog.\n"

const files: Readonly<Record<string, string>> = {
  none: "",
  short: "one\ntwo\r\nthree\r\r\n\rfour\n",
  text: line.repeat(2000),
  // Too much for one turn.
  long: line.repeat(20_000)
}

const fill = (folder: string) => {
  Fs.mkdirSync(`${folder}/up`)
  for (const [name, text] of Object.entries(files)) Fs.writeFileSync(`${folder}/${name}`, text)
}

const joe = Layer.succeed(Accounts, {
  authenticate: ({ name }) => Effect.succeed(Account.make(name, Rights.readWrite))
})

type Way = "passive" | "active"

/** The data connection of the next transfer, and what the client hears of it. */
const agree = (client: FtpClient.FtpClient, way: Way) =>
  Effect.gen(function* () {
    if (way === "passive") return { inbox: Effect.succeed(yield* client.passive), count: () => 1 }
    const came = yield* Deferred.make<Inbox.Inbox>()
    let count = 0
    const tcp = yield* Tcp
    const { local } = yield* tcp.listen({ host, port: 0, backlog: 8 }, (connection: Connection) => {
      count++
      Deferred.unsafeDone(came, Effect.succeed(Inbox.make(connection)))
    })
    yield* client.ask(`EPRT |1|${host}|${local.port}|`)
    return { inbox: Deferred.await(came), count: () => count }
  })

/** All replies to a command up to the final one. */
const finalOf = (client: FtpClient.FtpClient, first: FtpClient.Said) =>
  first.code === 150 ? Effect.map(client.reply, ({ code }) => [first.code, code]) : Effect.succeed([first.code])

/** A client of a whole server over the system's network, whose storage does things in one turn or never does. */
const visiting = <A, E>(
  { folder, isPrompt }: { readonly folder: string; readonly isPrompt: boolean },
  visit: (client: FtpClient.FtpClient) => Effect.Effect<A, E, Tcp>
) =>
  Effect.gen(function* () {
    const config = Weft.config({ host, port: 0, passivePorts: { from: 0, to: 0 }, drainTimeout: Duration.zero })
    const slow = Effect.map(
      Storage,
      ({ unsafeList: _, unsafeNames: __, unsafeOpen: ___, unsafeStore: ____, ...ordinary }) => ordinary
    )
    const local = Layer.orDie(LocalStorage.layer({ root: folder }))
    const storage = isPrompt ? local : Layer.provide(Layer.effect(Storage, slow), local)
    const server = Layer.orDie(Layer.provide(Weft.layer(config), [storage, joe]))
    return yield* Effect.gen(function* () {
      const { addresses } = yield* FtpServer
      const client = yield* FtpClient.connect(yield* Tcp, host, addresses[0]?.port ?? 0)
      yield* client.login
      const result = yield* visit(client)
      client.leave()
      return result
    }).pipe(Effect.provide(Layer.merge(server, EpollTcp.layer)))
  }).pipe(Effect.scoped)

const downloads = ["none", "short", "text", "long"].flatMap((name) =>
  [0, 4, 3000].map((marker) => ({ line: `RETR ${name}`, marker }))
)

/** What a client hears of everything it fetches and lists. */
const fetched = (folder: string, way: Way, isPrompt: boolean) =>
  visiting({ folder, isPrompt }, (client) =>
    Effect.gen(function* () {
      const heard: Array<readonly [string, ReadonlyArray<number>, string]> = []
      for (const type of ["A", "I"]) {
        yield* client.ask(`TYPE ${type}`)
        for (const { line, marker } of [...downloads, { line: "NLST", marker: 0 }, { line: "RETR gone", marker: 0 }]) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { count, inbox } = yield* agree(client, way)
              if (marker > 0) yield* client.ask(`REST ${marker}`)
              const first = yield* client.ask(line)
              const text = first.code === 150 ? Buffer.from(yield* (yield* inbox).takeAll).toString("latin1") : ""
              heard.push([`${type} ${marker} ${line}`, yield* finalOf(client, first), text])
              // Nobody is connected to for what is not there.
              if (way === "active") assert.strictEqual(count(), first.code === 150 ? 1 : 0)
            })
          )
        }
      }
      return heard
    })
  )

/** What lies there of what a client stores. */
const stored = (folder: string, way: Way, isPrompt: boolean) =>
  visiting({ folder, isPrompt }, (client) =>
    Effect.gen(function* () {
      const found: Array<readonly [string, ReadonlyArray<number>, string]> = []
      for (const type of ["A", "I"]) {
        yield* client.ask(`TYPE ${type}`)
        for (const [name, text] of [...Object.entries(files), ["held", "one\r"] as const]) {
          yield* Effect.scoped(
            Effect.gen(function* () {
              const { inbox } = yield* agree(client, way)
              client.send(`STOR up/${name}\r\n`)
              const { connection } = yield* inbox
              const sent = name === "long" ? text.replaceAll("\n", "\r\n") : text
              for (let at = 0; at < sent.length; at += 9999) {
                yield* connection.write(Buffer.from(sent.slice(at, at + 9999)))
              }
              yield* connection.end
              const codes = yield* finalOf(client, yield* client.reply)
              found.push([`${type} ${name}`, codes, Fs.readFileSync(`${folder}/up/${name}`, "latin1")])
              connection.unsafeDestroy()
            })
          )
        }
      }
      return found
    })
  )

describe("transfers over the system's network", () => {
  it.live("bring the same in every way, in one turn as in many", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      fill(folder)
      const ordinary = yield* fetched(folder, "passive", false)
      for (const way of ["passive", "active"] as const) {
        assert.deepStrictEqual(yield* fetched(folder, way, true), ordinary)
      }
      assert.deepStrictEqual(yield* fetched(folder, "active", false), ordinary)
      const text = (what: string) => ordinary.find(([one]) => one === what)
      assert.deepStrictEqual(text("A 0 RETR short"), [
        "A 0 RETR short",
        [150, 226],
        "one\r\ntwo\r\nthree\r\r\n\rfour\r\n"
      ])
      assert.deepStrictEqual(text("A 4 RETR short")?.[2], "\ntwo\r\nthree\r\r\n\rfour\r\n")
      assert.strictEqual(text("A 0 RETR text")?.[2].length, 2000 * (line.length + 1))
      assert.deepStrictEqual(text("A 3000 RETR short")?.[2], "")
      assert.deepStrictEqual(text("A 0 RETR gone")?.[1], [550])
    }).pipe(Effect.scoped)
  )

  it.live("leave the same behind in every way, in one turn as in many", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      fill(folder)
      const ordinary = yield* stored(folder, "passive", false)
      for (const way of ["passive", "active"] as const) {
        assert.deepStrictEqual(yield* stored(folder, way, true), ordinary)
      }
      const text = (what: string) => ordinary.find(([one]) => one === what)
      assert.strictEqual(text("A long")?.[2], files["long"])
      assert.deepStrictEqual(text("A held"), ["A held", [150, 226], "one\r"])
    }).pipe(Effect.scoped)
  )

  for (const type of ["A", "I"]) {
    it.live(`leave nothing where the client of TYPE ${type} refuses its connection`, () =>
      Effect.gen(function* () {
        const folder = yield* temporary
        fill(folder)
        yield* visiting({ folder, isPrompt: true }, (client) =>
          Effect.gen(function* () {
            const tcp = yield* Tcp
            const { local } = yield* Effect.scoped(tcp.listen({ host, port: 0, backlog: 1 }, () => {}))
            yield* client.ask(`TYPE ${type}`)
            for (const line of ["RETR text", "NLST", "STOR up/new", "RETR long"]) {
              yield* client.ask(`EPRT |1|${host}|${local.port}|`)
              const codes = [yield* client.ask(line), yield* client.reply].map(({ code }) => code)
              assert.deepStrictEqual([line, ...codes], [line, 150, 425])
              yield* Descriptors.until(() => Fs.readdirSync(`${folder}/up`).length === 0)
            }
          })
        )
      }).pipe(Effect.scoped)
    )
  }
})
