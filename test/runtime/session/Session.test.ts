import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import * as MemoryTcp from "../../../src/runtime/platform/MemoryTcp.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import { Timers } from "../../../src/runtime/session/Timers.ts"
import { PassivePorts } from "../../../src/runtime/transfer/PassivePorts.ts"
import * as Connecting from "../../support/Connecting.ts"
import { text } from "../../support/FtpClient.ts"
import * as Inbox from "../../support/Inbox.ts"
import { big, client, files, layer, loggedIn, machine, Pulled, Put, path, server, Told } from "./Fixture.ts"
import { settle } from "./Settle.ts"

const codes = (...said: ReadonlyArray<{ readonly code: number }>) => said.map(({ code }) => code)

describe("a session", () => {
  it.scoped("sends a file over a passive connection, byte for byte", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const data = yield* joe.passive
      const opening = yield* joe.ask("RETR big.bin")
      assert.strictEqual(opening.code, 150)
      assert.include(opening.lines[0], `(${big.length} bytes)`)
      assert.deepStrictEqual(yield* data.takeAll, big)
      assert.deepStrictEqual(codes(yield* joe.reply), [226])
      assert.deepStrictEqual(
        (yield* Told).map(({ _tag }) => _tag),
        ["SessionStarted", "LoggedIn", "TransferEnded"]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("resumes where REST says, in either type", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const fetch = (offset: number) =>
        Effect.gen(function* () {
          const data = yield* joe.passive
          yield* joe.ask(`REST ${offset}`)
          yield* joe.ask("RETR a.txt")
          const bytes = yield* data.takeAll
          yield* joe.reply
          return text(bytes)
        })
      assert.strictEqual(yield* fetch(0), "one\r\ntwo\r\nthree")
      assert.strictEqual(yield* fetch(4), "\ntwo\r\nthree")
      yield* joe.ask("TYPE I")
      assert.strictEqual(yield* fetch(4), files["a.txt"].slice(4))
      assert.strictEqual(yield* fetch(files["a.txt"].length), "")
      yield* joe.passive
      yield* joe.ask("REST 1000")
      assert.deepStrictEqual(codes(yield* joe.ask("RETR a.txt")), [554])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("says of a file that became shorter while it was sent that it is not whole", () =>
    Effect.gen(function* () {
      yield* (yield* Put)(path("/shrunk"), "not all of it")
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      for (const mode of ["S", "Z"]) {
        yield* joe.ask(`MODE ${mode}`)
        const data = yield* joe.passive
        yield* joe.ask("RETR shrunk")
        yield* data.takeAll
        assert.strictEqual((yield* joe.reply).code, 451)
      }
    }).pipe(Effect.provide(layer()))
  )

  it.scoped.each([["at once"], ["in pieces"]])("hears ABOR behind more lines than may wait, sent %s", ([how]) =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      yield* joe.passive
      assert.strictEqual((yield* joe.ask("RETR hollow")).code, 150)
      const pieces = ["PWD\r\n".repeat(300), "PWD\r\n".repeat(300), "ABOR\r\n"]
      for (const piece of how === "at once" ? [pieces.join("")] : pieces) {
        joe.send(piece)
        yield* settle
      }
      assert.strictEqual((yield* joe.reply).code, 426)
      for (let count = 0; count < 600; count++) assert.strictEqual((yield* joe.reply).code, 257)
      assert.strictEqual((yield* joe.reply).code, 226)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("connects to an active client, and to nobody else", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const mine = yield* machine("198.51.100.7")
      const came: Array<Inbox.Inbox> = []
      const { local } = yield* mine.listen({ host: "198.51.100.7", port: 2000, backlog: 1 }, (connection) => {
        came.push(Inbox.make(connection))
      })
      assert.deepStrictEqual(codes(yield* joe.ask(`EPRT |1|198.51.100.7|${local.port}|`)), [200])
      assert.deepStrictEqual(codes(yield* joe.ask("NLST dir")), [150])
      assert.strictEqual(text(yield* (came[0] as Inbox.Inbox).takeAll), "dir/b c.txt\r\ndir/d.txt\r\n")
      assert.deepStrictEqual(codes(yield* joe.reply), [226])
      for (const refused of ["PORT 198,51,100,8,20,1", "EPRT |1|192.0.2.1|5000|", "PORT 198,51,100,7,0,21"]) {
        assert.deepStrictEqual(codes(yield* joe.ask(refused)), [504], refused)
      }
      assert.deepStrictEqual(
        codes(yield* joe.ask("PORT 198,51,100,7,9,9"), yield* joe.ask("LIST"), yield* joe.reply),
        [200, 150, 425]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("hears NOOP, STAT and ABOR while a transfer is stalled, and goes on after it", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const data = yield* joe.passive
      data.connection.pause()
      assert.deepStrictEqual(codes(yield* joe.ask("RETR endless")), [150])
      yield* settle
      assert.deepStrictEqual(codes(yield* joe.ask("NOOP")), [200])
      const status = yield* joe.ask("STAT")
      assert.strictEqual(status.code, 211)
      assert.match(status.lines.join("\n"), /\d+ bytes sent so far/)
      assert.deepStrictEqual(codes(yield* joe.ask("\udcff\udcf4\udcff\udcf2ABOR"), yield* joe.reply), [426, 226])
      assert.deepStrictEqual(codes(yield* joe.ask("PWD")), [257])
      data.connection.resume()
      yield* data.ended
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("holds a few chunks of a stalled download, and no more", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const data = yield* joe.passive
      data.connection.pause()
      yield* joe.ask("RETR endless")
      yield* settle
      const pulled = yield* Pulled
      assert.isAtMost(pulled.count, 4)
      data.connection.resume()
      yield* data.takeBytes(10 * 65_536)
      assert.isAtLeast(pulled.count, 10)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("answers QUIT after the transfer it came in, and hangs up", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const data = yield* joe.passive
      yield* joe.ask("RETR big.bin")
      joe.send("QUIT\r\nNOOP\r\n")
      assert.strictEqual((yield* data.takeAll).length, big.length)
      assert.deepStrictEqual(codes(yield* joe.reply, yield* joe.reply), [226, 221])
      yield* joe.inbox.ended
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("shows STAT of a folder on the control connection, and lists by pattern", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const status = yield* joe.ask("STAT dir")
      assert.strictEqual(status.code, 213)
      assert.strictEqual(status.lines.length, 4)
      assert.match(status.lines[1] ?? "", /^ -rw-.* b c\.txt$/)
      assert.deepStrictEqual(codes(yield* joe.ask("STAT nowhere")), [550])
      const data = yield* joe.passive
      yield* joe.ask("NLST dir/*.txt")
      assert.strictEqual(text(yield* data.takeAll), "dir/b c.txt\r\ndir/d.txt\r\n")
      yield* joe.reply
      for (const argument of ["dir/d.txt", "-d dir"]) {
        const one = yield* joe.passive
        yield* joe.ask(`NLST ${argument}`)
        assert.strictEqual(text(yield* one.takeAll), `${argument.replace("-d ", "")}\r\n`)
        yield* joe.reply
      }
      const facts = yield* joe.passive
      assert.deepStrictEqual(codes(yield* joe.ask("MLSD a.txt")), [501])
      yield* facts.ended
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("gives a passive port to its client only, and the last PASV wins", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const thief = yield* machine("203.0.113.66")
      const portOf = (line: string) => {
        const [high = 0, low = 0] = (/\((?:\d+,){4}(\d+),(\d+)\)/.exec(line) ?? []).slice(1).map(Number)
        return high * 256 + low
      }
      const first = yield* joe.ask("PASV")
      assert.include(first.lines[0], "(192,0,2,1,")
      const port = portOf(first.lines[0] ?? "")
      const stolen = Inbox.make(yield* Connecting.connect(thief, { host: server, port }))
      yield* stolen.ended
      const own = yield* machine("198.51.100.7")
      const early = Inbox.make(yield* Connecting.connect(own, { host: server, port }))
      const second = yield* joe.ask("PASV")
      yield* early.ended
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 1)
      const data = Inbox.make(yield* Connecting.connect(own, { host: server, port: portOf(second.lines[0] ?? "") }))
      assert.deepStrictEqual(codes(yield* joe.ask("RETR a.txt"), yield* joe.reply), [150, 226])
      yield* data.ended
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("says 425 when the ports run out, and gives every one back", () =>
    Effect.gen(function* () {
      const all = yield* Effect.forEach(Array.from({ length: 11 }), () => loggedIn())
      const said = yield* Effect.forEach(all, (joe) => joe.ask("EPSV"))
      assert.deepStrictEqual(codes(...said), [...Array.from({ length: 10 }, () => 229), 425])
      for (const joe of all) joe.leave()
      yield* settle
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("a defect costs its command, not the session nor anybody else", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const ann = yield* loggedIn("198.51.100.8")
      yield* joe.passive
      assert.deepStrictEqual(
        codes(yield* joe.ask("RETR broken"), yield* joe.ask("NOOP"), yield* ann.ask("NOOP")),
        [451, 200, 200]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("leaves nothing behind, wherever in a conversation the client vanishes", () =>
    Effect.gen(function* () {
      const network = yield* MemoryTcp.Network
      const script =
        "USER joe\r\nPASS x\r\nTYPE I\r\nEPSV\r\nRETR endless\r\nSTAT\r\nABOR\r\nEPSV\r\nSTAT dir\r\nCWD slow\r\n"
      const baseline = network.unsafeOpen()
      for (let cut = 0; cut <= script.length; cut += 3) {
        const joe = yield* client()
        joe.send(script.slice(0, cut))
        if (cut % 2 === 0) yield* settle
        joe.leave()
        yield* settle
      }
      // As long as a storage that does not answer is waited for.
      yield* TestClock.adjust("70 seconds")
      yield* settle
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 0)
      assert.strictEqual((yield* (yield* FtpServer).stats).clients, 0)
      assert.strictEqual((yield* Timers).unsafeSize(), 0)
      assert.strictEqual(network.unsafeOpen(), baseline)
    }).pipe(Effect.provide(layer()))
  )
})

describe("a session's timers", () => {
  it.scoped("the idle timer ends it with 421, and does not run during a transfer", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const ann = yield* loggedIn("198.51.100.8")
      const data = yield* ann.passive
      data.connection.pause()
      yield* ann.ask("RETR endless")
      for (let seconds = 0; seconds < 306; seconds += 6) {
        data.connection.resume()
        yield* data.takeBytes(65_536)
        data.connection.pause()
        yield* TestClock.adjust("6 seconds")
      }
      assert.deepStrictEqual(codes(yield* joe.reply), [421])
      yield* joe.inbox.ended
      assert.deepStrictEqual(codes(yield* ann.ask("NOOP")), [200])
      assert.deepStrictEqual(codes(yield* ann.ask("ABOR"), yield* ann.reply), [426, 226])
      yield* TestClock.adjust("294 seconds")
      assert.deepStrictEqual(codes(yield* ann.ask("NOOP")), [200])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("the idle timer begins anew with each command", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      for (let times = 0; times < 3; times++) {
        yield* TestClock.adjust("200 seconds")
        assert.deepStrictEqual(codes(yield* joe.ask("NOOP")), [200])
      }
      yield* TestClock.adjust("299 seconds")
      assert.deepStrictEqual(codes(yield* joe.ask("NOOP")), [200])
      yield* TestClock.adjust("301 seconds")
      assert.deepStrictEqual(codes(yield* joe.reply), [421])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("the login timer runs on, whatever is said", () =>
    Effect.gen(function* () {
      const joe = yield* client()
      yield* joe.reply
      for (let seconds = 0; seconds < 60; seconds += 10) {
        assert.deepStrictEqual(codes(yield* joe.ask("NOOP")), [200])
        yield* TestClock.adjust("10 seconds")
      }
      assert.deepStrictEqual(codes(yield* joe.reply), [421])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("a client that never connects gets 425, and its port is free again", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("EPSV")
      assert.deepStrictEqual(codes(yield* joe.ask("RETR a.txt")), [150])
      yield* TestClock.adjust("32 seconds")
      assert.deepStrictEqual(codes(yield* joe.reply), [425])
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("a stalled transfer is cut, a slow one is not", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const data = yield* joe.passive
      data.connection.pause()
      yield* joe.ask("RETR endless")
      yield* settle
      for (let seconds = 0; seconds < 180; seconds += 30) {
        data.connection.resume()
        yield* data.takeBytes(200_000)
        data.connection.pause()
        yield* TestClock.adjust("30 seconds")
      }
      assert.deepStrictEqual(codes(yield* joe.ask("NOOP")), [200])
      yield* TestClock.adjust("64 seconds")
      assert.deepStrictEqual(codes(yield* joe.reply), [426])
      data.connection.resume()
      yield* data.ended
    }).pipe(Effect.provide(layer()))
  )
})

describe("bad input", () => {
  it.scoped("a line over the limit is answered once and never run in part", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      joe.send(`CWD ${"x".repeat(100_000)}\r\nPWD\r\n`)
      assert.deepStrictEqual(codes(yield* joe.reply, yield* joe.reply), [500, 257])
      assert.deepStrictEqual(codes(yield* joe.ask("RETR a\0b"), yield* joe.ask("")), [501, 500])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("commands in single bytes, with Telnet noise between, are commands", () =>
    Effect.gen(function* () {
      const joe = yield* client()
      joe.send("\udcff\udcfb\x01US\udcff\udcf1ER joe\r\nPASS x\r\nNOOP\r\n")
      assert.deepStrictEqual(
        codes(yield* joe.reply, yield* joe.reply, yield* joe.reply, yield* joe.reply),
        [220, 331, 230, 200]
      )
    }).pipe(Effect.provide(layer({}, { segment: 1 })))
  )

  it.scoped("a flood is answered in full, no faster than the client reads", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      joe.inbox.connection.pause()
      const before = joe.inbox.unsafeReceived()
      const flood = yield* Effect.fork(joe.inbox.connection.write(new TextEncoder().encode("NOOP\r\n".repeat(200_000))))
      yield* settle
      assert.isNull(flood.unsafePoll())
      joe.inbox.connection.resume()
      for (let count = 0; count < 200_000; count += 1000) {
        yield* joe.inbox.takeBytes(1000 * "200 Still here.\r\n".length)
      }
      yield* Fiber.join(flood)
      assert.strictEqual(joe.inbox.unsafeReceived() - before, 200_000 * "200 Still here.\r\n".length)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("a client that floods and never reads is dropped", () =>
    Effect.gen(function* () {
      const network = yield* MemoryTcp.Network
      const joe = yield* loggedIn()
      joe.inbox.connection.pause()
      const flood = yield* Effect.fork(joe.inbox.connection.write(new TextEncoder().encode("HELP\r\n".repeat(200_000))))
      yield* settle
      yield* TestClock.adjust("62 seconds")
      assert.isTrue((yield* Fiber.await(flood))._tag === "Failure")
      joe.leave()
      yield* settle
      assert.strictEqual(network.unsafeOpen(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("a client that only half closes is answered, then let go", () =>
    Effect.gen(function* () {
      const joe = yield* client()
      joe.send("USER joe\r\nPASS x\r\nPWD\r\n")
      yield* joe.inbox.connection.end
      assert.deepStrictEqual(
        codes(yield* joe.reply, yield* joe.reply, yield* joe.reply, yield* joe.reply),
        [220, 331, 230, 257]
      )
      yield* joe.inbox.ended
    }).pipe(Effect.provide(layer()), Effect.orDie)
  )
})

describe("a client that pipelines", () => {
  it.scoped("RETR and its ABOR in one segment end, and the session goes on", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("EPSV")
      joe.send("RETR endless\r\nABOR\r\nNOOP\r\n")
      assert.deepStrictEqual(
        codes(yield* joe.reply, yield* joe.reply, yield* joe.reply, yield* joe.reply),
        [150, 426, 226, 200]
      )
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("and vanishes at once leaves no port behind", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      joe.send("EPSV\r\nCWD dir\r\nRETR /endless\r\n")
      joe.leave()
      yield* settle
      yield* TestClock.adjust("40 seconds")
      yield* settle
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 0)
      assert.strictEqual((yield* Timers).unsafeSize(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("long replies and reads them quickly gets every one", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const help = yield* joe.ask("HELP")
      const length = `214-${help.lines.join("\r\n")}214 \r\n`.length
      joe.send("HELP\r\n".repeat(170))
      assert.strictEqual((yield* joe.inbox.takeBytes(170 * length)).length, 170 * length)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("behind a stalled transfer waits in its own buffers, and is answered in the end", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const data = yield* joe.passive
      data.connection.pause()
      yield* joe.ask("RETR endless")
      joe.send(`PWD\r\n${"SYST\r\n".repeat(50)}`)
      yield* settle
      const before = joe.inbox.unsafeReceived()
      yield* settle
      assert.strictEqual(joe.inbox.unsafeReceived(), before)
      yield* TestClock.adjust("66 seconds")
      assert.deepStrictEqual(codes(yield* joe.reply, yield* joe.reply), [426, 257])
      for (let count = 0; count < 50; count++) assert.deepStrictEqual(codes(yield* joe.reply), [215])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("does not keep another client of its shard waiting", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const ann = yield* loggedIn("198.51.100.8")
      const before = joe.inbox.unsafeReceived()
      const flood = 8000
      joe.send("NOOP\r\n".repeat(flood))
      yield* ann.ask("NOOP")
      assert.isBelow(joe.inbox.unsafeReceived() - before, flood * "200 Still here.\r\n".length)
      yield* joe.inbox.takeBytes(flood * "200 Still here.\r\n".length)
    }).pipe(Effect.provide(layer()))
  )
})

describe("a client that does not hang up", () => {
  it.scoped("after QUIT, and talks on, loses its slot all the same", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      assert.deepStrictEqual(codes(yield* joe.ask("QUIT")), [221])
      joe.send("NOOP\r\n".repeat(1000))
      yield* settle
      assert.strictEqual((yield* (yield* FtpServer).stats).clients, 1)
      yield* TestClock.adjust("6 seconds")
      yield* settle
      assert.strictEqual((yield* (yield* FtpServer).stats).clients, 0)
    }).pipe(Effect.provide(layer()))
  )
})

describe("REIN", () => {
  it.scoped("starts the login timer again, and forgets neither EPSV ALL nor failed logins", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* TestClock.adjust("100 seconds")
      assert.deepStrictEqual(codes(yield* joe.ask("EPSV ALL"), yield* joe.ask("REIN")), [200, 220])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(codes(yield* joe.ask("USER ann"), yield* joe.ask("PASS x")), [331, 230])
      assert.deepStrictEqual(codes(yield* joe.ask("PORT 198,51,100,7,9,9")), [503])
    }).pipe(Effect.provide(layer()))
  )
})

describe("half-closed clients", () => {
  it.scoped("are answered to the last command, also when they read late", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const help = yield* joe.ask("HELP")
      const length = `214-${help.lines.join("\r\n")}214 \r\n`.length
      const before = joe.inbox.unsafeReceived()
      joe.inbox.connection.pause()
      joe.send("HELP\r\n".repeat(170))
      yield* joe.inbox.connection.end
      yield* settle
      joe.inbox.connection.resume()
      yield* joe.inbox.ended
      assert.strictEqual(joe.inbox.unsafeReceived() - before, 170 * length)
    }).pipe(Effect.provide(layer({}, { capacity: 4096 })))
  )
})

describe("draining", () => {
  it.scoped("lets the running transfer finish, ends idle sessions and refuses new ones with 421", () =>
    Effect.gen(function* () {
      const { drain } = yield* FtpServer
      const idle = yield* loggedIn()
      const busy = yield* loggedIn("198.51.100.8")
      yield* busy.ask("TYPE I")
      const data = yield* busy.passive
      yield* busy.ask("RETR big.bin")
      const draining = yield* Effect.fork(drain)
      assert.deepStrictEqual(codes(yield* idle.reply), [421])
      const late = yield* client("198.51.100.9")
      assert.deepStrictEqual(codes(yield* late.reply), [421])
      assert.strictEqual((yield* data.takeAll).length, big.length)
      assert.deepStrictEqual(codes(yield* busy.reply, yield* busy.reply), [226, 421])
      yield* busy.inbox.ended
      busy.leave()
      idle.leave()
      yield* Fiber.join(draining)
    }).pipe(Effect.provide(layer()))
  )
})
