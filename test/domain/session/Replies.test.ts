import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Command from "../../../src/domain/Command.ts"
import type { FileFault } from "../../../src/domain/FileFault.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import * as Session from "../../../src/domain/session/Session.ts"
import * as World from "./World.ts"

const writer: Account.Account = {
  ...Account.make("joe", Rights.readWrite),
  limits: { quotaBytes: 500, quotaFiles: 9, uploadSize: 450 }
}

/** What is said to the last of some lines, in a world where everything goes well. */
const last = (lines: ReadonlyArray<string>, account = writer) => {
  const world = World.make(account)
  for (const text of ["USER joe", "PASS x", ...lines.slice(0, -1)]) world.exchange(Command.parse(text))
  const { length } = world.said
  world.exchange(Command.parse(lines.at(-1) ?? ""))
  return {
    world,
    said: world.said.slice(length).map(({ reply }) => `${reply.code} ${reply.lines.join("|")}`),
    action: world.done.at(-1)?.action
  }
}

describe("replies", () => {
  it.each<[ReadonlyArray<string>, ReadonlyArray<string>]>([
    [
      ["PASV", "STOR a"],
      ["150 Opening ASCII mode data connection for a.", "226 Transfer complete."]
    ],
    [
      ["PASV", "STOU a"],
      ["150 FILE: upload.1", "226 Transfer complete."]
    ],
    [["STOR a"], ["425 Use EPSV, PASV, EPRT or PORT first."]],
    [["PASV", "REST 5", "STOR a"], ["554 An upload goes on in TYPE I only."]],
    [
      ["TYPE I", "PASV", "REST 5", "STOR a"],
      ["150 Opening BINARY mode data connection for a.", "226 Transfer complete."]
    ],
    [["PASV", "REST 5", "STOU a"], ["503 STOU begins a new file."]],
    [["PASV", "RANG 0 4", "STOR a"], ["503 RANG goes before RETR and HASH only."]],
    [["RANG 0 4"], ["350 From byte 0 to byte 4."]],
    [["RANG 1 0"], ["350 The whole file."]],
    [["RANG 10 19", "HASH a"], [`213 SHA-256 10-19 ${"0".repeat(64)} a`]],
    [["OPTS HASH sha-1", "HASH a b"], [`213 SHA-1 0-0 ${"0".repeat(40)} a b`]],
    [["OPTS HASH"], ["200 SHA-256"]],
    [["OPTS HASH CRC32"], ["200 CRC32"]],
    [["OPTS HASH ROT13"], ["501 Unknown algorithm; still SHA-256."]],
    [["XSHA a"], [`250 ${"0".repeat(40)}`]],
    [["OPTS MODE Z LEVEL 6"], ["200 The server chooses the level."]],
    [["OPTS MODE S"], ["501 Syntax: OPTS MODE Z LEVEL <0-9>"]],
    [["MODE Z"], ["200 Mode is deflate."]],
    [["RNFR a", "RNTO b"], ["250 Renamed."]],
    [["RNFR a", "NOOP", "RNTO b"], ["503 Give RNFR right before RNTO."]],
    [["RNFR a", "RNTO a/b"], ["553 The new name lies inside of what is renamed."]],
    [["RNFR /"], ["550 The root directory stays."]],
    [["RMD /"], ["550 The root directory stays."]],
    [["COMB a b c"], ["250 Combined."]],
    [["SITE CHMOD 6755 a"], ["550 The set-user-id and set-group-id bits cannot be set."]],
    [["SITE CHMOD 1755 a"], ["200 Mode set."]],
    [["MFF UNIX.mode=2755; a"], ["550 The set-user-id and set-group-id bits cannot be set."]],
    [["COMB a b ./b"], ["501 A file can be named only once."]],
    [["COMB a b a"], ["501 A file can be named only once."]],
    [["DELE a"], ["250 Deleted."]],
    [["MFF Create=20200101000000; a"], ["504 The facts Modify and UNIX.mode can be set."]],
    [["SITE UTIME 202001020304 a"], ["200 Times set."]],
    [["SITE EXEC ls"], ["502 SITE EXEC is not offered here."]],
    [
      ["SITE QUOTA"],
      ["200 Quota|Bytes: 10 used, of 500|Files: 1 used, of 9|Free on the storage: 1000 bytes|End of quota"]
    ],
    [["AVBL"], ["213 490"]],
    [["ALLO 450"], ["200 There is room; nothing need be reserved."]],
    [["ALLO 451"], ["552 Larger than an upload may be: 450 bytes are allowed."]],
    [["CLNT x"], ["200 Noted."]],
    [["CSID Name=x;"], ["200 Name=Weft; DirSep=/;"]],
    [["LANG"], ["200 Replies are in English."]],
    [["LANG fr"], ["504 English only."]],
    [["SITE CHMOD 000 /"], ["550 The root directory keeps its permission bits."]],
    [["MFF UNIX.mode=000; /"], ["550 The root directory keeps its permission bits."]],
    [["REIN", "HOST a.example"], ["220 Hello"]],
    [["REIN", "HOST [::1]"], ["220 Hello"]],
    [["REIN", "HOST ::1"], ["220 Hello"]],
    [["REIN", "HOST a b"], ["504 That is no host name."]],
    [["REIN", "USER x", "HOST a.example"], ["503 HOST comes before USER."]]
  ])("%j", (lines, expected) => {
    assert.deepStrictEqual(last(lines).said, expected)
  })

  it("over the quota ALLO says so", () => {
    const account = { ...writer, limits: { quotaBytes: 20 } }
    assert.deepStrictEqual(last(["ALLO 11"], account).said, ["552 The quota is used up: 20 bytes are allowed."])
  })

  it("ALLO knows the server's largest file, where the account has no smaller one", () => {
    const account = { ...writer, limits: {} }
    assert.deepStrictEqual(last(["ALLO 3000"], account).said, ["452 No space left on the storage."])
    assert.deepStrictEqual(last(["ALLO 3001"], account).said, [
      "552 Larger than an upload may be: 3000 bytes are allowed."
    ])
  })

  it("a limit that an upload or a change runs into is named with its number", () => {
    const account = { ...writer, limits: { quotaBytes: 20, quotaFiles: 3, uploadSize: 7 } }
    const told = (fault: FileFault, limits = account) => {
      const { world } = last(["TYPE I", "PASV"], limits)
      world.tell({ _tag: "LineRead", line: Command.parse("STOR a") })
      world.tell({ _tag: "TransferEnded", outcome: { _tag: "Fault", fault } })
      world.tell({ _tag: "LineRead", line: Command.parse("COMB a b") })
      world.tell({ _tag: "Changed", result: Either.left(fault) })
      return world.said.slice(-2).map(({ reply }) => `${reply.code} ${reply.lines.join("|")}`)
    }
    const twice = (text: string) => [text, text]
    assert.deepStrictEqual(told("TooLarge"), twice("552 Larger than an upload may be: 7 bytes are allowed."))
    assert.deepStrictEqual(told("QuotaBytes"), twice("552 The quota is used up: 20 bytes are allowed."))
    assert.deepStrictEqual(told("QuotaFiles"), twice("552 The quota is used up: 3 files are allowed."))
    assert.deepStrictEqual(told("QuotaExceeded"), twice("552 The quota of the disk is used up."))
  })

  it("FEAT marks the algorithm that is chosen, and has a line for what clients look for", () => {
    const lines = (...before: ReadonlyArray<string>) => last([...before, "FEAT"]).said[0]?.split("|") ?? []
    assert.include(lines(), "HASH SHA-256*;SHA-512;SHA-1;MD5;CRC32")
    assert.include(lines("OPTS HASH MD5"), "HASH SHA-256;SHA-512;SHA-1;MD5*;CRC32")
    const others =
      "AVBL|COMB|CSID|HOST|LANG EN*|MFF Modify;UNIX.mode;|MFMT|MODE Z|RANG STREAM|XCRC|XMD5|XSHA1|XSHA256|XSHA512"
    for (const line of others.split("|")) assert.include(lines(), line)
  })

  it("STAT tells the mode, and a transfer is made in it", () => {
    assert.include(last(["MODE Z", "STAT"]).said[0], "transfer MODE: Deflate")
    const { action } = last(["MODE Z", "PASV", "RETR a"])
    assert.strictEqual(action?._tag === "Transfer" ? action.mode : undefined, "Z")
  })

  it("RETR behind RANG moves the part, REST and STOR the rest, APPE goes to the end", () => {
    const payload = (...lines: ReadonlyArray<string>) => {
      const { action } = last(["TYPE I", "PASV", ...lines])
      return action?._tag === "Transfer" ? action.payload : undefined
    }
    assert.deepStrictEqual(payload("RANG 2 4", "RETR a") as unknown, { _tag: "File", path: "/a", offset: 2, end: 5 })
    assert.deepStrictEqual(payload("RANG 1 0", "RETR a") as unknown, { _tag: "File", path: "/a", offset: 0 })
    const upload = { _tag: "Upload", path: "/a", create: true, replace: true }
    assert.deepStrictEqual(payload("REST 3", "STOR a") as unknown, { ...upload, how: "Replace", offset: 3 })
    assert.deepStrictEqual(payload("REST 3", "APPE a") as unknown, { ...upload, how: "Append", offset: 0 })
    for (const between of [
      ["PASV"],
      ["EPSV"],
      ["PORT 127,0,0,1,200,1"],
      ["EPRT |1|127.0.0.1|2000|"],
      ["TYPE A", "TYPE I"]
    ]) {
      const whole = { _tag: "File", path: "/a", offset: 0 } as unknown
      assert.deepStrictEqual(payload("REST 3", ...between, "RETR a") as unknown, {
        _tag: "File",
        path: "/a",
        offset: 3
      })
      assert.deepStrictEqual(payload("RANG 2 4", ...between, "RETR a") as unknown, {
        _tag: "File",
        path: "/a",
        offset: 2,
        end: 5
      })
      assert.deepStrictEqual(payload("REST 3", ...between, "NOOP", "RETR a") as unknown, whole)
    }
    const appending = { ...upload, how: "Append", offset: 0 }
    for (const lines of [
      ["SIZE a", "APPE a"],
      ["SIZE a", "EPSV", "TYPE I", "APPE a"],
      ["SIZE a", "PORT 127,0,0,1,200,1", "PASV", "APPE a"]
    ]) {
      assert.deepStrictEqual(payload(...lines) as unknown, { ...appending, resumes: true })
    }
    for (const lines of [
      ["SIZE a", "NOOP", "APPE a"],
      ["SIZE b", "APPE a"],
      ["SIZE a", "SIZE b", "APPE a"],
      ["SIZE a", "bad", "APPE a"],
      ["SIZE a", "CWD /", "PASV", "APPE a"]
    ]) {
      assert.deepStrictEqual(payload(...lines) as unknown, appending)
    }
    assert.notProperty(payload("SIZE a", "TYPE A", "APPE a"), "resumes")
    assert.deepStrictEqual(payload("STOU") as unknown, {
      ...upload,
      path: "/upload",
      how: "Unique",
      offset: 0,
      replace: false
    })
  })

  it("a login over a limit is told which, and ends the session", () => {
    const world = World.make(writer)
    world.exchange(Command.parse("USER joe"))
    world.tell({ _tag: "LineRead", line: Command.parse("PASS x") })
    world.tell({ _tag: "LoginDecided", verdict: { _tag: "Limited", reason: "Two sessions are the most." } })
    assert.deepStrictEqual(world.said.at(-1)?.reply, { code: 421, lines: ["Two sessions are the most."] })
    assert.isTrue(world.state().closed)
  })

  it("an answer that nobody waits for changes nothing", () => {
    const { world } = last(["NOOP"])
    const stray: ReadonlyArray<Event> = [
      { _tag: "Changed", result: Either.void },
      { _tag: "Digested", result: Either.left("Io") },
      { _tag: "Measured", result: Either.left("Io") }
    ]
    for (const event of stray) {
      assert.deepStrictEqual(Session.step(world.state(), event), { state: world.state(), replies: [], actions: [] })
    }
  })
})
