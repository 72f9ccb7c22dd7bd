import * as Crypto from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck, Fiber, TestClock } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import { nothing } from "../../../src/domain/limits/Quotas.ts"
import * as Reply from "../../../src/domain/Reply.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { FtpConfig } from "../../../src/runtime/config/FtpConfig.ts"
import type { Topic } from "../../../src/runtime/observe/Interest.ts"
import { MemoryConnection } from "../../../src/runtime/platform/MemoryConnection.ts"
import { FtpServer } from "../../../src/runtime/server/FtpServer.ts"
import { Timers } from "../../../src/runtime/session/Timers.ts"
import { PassivePorts } from "../../../src/runtime/transfer/PassivePorts.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import type { FtpClient } from "../../support/FtpClient.ts"
import type { Inbox } from "../../support/Inbox.ts"
import { Books } from "./FakeLedger.ts"
import { big, layer, loggedIn } from "./Fixture.ts"
import { settle } from "./Settle.ts"
import { begin, content, fates, heard, send, upload } from "./Uploading.ts"

const pieces = (bytes: Uint8Array, cuts: ReadonlyArray<number>): ReadonlyArray<Uint8Array> => {
  const borders = [0, ...[...cuts].sort((one, other) => one - other), bytes.length]
  return borders.slice(1).map((border, index) => bytes.subarray(borders[index], border))
}

/** A connection that ends without a FIN. */
const reset = ({ connection }: Inbox) => {
  if (connection instanceof MemoryConnection) connection.unsafeReset()
}

const image = (client: { readonly ask: (line: string) => Effect.Effect<unknown> }) => client.ask("TYPE I")

