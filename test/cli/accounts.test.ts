import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url))
const cwd = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-account-"))
const at = (name: string): string => Path.join(cwd, name)

const start = (words: ReadonlyArray<string>, environment: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, [main, ...words], { cwd, env: { PATH: process.env["PATH"] ?? "", ...environment } })

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const weft = (line: string, input = "", environment: Record<string, string> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = start(line.split(" "), environment)
    let [stdout, stderr] = ["", ""]
    child.stdout?.on("data", (text) => (stdout += String(text)))
    child.stderr?.on("data", (text) => (stderr += String(text)))
    child.on("close", (code) => resolve({ code, stdout, stderr }))
    child.stdin?.on("error", () => {}).end(input)
  })

const refused = async (line: string, message: RegExp, code = 1, input = "x"): Promise<void> => {
  const outcome = await weft(line, input)
  assert.match(outcome.stderr, message)
  assert.match(outcome.stderr, /^weft: [^\n]+\n$/, "exactly one line")
  assert.strictEqual(outcome.stdout, "")
  assert.strictEqual(outcome.code, code)
}

beforeAll(() => Fs.mkdirSync(at("FTP_FILES")))
afterAll(() => Fs.rmSync(cwd, { recursive: true, force: true }))

describe("weft account", () => {
  it("writes no YAML into a file that is called TOML", async () => {
    const told = /x\.toml.*: accounts are kept as YAML or JSON, not as TOML/
    await refused("account add ann --accounts x.toml --password-stdin", told)
    assert.isFalse(Fs.existsSync(at("x.toml")))
    Fs.writeFileSync(at("x.toml"), "", { mode: 0o600 })
    await refused("serve --accounts x.toml", told)
    assert.strictEqual(Fs.readFileSync(at("x.toml"), "utf8"), "")
    Fs.rmSync(at("x.toml"))
  })

  it("adds, shows, changes and removes accounts", { timeout: 120_000 }, async () => {
    const added = await weft(
      "account add ann --accounts a.yaml --home homes/ann --permissions read-write --password-stdin",
      "a secret\n"
    )
    assert.deepStrictEqual(added, {
      code: 0,
      stdout: `weft: created ${at("homes/ann")}\nweft: account ann added to ${at("a.yaml")}\n`,
      stderr: ""
    })
    assert.strictEqual(Fs.statSync(at("a.yaml")).mode & 0o777, 0o600)
    const text = Fs.readFileSync(at("a.yaml"), "utf8")
    assert.match(text, /password: \$scrypt\$ln=15,r=8,p=1\$/)
    assert.notInclude(text, "secret")
    Fs.writeFileSync(at("a.yaml"), `# ours\n${text}`)
    const quota = await weft("account add bob --quota 10GiB --max-sessions 2 --password-stdin", "x", {
      WEFT_ACCOUNTS: "a.yaml"
    })
    assert.strictEqual(quota.stderr, "")
    const { stdout } = await weft("account list --accounts a.yaml")
    assert.deepStrictEqual(
      stdout.split("\n").map((line) => line.split(/ +/)),
      [
        ["NAME", "HOME", "PERMISSIONS", "LIMITS"],
        ["ann", at("homes/ann"), "read-write", "-"],
        ["bob", "-", "read-only", "sessions=2", "quotaBytes=10GiB"],
        [""]
      ]
    )
    const before = Fs.readFileSync(at("a.yaml"), "utf8")
    assert.match(before, /^# ours\n/)
    assert.strictEqual((await weft("account passwd ann --accounts a.yaml --password-stdin", "other")).code, 0)
    assert.notStrictEqual(Fs.readFileSync(at("a.yaml"), "utf8"), before)
    assert.strictEqual((await weft("account remove bob --accounts a.yaml")).code, 0)
    const json = JSON.parse((await weft("account list --accounts a.yaml --json")).stdout)
    assert.deepStrictEqual(
      json.map(({ name }: { readonly name: string }) => name),
      ["ann"]
    )
  })

  it("says what is wrong", { timeout: 120_000 }, async () => {
    await weft("account add ann --accounts b.json --password-stdin", "x")
    Fs.writeFileSync(at("broken.yaml"), "accounts:\n  - name: ann\n", { mode: 0o600 })
    Fs.symlinkSync("nowhere", at("dangling.yaml"))
    const add = "account add ann --password-stdin --accounts"
    await refused(`${add} b.json`, /account ann is there already/)
    await refused("account passwd eve --accounts b.json --password-stdin", /there is no account eve/)
    await refused("account remove eve --accounts b.json", /there is no account eve/)
    await refused("account add a:b --accounts b.json --password-stdin", /NAME a:b: expected a name/)
    await refused(`${add} c.yaml`, /the password is empty/, 1, "\n")
    await refused(`${add} c.yaml`, /more than one line/, 1, "a\nb\n")
    await refused(`${add} c.yaml --permissions all`, /--permissions all: expected read-only, read-write or a list/)
    await refused("account add ann --accounts c.yaml", /standard input is no terminal.*--password-stdin/, 2)
    await refused(`${add} broken.yaml`, /broken\.yaml:2: account ann: password is missing/)
    await refused(`${add} dangling.yaml`, /--accounts \S+dangling\.yaml: a symbolic link to a file that is not there/)
    await refused(`${add} none/c.yaml`, /no such file|no such folder/)
    await refused("account list", /--accounts is missing: expected --accounts FILE, WEFT_ACCOUNTS, or/)
    await refused("account list --accounts none.yaml", /--accounts \S+none\.yaml: no such file/)
    const check = await weft("check --accounts broken.yaml")
    assert.match(check.stderr, /^weft: \S+broken\.yaml:2: account ann: password is missing\n$/)
    assert.strictEqual(check.code, 1)
    await refused("serve --port 0 --accounts broken.yaml", /broken\.yaml:2: account ann: password is missing/)
    assert.isFalse(Fs.existsSync(at("c.yaml")))
  })

  it("two that change the file at once lose nothing", async () => {
    const names = ["a", "b", "c", "d"]
    await Promise.all(names.map((name) => weft(`account add ${name} --accounts d.yaml --password-stdin`, "x")))
    const json = JSON.parse((await weft("account list --accounts d.yaml --json")).stdout)
    assert.sameMembers(
      json.map(({ name }: { readonly name: string }) => name),
      names
    )
  })

  it("lists and lifts bans", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString()
    Fs.writeFileSync(at("bans.json"), JSON.stringify({ bans: [{ address: "192.0.2.1", until }] }))
    assert.include((await weft("ban list --bans bans.json")).stdout, `192.0.2.1  ${until}`)
    await refused("ban lift 192.0.2.2 --bans bans.json", /192\.0\.2\.2 is not banned/)
    assert.strictEqual((await weft("ban lift 192.0.2.1 --bans bans.json")).code, 0)
    assert.deepStrictEqual(JSON.parse(Fs.readFileSync(at("bans.json"), "utf8")), { bans: [] })
    await refused("ban lift 192.0.2.1", /--bans is missing/)
  })
})

