import { randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { type Office, password, withOffice } from "./support/Operator.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"

/** Everything the server says to one who says these lines, one after each reply, until it closes or has answered all. */
const talk = (port: number, lines: ReadonlyArray<string>): Promise<{ replies: Array<string>; socket: Net.Socket }> =>
  new Promise((resolve) => {
    const socket = Net.connect(port, "127.0.0.1")
    const replies: Array<string> = []
    let text = ""
    socket.on("data", (bytes) => {
      text += bytes.toString()
      for (let end = text.indexOf("\r\n"); end >= 0; end = text.indexOf("\r\n")) {
        replies.push(text.slice(0, end))
        text = text.slice(end + 2)
        const next = lines[replies.length - 1]
        if (next === undefined) return resolve({ replies, socket })
        socket.write(`${next}\r\n`)
      }
    })
    socket.on("error", () => {})
    socket.once("close", () => resolve({ replies, socket }))
  })

const login = ["USER joe", `PASS ${password}`]

describe("a limit of one session", () => {
  const office = withOffice(["--max-sessions-per-account", "1", "--shards", "2"], { expected: / WARN / })

  it("lets one of many in, wherever they land, and the next when that one has left", { timeout: 120_000 }, async () => {
    for (const visitors of [40, 10]) {
      const visits = await Promise.all(Array.from({ length: visitors }, () => talk(office().port, login)))
      const said = visits.map(({ replies }) => replies.at(-1) ?? "")
      assert.strictEqual(said.filter((reply) => reply.startsWith("230 ")).length, 1, said.join("\n"))
      assert.strictEqual(said.filter((reply) => /^421 .*1/.test(reply)).length, visitors - 1, said.join("\n"))
      for (const { socket } of visits) socket.destroy()
      let last = ""
      while (!last.startsWith("230 ")) {
        const { replies, socket } = await talk(office().port, login)
        last = replies.at(-1) ?? ""
        socket.destroy()
      }
    }
  })
})

describe("an address that guesses passwords", () => {
  const office = withOffice(["--ban-after", "4", "--ban-time", "3s"], { expected: / WARN / })

  it("is banned for a while, and told so at the door", async () => {
    for (let guess = 0; guess < 4; guess++) {
      const { replies, socket } = await talk(office().port, ["USER joe", "PASS wrong"])
      assert.match(replies.at(-1) ?? "", /^(530|421) /)
      socket.destroy()
    }
    const { replies } = await talk(office().port, login)
    assert.match(replies.join("\n"), /^421 .*ban/i)
    let last = ""
    await Server.until(
      () => {
        talk(office().port, login).then(({ replies, socket }) => {
          last = replies.at(-1) ?? ""
          socket.destroy()
        })
        return last.startsWith("230 ")
      },
      () => `still ${last}`
    )
  })
})

const curl = (office: Office, words: ReadonlyArray<string>) =>
  Program.run(
    "curl",
    ["--silent", "--show-error", "--verbose", "--max-time", "40", "--user", `joe:${password}`, ...words],
    {
      cwd: office.folder()
    }
  )

describe("a limit of size", () => {
  const office = withOffice(["--max-upload-size", "1MiB"], { expected: / WARN +upload interrupted / })

  it("refuses what is larger, and leaves what was there", async () => {
    const home = office().operator.home("joe")
    const file = Path.join(office().folder(), "up.bin")
    const at = `ftp://127.0.0.1:${office().port}/up.bin`
    Fs.writeFileSync(file, randomBytes(2 ** 20))
    assert.strictEqual((await curl(office(), ["-T", file, at])).code, 0)
    const before = Fs.readFileSync(Path.join(home, "up.bin"))
    Fs.writeFileSync(file, randomBytes(2 ** 20 + 1))
    const { code, stderr } = await curl(office(), ["-T", file, at])
    assert.notStrictEqual(code, 0)
    assert.match(stderr, /< 552 /)
    assert.isTrue(Fs.readFileSync(Path.join(home, "up.bin")).equals(before))
    assert.deepStrictEqual(Fs.readdirSync(home), ["up.bin"])
  })
})

describe("a quota", () => {
  const office = withOffice([], {
    expected: / WARN +upload interrupted /,
    before: async ({ file }) => {
      const text = Fs.readFileSync(file, "utf8")
      Fs.writeFileSync(
        file,
        text.replace(/^(\s*)(-\s+name: joe.*)$/m, "$1$2\n$1  limits: { quotaBytes: 1MiB, quotaFiles: 3 }")
      )
    }
  })

  it("is kept in mid-upload and across restarts, and deleting makes room", async () => {
    const home = office().operator.home("joe")
    const file = Path.join(office().folder(), "up.bin")
    const at = (name: string) => `ftp://127.0.0.1:${office().port}/${name}`
    Fs.writeFileSync(file, randomBytes(700_000))
    assert.strictEqual((await curl(office(), ["-T", file, at("one")])).code, 0)
    const over = await curl(office(), ["-T", file, at("two")])
    assert.match(over.stderr, /< 552 /)
    assert.deepStrictEqual(Fs.readdirSync(home), ["one"])
    const again = await curl(office(), ["-T", file, at("one")])
    assert.strictEqual(again.code, 0, again.stderr)
    assert.strictEqual((await curl(office(), ["-Q", "DELE one", at("")])).code, 0)
    assert.strictEqual((await curl(office(), ["-T", file, at("two")])).code, 0)
    Fs.writeFileSync(file, "small")
    assert.strictEqual((await curl(office(), ["-T", file, at("three")])).code, 0)
    assert.strictEqual((await curl(office(), ["-T", file, at("four")])).code, 0)
    assert.match((await curl(office(), ["-T", file, at("five")])).stderr, /< 552 /)
    assert.deepStrictEqual(Fs.readdirSync(home).sort(), ["four", "three", "two"])
  })
})
