import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import { text } from "../../support/FtpClient.ts"
import { Books } from "./FakeLedger.ts"
import { big, client, Homes, layer, loggedIn } from "./Fixture.ts"
import { settle } from "./Settle.ts"
import { begin, content, fates, heard, send, upload } from "./Uploading.ts"

const limited =
  (limits: Account.Limits) =>
  (name: string): Account.Account => ({ name, rights: Rights.readWrite, limits })

const quota = (bytes: number, files = 1000) => layer({}, {}, limited({ quotaBytes: bytes, quotaFiles: files }))

/** What the fixture's files take up. */
const before = { bytes: 14 + big.length + 1 + 2, files: 4 }

describe("a quota", () => {
  it.scoped("that is reached in mid-upload voids it, and counts nothing", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      assert.strictEqual(yield* upload(joe, "STOR f", big.subarray(0, 500_001)), 552)
      assert.isUndefined(yield* content("/f"))
      assert.strictEqual(yield* upload(joe, "STOR f", big.subarray(0, 500_000)), 226)
      assert.strictEqual(yield* upload(joe, "STOR g", "x"), 552)
      const { reserved, used } = yield* Books
      assert.deepStrictEqual(reserved.get("joe"), { bytes: 0, files: 0 })
      assert.deepStrictEqual(used.get("joe"), { bytes: before.bytes + 500_000, files: before.files + 1 })
      assert.deepStrictEqual(yield* fates, { completed: 1, interrupted: 2 })
    }).pipe(Effect.provide(quota(before.bytes + 500_000)))
  )

  it.scoped("counts what really changes: overwriting, appending, deleting, renaming over, combining", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const { used } = yield* Books
      const bytes = (change: number, files: number) =>
        assert.deepStrictEqual(used.get("joe"), { bytes: before.bytes + change, files: before.files + files })
      yield* upload(joe, "STOR f", "0123456789")
      bytes(10, 1)
      yield* upload(joe, "STOR f", "0123")
      bytes(4, 1)
      yield* upload(joe, "APPE f", "456")
      bytes(7, 1)
      yield* upload(joe, "STOR g", "ab")
      bytes(9, 2)
      assert.strictEqual((yield* joe.ask("COMB h f g")).code, 250)
      bytes(9, 1)
      assert.strictEqual(String(yield* content("/h")), "0123456ab")
      yield* upload(joe, "STOR i", "xyz")
      yield* joe.ask("RNFR i")
      assert.strictEqual((yield* joe.ask("RNTO h")).code, 250)
      bytes(3, 1)
      assert.strictEqual((yield* joe.ask("DELE h")).code, 250)
      bytes(0, 0)
      assert.deepStrictEqual(
        (yield* heard)("FilesChanged").map((event) => "change" in event && event.change),
        ["Combine", "Rename", "Delete"]
      )
    }).pipe(Effect.provide(quota(10_000_000)))
  )

  it.scoped("and a size that are passed leave nothing to go on with, and combine no more than they let through", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      assert.strictEqual(yield* upload(joe, "STOR f", "0123456789abc"), 552)
      assert.strictEqual((yield* joe.ask("SIZE f")).code, 550)
      yield* upload(joe, "STOR one", "012345")
      yield* upload(joe, "STOR two", "6789ab")
      assert.strictEqual((yield* joe.ask("COMB all one two")).code, 552)
      assert.isUndefined(yield* content("/all"))
      assert.deepStrictEqual([String(yield* content("/one")), String(yield* content("/two"))], ["012345", "6789ab"])
    }).pipe(Effect.provide(layer({ partialUploads: "keep", maxUploadSize: 10 })))
  )

  it.scoped("keeps nothing of what is cut, which would fill the home uncounted", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const { data } = yield* begin(joe, "STOR new")
      yield* data.connection.write(Buffer.from("0123456789"))
      yield* settle
      yield* joe.ask("ABOR")
      yield* joe.reply
      assert.strictEqual((yield* joe.ask("SIZE new")).code, 550)
      assert.deepInclude((yield* heard)("UploadInterrupted")[0], { kept: false, bytes: 10 })
    }).pipe(Effect.provide(layer({ partialUploads: "keep" }, {}, limited({ quotaBytes: 10_000_000 }))))
  )

  it.scoped("counts what somebody else left and is gone on with, though nothing more comes", () =>
    Effect.gen(function* () {
      const ann = yield* client("198.51.100.8")
      yield* ann.reply
      yield* ann.ask("USER ann")
      yield* ann.ask("PASS x")
      yield* ann.ask("TYPE I")
      const { data } = yield* begin(ann, "STOR new")
      yield* data.connection.write(Buffer.from("0123456789"))
      yield* settle
      yield* ann.ask("ABOR")
      yield* ann.reply
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      yield* joe.passive
      yield* joe.ask("REST 10")
      assert.strictEqual((yield* joe.ask("STOR new")).code, 552)
      assert.isUndefined(yield* content("/new"))
    }).pipe(
      Effect.provide(
        layer({ partialUploads: "keep" }, {}, (name) =>
          limited(name === "joe" ? { quotaBytes: before.bytes + 5 } : {})(name)
        )
      )
    )
  )

  it.scoped("of another account with the same home hears of all that changes there, and of nothing else", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* upload(joe, "STOR f", "0123456789")
      yield* upload(joe, "RETR f", "")
      yield* joe.ask("DELE f")
      const reserved = { bytes: 0, files: 0 }
      assert.deepStrictEqual((yield* Books).settled, [
        { home: "", reserved, changed: { bytes: 10, files: 1 } },
        { home: "", reserved, changed: { bytes: -10, files: -1 } }
      ])
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("of files refuses one more before the data connection is used, and lets what is there be replaced", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      assert.strictEqual(yield* upload(joe, "STOR new", "x"), 552)
      assert.strictEqual(yield* upload(joe, "STOR a.txt", "x"), 226)
    }).pipe(Effect.provide(quota(10_000_000, before.files)))
  )
})