/** Talks one line at a time. */
const client = (port: number, localAddress = "127.0.0.1") => {
  const socket = Net.connect({ port, host: "127.0.0.1", localAddress })
  let text = ""
  let heard = () => {}
  socket.on("data", (bytes) => {
    text += bytes.toString()
    heard()
  })
  const reply = async (): Promise<string> => {
    while (!/^\d{3} .*\r\n/m.test(text)) await new Promise<void>((resolve) => (heard = resolve))
    const found = text
    text = ""
    return found.slice(0, 3)
  }
  const say = (line: string): Promise<string> => {
    socket.write(`${line}\r\n`)
    return reply()
  }
  return { reply, say, end: () => socket.destroy() }
}

/** The first that is written and matches. */
const written = (child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> =>
  new Promise((resolve, reject) => {
    let text = ""
    const hear = (more: unknown) => {
      text += String(more)
      const found = pattern.exec(text)
      if (found === null) return
      for (const from of [child.stdout, child.stderr]) from?.off("data", hear)
      resolve(found)
    }
    for (const from of [child.stdout, child.stderr]) from?.on("data", hear)
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${text}`)))
  })

it("guests are out on every shard once an account of theirs has been read, and in again without it", {
  timeout: 60_000
}, async () => {
  await weft("account add ann --accounts g.yaml --password-stdin", "right")
  const flags = ["--accounts", "g.yaml", "--anonymous", "--shards", "2", "--threads", "2", "--ban-after", "0"]
  const server = start(["serve", "--port", "0", ...flags])
  try {
    const port = Number((await written(server, /:(\d+), serving/))[1])
    const logins = async (lines: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
      const clients = Array.from({ length: 6 }, (_, i) => client(port, `127.0.0.${i + 1}`))
      const answers = await Promise.all(
        clients.map(async ({ reply, say }) => {
          let last = await reply()
          for (const line of lines) last = await say(line)
          return last
        })
      )
      for (const { end } of clients) end()
      return [...new Set(answers)]
    }
    const guest = ["USER anonymous", "PASS me@"]
    assert.deepStrictEqual(await logins(guest), ["230"])
    const shut = written(server, /accounts read anew/)
    await weft("account add anonymous --accounts g.yaml --password-stdin", "own")
    await shut
    assert.deepStrictEqual(await logins(guest), ["530"])
    assert.deepStrictEqual(await logins(["USER anonymous", "PASS own"]), ["230"])
    const opened = written(server, /accounts read anew/)
    await weft("account remove anonymous --accounts g.yaml")
    await opened
    assert.deepStrictEqual(await logins(guest), ["230"])
  } finally {
    server.kill("SIGKILL")
  }
})

it("weft serve --accounts lets in who is in the file, and SIGHUP does not end it", async () => {
  await weft("account add ann --accounts e.yaml --home e --permissions read-write --password-stdin", "right")
  const server = start(["serve", "--port", "0", "--shards", "0", "--accounts", "e.yaml", "--log-level", "none"])
  try {
    const port = await new Promise<number>((resolve, reject) => {
      server.once("exit", (code) => reject(new Error(`ended with ${code}`)))
      server.stdout?.once("data", (text) => {
        assert.include(String(text), `for the accounts of ${at("e.yaml")})`)
        resolve(Number(/:(\d+), serving/.exec(String(text))?.[1]))
      })
    })
    server.kill("SIGHUP")
    for (const [name, password, expected] of [
      ["ann", "right", "230"],
      ["ann", "wrong", "530"],
      ["eve", "right", "530"]
    ] as const) {
      const { end, reply, say } = client(port)
      assert.strictEqual(await reply(), "220")
      await say(`USER ${name}`)
      assert.strictEqual(await say(`PASS ${password}`), expected, `${name} ${password}`)
      end()
    }
  } finally {
    server.kill("SIGKILL")
  }
})