describe("an upload", () => {
  it.scoped.prop(
    "is stored byte for byte, however it is cut",
    [
      FastCheck.array(FastCheck.integer({ min: 0, max: big.length }), { maxLength: 12 }),
      FastCheck.constantFrom(1000, 4096, 65_536),
      FastCheck.integer({ min: 0, max: big.length })
    ],
    ([cuts, segment, length]) =>
      Effect.gen(function* () {
        const joe = yield* loggedIn()
        yield* image(joe)
        const bytes = big.subarray(0, length)
        const { data, opening } = yield* begin(joe, "STOR new.bin")
        assert.strictEqual(opening.code, 150)
        yield* send(
          data,
          pieces(
            bytes,
            cuts.map((cut) => Math.min(cut, length))
          )
        )
        assert.strictEqual((yield* joe.reply).code, 226)
        assert.isTrue(Buffer.from(bytes).equals((yield* content("/new.bin")) ?? Buffer.from("none")))
        const [completed] = (yield* heard)("UploadCompleted")
        assert.deepInclude(completed, {
          path: "/new.bin",
          size: length,
          digest: { algorithm: "SHA-256", value: Crypto.createHash("sha256").update(bytes).digest("hex") }
        })
        assert.deepStrictEqual(yield* fates, { completed: 1, interrupted: 0 })
      }).pipe(Effect.provide(layer({ uploadDigest: "sha-256" }, { segment }))),
    { fastCheck: { numRuns: 25 } }
  )

  const digestOf = (uploadDigest: FtpConfig["uploadDigest"], topics: ReadonlyArray<Topic>) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* upload(yield* loggedIn(), "STOR f", "content"), 226)
      const [completed] = (yield* heard)("UploadCompleted")
      return completed?._tag === "UploadCompleted" ? completed.digest?.algorithm : "none was told"
    }).pipe(Effect.provide(layer({ uploadDigest }, {}, undefined, (topic) => topics.includes(topic))), Effect.scoped)

  it.effect("computes a digest for those only who get to see it", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* digestOf("auto", ["UploadCompleted", "UploadDigest"]), "SHA-256")
      assert.strictEqual(yield* digestOf("auto", ["UploadCompleted"]), undefined)
      assert.strictEqual(yield* digestOf("sha-1", ["UploadCompleted"]), "SHA-1")
      assert.strictEqual(yield* digestOf("sha-1", []), undefined)
      assert.strictEqual(yield* digestOf("none", ["UploadCompleted", "UploadDigest"]), undefined)
    })
  )

  it.scoped("takes what is in TYPE A apart into lines of the host, also at the borders of segments", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      assert.strictEqual(yield* upload(joe, "STOR a.txt", "one\r\ntwo\rthree\r\r\nfour\r"), 226)
      assert.strictEqual(String(yield* content("/a.txt")), "one\ntwo\rthree\r\nfour\r")
    }).pipe(Effect.provide(layer({}, { segment: 1 })))
  )

  it.scoped("goes on where REST says, and APPE at the end", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      assert.strictEqual(yield* upload(joe, "STOR f", "0123456789"), 226)
      yield* joe.ask("REST 4")
      const data = yield* joe.passive
      yield* joe.ask("STOR f")
      yield* send(data, [Buffer.from("abc")])
      assert.strictEqual((yield* joe.reply).code, 226)
      assert.strictEqual(String(yield* content("/f")), "0123abc")
      assert.strictEqual(yield* upload(joe, "APPE f", "xyz"), 226)
      assert.strictEqual(String(yield* content("/f")), "0123abcxyz")
      for (const marker of [0, 4, 10, 1000]) {
        const before = String(yield* content("/f"))
        yield* joe.ask(`REST ${marker}`)
        assert.strictEqual(yield* upload(joe, "APPE f", "+"), 226)
        assert.strictEqual(String(yield* content("/f")), `${before}+`)
      }
      // It was for that APPE, and is gone with it.
      assert.strictEqual(yield* upload(joe, "STOR f", "new"), 226)
      assert.strictEqual(String(yield* content("/f")), "new")
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("leaves the old file alone until it is whole", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      const { data } = yield* begin(joe, "STOR a.txt")
      yield* data.connection.write(Buffer.alloc(400_000))
      yield* settle
      assert.strictEqual(String(yield* content("/a.txt")), "one\ntwo\r\nthree")
      yield* data.connection.end
      assert.strictEqual((yield* joe.reply).code, 226)
      assert.strictEqual((yield* content("/a.txt"))?.length, 400_000)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("is void after ABOR, and after a client that vanishes, with its data connection or without", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const ann = yield* loggedIn("198.51.100.8")
      const bob = yield* loggedIn("198.51.100.9")
      for (const one of [joe, ann, bob]) {
        const { data } = yield* begin(one, "STOR a.txt")
        yield* data.connection.write(Buffer.alloc(100_000))
        yield* settle
        if (one === joe) {
          assert.deepStrictEqual([(yield* joe.ask("ABOR")).code, (yield* joe.reply).code], [426, 226])
          assert.strictEqual((yield* joe.ask("NOOP")).code, 200)
        } else {
          if (one === ann) reset(data)
          reset(one.inbox)
        }
      }
      yield* settle
      yield* TestClock.adjust("10 seconds")
      yield* settle
      assert.strictEqual(String(yield* content("/a.txt")), "one\ntwo\r\nthree")
      assert.deepStrictEqual(yield* fates, { completed: 0, interrupted: 3 })
      assert.strictEqual((yield* (yield* FtpServer).stats).clients, 1)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("whose connection is reset is cut", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const { data } = yield* begin(joe, "STOR new")
      yield* data.connection.write(Buffer.from("half"))
      yield* settle
      reset(data)
      assert.strictEqual((yield* joe.reply).code, 426)
      assert.isUndefined(yield* content("/new"))
      assert.deepStrictEqual(yield* fates, { completed: 0, interrupted: 1 })
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("that stalls is cut, and one that storage holds up is told so", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      const ann = yield* loggedIn("198.51.100.8")
      const { data } = yield* begin(joe, "STOR new")
      const stuck = yield* begin(ann, "STOR stuck")
      yield* data.connection.write(Buffer.from("half"))
      yield* stuck.data.connection.write(Buffer.from("half"))
      yield* TestClock.adjust("64 seconds")
      assert.strictEqual((yield* joe.reply).code, 426)
      assert.strictEqual((yield* ann.reply).code, 451)
      assert.deepStrictEqual(
        (yield* heard)("UploadInterrupted")
          .map((event) => "outcome" in event && event.outcome)
          .sort(),
        ["Cut", "TimedOut"]
      )
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("holds a few chunks for a disk that stalls, and no more", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      const { data } = yield* begin(joe, "STOR stuck")
      const sending = yield* Effect.fork(
        send(
          data,
          Array.from({ length: 100 }, () => Buffer.alloc(65_536))
        )
      )
      yield* settle
      yield* settle
      const [status] = (yield* joe.ask("STAT")).lines.flatMap((line) => /(\d+) bytes received/.exec(line)?.[1] ?? [])
      assert.isAtMost(Number(status), 3 * 65_536)
      assert.isNull(sending.unsafePoll())
      yield* joe.ask("ABOR")
      yield* Fiber.join(sending)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("whose client hangs up with it is cut, though the data connection ends in good order", () =>
    Effect.gen(function* () {
      const orders = {
        "control first": (joe: FtpClient, end: Effect.Effect<void>) => Effect.zipRight(Effect.sync(joe.leave), end),
        "control first, and heard": (joe: FtpClient, end: Effect.Effect<void>) =>
          Effect.zipRight(Effect.zipRight(Effect.sync(joe.leave), settle), end),
        "data first": (joe: FtpClient, end: Effect.Effect<void>) => Effect.zipRight(end, Effect.sync(joe.leave))
      }
      const events = yield* heard
      for (const [order, hangUp] of Object.entries(orders)) {
        const joe = yield* loggedIn()
        const { data } = yield* begin(joe, "STOR a.txt")
        yield* data.connection.write(Buffer.from("half"))
        yield* settle
        const before = events("UploadInterrupted").length
        yield* hangUp(joe, Effect.ignore(data.connection.end))
        yield* Descriptors.until(() => events("UploadInterrupted").length > before)
        assert.strictEqual(String(yield* content("/a.txt")), "one\ntwo\r\nthree", order)
      }
      assert.deepStrictEqual(yield* fates, { completed: 0, interrupted: 3 })
      yield* TestClock.adjust("10 seconds")
      yield* settle
      assert.strictEqual((yield* Timers).unsafeSize(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("whose client said QUIT and hung up is stored when it has come whole", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      const { data } = yield* begin(joe, "STOR new")
      yield* data.connection.write(Buffer.from("half"))
      joe.send("PWD\r\nQUIT\r\n")
      joe.leave()
      yield* settle
      yield* send(data, [Buffer.from(" and half")])
      const events = yield* heard
      yield* Descriptors.until(() => events("UploadCompleted").length === 1)
      assert.strictEqual(String(yield* content("/new")), "half and half")
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("to a place where there is none is refused before the data connection is used", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      assert.strictEqual(yield* upload(joe, "STOR nowhere/f", "x"), 550)
      assert.strictEqual(yield* upload(joe, "STOR dir", "x"), 550)
      assert.deepStrictEqual(yield* fates, { completed: 0, interrupted: 0 })
      assert.strictEqual((yield* PassivePorts).unsafeOutstanding(), 0)
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("as large as the server takes is stored, one byte more is not", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      assert.strictEqual(yield* upload(joe, "STOR f", big.subarray(0, 100_000)), 226)
      assert.strictEqual(yield* upload(joe, "STOR f", big.subarray(0, 100_001)), 552)
      assert.strictEqual(yield* upload(joe, "APPE f", "x"), 552)
      assert.strictEqual((yield* content("/f"))?.length, 100_000)
    }).pipe(Effect.provide(layer({ maxUploadSize: 100_000 })))
  )

  it.scoped("that is cut is kept where the policy says so, and found again", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      const { data } = yield* begin(joe, "STOR new")
      yield* data.connection.write(Buffer.from("0123456789"))
      yield* settle
      yield* joe.ask("ABOR")
      yield* joe.reply
      assert.isUndefined(yield* content("/new"))
      assert.deepStrictEqual((yield* joe.ask("SIZE new")).lines, ["10"])
      const rest = yield* joe.passive
      yield* joe.ask("REST 10")
      yield* joe.ask("STOR new")
      yield* send(rest, [Buffer.from("abc")])
      assert.strictEqual((yield* joe.reply).code, 226)
      assert.strictEqual(String(yield* content("/new")), "0123456789abc")
      assert.deepInclude((yield* heard)("UploadInterrupted")[0], { kept: true, bytes: 10 })
    }).pipe(Effect.provide(layer({ partialUploads: "keep" })))
  )

  it.scoped("is gone on with by APPE only for who has asked how far it came, and goes with DELE", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      const cut = Effect.gen(function* () {
        const { data } = yield* begin(joe, "STOR new")
        yield* data.connection.write(Buffer.from("0123456789"))
        yield* settle
        yield* joe.ask("ABOR")
        yield* joe.reply
      })
      yield* cut
      assert.strictEqual(yield* upload(joe, "APPE new", "fresh"), 226)
      assert.strictEqual(String(yield* content("/new")), "fresh")
      assert.strictEqual((yield* joe.ask("DELE new")).code, 250)
      yield* cut
      assert.deepStrictEqual((yield* joe.ask("SIZE new")).lines, ["10"])
      assert.strictEqual(yield* upload(joe, "APPE new", "abc"), 226)
      assert.strictEqual(String(yield* content("/new")), "0123456789abc")
      assert.strictEqual((yield* joe.ask("DELE new")).code, 250)
      yield* cut
      assert.strictEqual((yield* joe.ask("COMB new dir/d.txt")).code, 250)
      assert.strictEqual(String(yield* content("/new")), "dd")
      assert.strictEqual((yield* joe.ask("DELE new")).code, 250)
      yield* cut
      assert.strictEqual((yield* joe.ask("DELE new")).code, 250)
      assert.strictEqual((yield* joe.ask("SIZE new")).code, 550)
      assert.strictEqual((yield* joe.ask("DELE new")).code, 550)
    }).pipe(Effect.provide(layer({ partialUploads: "keep" })))
  )

  it.scoped("of two that append at once, the second is told to try again", () =>
    Effect.gen(function* () {
      const [joe, ann] = [yield* loggedIn(), yield* loggedIn()]
      yield* image(joe)
      yield* image(ann)
      assert.strictEqual(yield* upload(joe, "STOR log", "0"), 226)
      const first = yield* begin(joe, "APPE log")
      const second = yield* begin(ann, "APPE log")
      yield* send(first.data, [Buffer.from("first")])
      assert.strictEqual((yield* joe.reply).code, 226)
      yield* send(second.data, [Buffer.from("second")])
      assert.strictEqual((yield* ann.reply).code, 450)
      assert.strictEqual(String(yield* content("/log")), "0first")
    }).pipe(Effect.provide(layer()))
  )

  it.scoped("leaves no partial where it is void", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      assert.strictEqual(yield* upload(joe, "STOR new", "0123456789"), 552)
      assert.strictEqual((yield* joe.ask("SIZE new")).code, 550)
      assert.deepInclude((yield* heard)("UploadInterrupted")[0], { kept: false })
    }).pipe(Effect.provide(layer({ partialUploads: "keep", maxUploadSize: 5 })))
  )

  it.scoped(
    "that is cut over an older file is what SIZE tells of where it is kept, so that a client goes on in the right place",
    () =>
      Effect.gen(function* () {
        const joe = yield* loggedIn()
        yield* image(joe)
        const { data } = yield* begin(joe, "STOR a.txt")
        yield* data.connection.write(Buffer.from("0123456789abcdefghij"))
        yield* settle
        yield* joe.ask("ABOR")
        yield* joe.reply
        assert.deepStrictEqual((yield* joe.ask("SIZE a.txt")).lines, ["20"])
        assert.strictEqual(String(yield* content("/a.txt")), "one\ntwo\r\nthree")
      }).pipe(Effect.provide(layer({ partialUploads: "keep" })))
  )

  it.scoped.prop(
    "has one fate, whatever happens when",
    [
      FastCheck.array(
        FastCheck.constantFrom("send", "settle", "fin", "reset", "abor", "quit", "leave", "wait", "drop"),
        { maxLength: 8 }
      )
    ],
    ([steps]) =>
      Effect.gen(function* () {
        const joe = yield* loggedIn()
        yield* image(joe)
        const { data } = yield* begin(joe, "STOR a.txt")
        for (const step of steps) {
          if (step === "send") yield* Effect.fork(Effect.ignore(data.connection.write(Buffer.alloc(30_000, 1))))
          if (step === "settle") yield* settle
          if (step === "fin") yield* Effect.fork(Effect.ignore(data.connection.end))
          if (step === "reset") reset(data)
          if (step === "abor") joe.send("ABOR\r\n")
          if (step === "quit") joe.send("QUIT\r\n")
          if (step === "leave") joe.leave()
          if (step === "wait") yield* TestClock.adjust("61 seconds")
          if (step === "drop") data.connection.unsafeDestroy()
        }
        yield* settle
        joe.leave()
        yield* TestClock.adjust("66 seconds")
        yield* settle
        const { completed, interrupted } = yield* fates
        assert.strictEqual(completed + interrupted, 1)
        const old = String(yield* content("/a.txt")) === "one\ntwo\r\nthree"
        assert.strictEqual(old, completed === 0)
        assert.strictEqual((yield* Timers).unsafeSize(), 0)
      }).pipe(Effect.provide(layer())),
    { fastCheck: { numRuns: 20 }, timeout: 60_000 }
  )
})

describe("a disk that does not confirm a name", () => {
  it.scoped("is told of with 451, of a file that is there and counted", () =>
    Effect.gen(function* () {
      const joe = yield* loggedIn()
      yield* image(joe)
      assert.strictEqual(yield* upload(joe, "STOR sure", "x"), 226)
      const before = (yield* Books).used.get("joe") ?? nothing
      const { data } = yield* begin(joe, "STOR unsure")
      yield* send(data, [Buffer.from("whole")])
      const { code, lines } = yield* joe.reply
      assert.deepStrictEqual([code, lines.join()], [451, Reply.ofFault("Unconfirmed").lines.join()])
      assert.strictEqual(String(yield* content("/unsure")), "whole")
      assert.deepStrictEqual(yield* fates, { completed: 2, interrupted: 0 })
      assert.deepStrictEqual((yield* Books).used.get("joe"), { bytes: before.bytes + 5, files: before.files + 1 })
    }).pipe(
      Effect.provide(layer({}, {}, (name) => ({ ...Account.make(name, Rights.readWrite), limits: { quotaFiles: 99 } })))
    )
  )
})

describe("STOU", () => {
  it.scoped("never gives two uploads one name, not even at once", () =>
    Effect.gen(function* () {
      const clients = yield* Effect.forEach(["198.51.100.7", "198.51.100.8", "198.51.100.9"], (address) =>
        loggedIn(address)
      )
      const begun = yield* Effect.forEach(clients, (one) => begin(one, "STOU dir/e.txt"))
      for (const [index, { data, opening }] of begun.entries()) {
        assert.match(opening.lines[0] ?? "", /^FILE: \S+$/)
        yield* send(data, [Buffer.from(`of ${index}`)])
        assert.strictEqual((yield* (clients[index] as (typeof clients)[number]).reply).code, 226)
      }
      const names = begun.map(({ opening }) => /FILE: (.*)/.exec(opening.lines[0] ?? "")?.[1] ?? "")
      assert.strictEqual(new Set(names).size, 3)
      for (const name of names) assert.match(name, /^e\.txt\.[0-9a-f]+$/)
      const paths = (yield* heard)("UploadCompleted").map((event) => ("path" in event ? event.path : ""))
      for (const [index, path] of paths.entries()) assert.strictEqual(String(yield* content(path)), `of ${index}`)
      assert.strictEqual(String(yield* content("/dir/d.txt")), "dd")
    }).pipe(Effect.provide(layer()))
  )
})