/** Bytes that have come after each half second of five. */
const flow = (received: () => number) =>
  Effect.gen(function* () {
    const seen: Array<number> = []
    for (let half = 0; half < 10; half++) {
      for (let step = 0; step < 50; step++) {
        yield* TestClock.adjust("10 millis")
        yield* Effect.yieldNow()
      }
      yield* settle
      seen.push(received())
    }
    return seen
  })

describe("rates", () => {
  it.scoped("of one transfer are held smoothly, and waiting is no stall", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const data = yield* joe.passive
      yield* joe.ask("RETR big.bin")
      const seen = yield* flow(data.unsafeReceived)
      for (const [index, bytes] of seen.entries()) assert.closeTo(bytes, (index + 1) * 50_000, 12_000)
      yield* joe.ask("ABOR")
    }).pipe(Effect.provide(layer({ downloadRate: 100_000 })))
  )

  it.scoped("of an account are shared by its transfers, fairly", () =>
    Effect.gen(function* () {
      const clients = [yield* loggedIn(), yield* loggedIn("198.51.100.8")]
      const datas = yield* Effect.forEach(clients, (one) =>
        Effect.gen(function* () {
          yield* one.ask("TYPE I")
          const data = yield* one.passive
          yield* one.ask("RETR big.bin")
          return data
        })
      )
      yield* flow(() => 0)
      const [first = 0, second = 0] = datas.map((data) => data.unsafeReceived())
      assert.closeTo(first + second, 500_000, 30_000)
      assert.closeTo(first, second, 15_000)
    }).pipe(Effect.provide(layer({}, {}, limited({ downloadRate: 100_000 }))))
  )

  it.scoped("hold for uploads too; ABOR ends the wait", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* joe.ask("TYPE I")
      const { data } = yield* begin(joe, "STOR new")
      const sending = yield* Effect.fork(send(data, [big, big]))
      const started = yield* flow(() => 0)
      assert.strictEqual(started.length, 10)
      const [status] = (yield* joe.ask("STAT")).lines.flatMap((line) => /(\d+) bytes received/.exec(line)?.[1] ?? [])
      assert.isAtLeast(Number(status), 400_000)
      assert.isAtMost(Number(status), 700_000)
      assert.deepStrictEqual([(yield* joe.ask("ABOR")).code, (yield* joe.reply).code], [426, 226])
      yield* Fiber.join(sending)
    }).pipe(Effect.provide(layer({ uploadRate: 100_000 })))
  )

  it.scoped("a tiny rate is no stall", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const data = yield* joe.passive
      yield* joe.ask("RETR dir/d.txt")
      yield* TestClock.adjust("3 minutes")
      assert.strictEqual((yield* joe.reply).code, 226)
      assert.strictEqual(text(yield* data.takeAll), "dd")
    }).pipe(Effect.provide(layer({}, {}, limited({ downloadRate: 1 }))))
  )
})

describe("the command rate", () => {
  it.scoped("lets a burst through, then holds the rest back and answers it in order", () =>
    Effect.gen(function* () {
      const joe = yield* client()
      joe.send(`USER joe\r\nPASS x\r\n${"PWD\r\nNOOP\r\n".repeat(20)}`)
      yield* joe.inbox.connection.end
      yield* settle
      const replies = () => joe.inbox.unsafeReceived()
      const first = replies()
      yield* settle
      assert.strictEqual(replies(), first)
      const codes: Array<number> = []
      const reading = yield* Effect.fork(
        Effect.gen(function* () {
          for (let count = 0; count < 43; count++) codes.push((yield* joe.reply).code)
        })
      )
      yield* settle
      assert.strictEqual(codes.length, 11)
      yield* TestClock.adjust("1 second")
      yield* settle
      assert.strictEqual(codes.length, 21)
      for (let step = 0; step < 30; step++) yield* TestClock.adjust("100 millis")
      yield* Fiber.join(reading)
      assert.deepStrictEqual(
        codes.slice(3),
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 257 : 200))
      )
    }).pipe(Effect.provide(layer({ commandRate: 10 })))
  )

  it.scoped.each([["at once"], ["line by line"]])(
    "who sends by far more, %s, is told of the limit and sent away",
    ([how]) =>
      Effect.gen(function* () {
        const joe = yield* client()
        yield* joe.reply
        const lines = Array.from({ length: 120 }, () => "NOOP\r\n")
        if (how === "at once") joe.send(lines.join(""))
        else {
          for (const line of lines) {
            joe.send(line)
            yield* Effect.yieldNow()
          }
        }
        const said: Array<string> = []
        for (let count = 0; count < 11; count++) {
          const { code, lines } = yield* joe.reply
          said.push(`${code} ${lines.join()}`)
        }
        assert.deepStrictEqual(said, [
          ...Array.from({ length: 10 }, () => "200 Still here."),
          "421 Too many commands: 10 a second are allowed."
        ])
        assert.strictEqual((yield* joe.reply).code, 0)
      }).pipe(Effect.provide(layer({ commandRate: 10 })))
  )
})

describe("accounts", () => {
  const homes = (name: string): Account.Account => ({
    name,
    rights: Rights.readWrite,
    limits: Account.unlimited,
    ...(name === "joe" ? {} : { home: name === "ann" ? "/dir" : "/nowhere" })
  })

  it.scoped("have their own homes, given back at the next login, at REIN and at the end", () =>
    Effect.gen(function* () {
      const open = yield* Homes
      const { sessions } = yield* Books
      const joe = yield* loggedIn()
      const seen = Effect.gen(function* () {
        const data = yield* joe.passive
        yield* joe.ask("NLST")
        const names = text(yield* data.takeAll)
        yield* joe.reply
        return names
      })
      assert.strictEqual(yield* seen, "a.txt\r\nbig.bin\r\ndir\r\n")
      yield* joe.ask("USER ann")
      assert.strictEqual(sessions.size, 0)
      assert.strictEqual((yield* joe.ask("PASS x")).code, 230)
      assert.strictEqual(yield* seen, "b c.txt\r\nd.txt\r\n")
      assert.strictEqual(open.get("/dir"), 1)
      yield* joe.ask("REIN")
      yield* settle
      assert.strictEqual(open.get("/dir"), 0)
      assert.strictEqual(sessions.size, 0)
      yield* joe.ask("USER ann")
      yield* joe.ask("PASS x")
      assert.strictEqual(open.get("/dir"), 1)
      joe.leave()
      yield* settle
      assert.strictEqual(open.get("/dir"), 0)
      assert.strictEqual(sessions.size, 0)
    }).pipe(Effect.provide(layer({}, {}, homes)))
  )

  it.scoped("whose home cannot be opened are not logged in", () =>
    Effect.gen(function* () {
      const bob = yield* client()
      yield* bob.reply
      yield* bob.ask("USER bob")
      assert.include([421, 530], (yield* bob.ask("PASS x")).code)
      assert.strictEqual((yield* Books).sessions.size, 0)
      assert.deepInclude((yield* heard)("LoginRefused")[0], { reason: "Unavailable" })
    }).pipe(Effect.provide(layer({}, {}, homes)))
  )

  it.scoped("over a limit are told which", () =>
    Effect.gen(function* () {
      const bob = yield* client()
      yield* bob.reply
      yield* bob.ask("USER crowd")
      const said = yield* bob.ask("PASS x")
      assert.strictEqual(said.code, 421)
      assert.include(said.lines[0], "Too many sessions of crowd.")
      yield* bob.inbox.ended
      assert.deepInclude((yield* heard)("LoginRefused")[0], {
        reason: "Limited",
        limit: "Too many sessions of crowd."
      })
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("see no names that are denied to them, and each name's own permissions", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const list = (command: string) =>
        Effect.gen(function* () {
          const data = yield* joe.passive
          yield* joe.ask(command)
          const said = text(yield* data.takeAll)
          yield* joe.reply
          return said
        })
      assert.strictEqual(yield* list("NLST"), "a.txt\r\ndir\r\n")
      assert.strictEqual(yield* list("NLST *"), "a.txt\r\ndir\r\n")
      assert.notInclude((yield* joe.ask("STAT .")).lines.join("\n"), "big.bin")
      const facts = yield* list("MLSD")
      assert.match(facts, /Perm=r;.* a\.txt/)
      assert.match(facts, /Perm=\w*m\w*;.* dir/)
    }).pipe(
      Effect.provide(
        layer({}, {}, (name) => ({
          name,
          limits: Account.unlimited,
          rights: {
            ...Rights.readOnly,
            prefixes: [{ path: "/dir" as never, permissions: Rights.readWrite.permissions }],
            denied: ["*.BIN"]
          }
        }))
      )
    )
  )
})
