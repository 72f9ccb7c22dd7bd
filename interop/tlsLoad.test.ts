import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, afterEach, assert, describe, it } from "@effect/vitest"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Server from "./support/Server.ts"

const base = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-load-"))
afterAll(() => Fs.rmSync(base, { recursive: true, force: true }))

const root = Path.join(base, "served")
const names = Array.from({ length: 100_000 }, (_, index) => `entry-${String(index).padStart(6, "0")}`)
Fs.mkdirSync(Path.join(root, "many"), { recursive: true })
for (const name of names) Fs.writeFileSync(Path.join(root, "many", name), "")
/** A gigabyte of nothing, which takes no room on the disk. */
const hugeSize = 2 ** 30
Fs.writeFileSync(Path.join(root, "huge"), "")
Fs.truncateSync(Path.join(root, "huge"), hugeSize)

const curl = (port: number, words: ReadonlyArray<string>, path: string) =>
  Program.start(
    "curl",
    ["--silent", "--show-error", "--insecure", "--ssl-reqd", ...words, `ftp://127.0.0.1:${port}${path}`],
    { cwd: base, timeout: 120_000 }
  )

/** Clients of FTP_TLS in one program: each does this with its connection, and the program says when all have. */
const clients = (port: number, count: number, each: string, last: string) =>
  Program.start(
    "python3",
    [
      "-c",
      `
import ftplib, signal, ssl
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
kept = []
for _ in range(${count}):
    ftp = ftplib.FTP_TLS(context=context, timeout=30)
    ftp.connect("127.0.0.1", ${port})
    ftp.login()
    ftp.prot_p()
    kept.append((ftp, ${each}))
print("in", flush=True)
${last}
`
    ],
    { cwd: base, timeout: 120_000 }
  )

const areIn = (program: Program.Program) =>
  new Promise<void>((resolve, reject) => {
    program.child.stdout.once("data", () => resolve())
    program.ended.then(({ stderr }) => reject(new Error(stderr)), reject)
  })

const resident = ({ pid }: Server.Server): number => {
  const [, kilobytes = Number.NaN] = /^VmRSS:\s+(\d+) kB$/m.exec(Fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? []
  return Number(kilobytes) * 1024
}

describe.each([
  ["with its shards", []],
  ["on one thread", ["--shards", "0"]]
] as const)("under TLS: the server %s", (_name, carriers) => {
  const running = new Set<Server.Server>()
  // One that a failed test has left.
  afterEach(() => {
    for (const server of running) server.signal("SIGKILL")
  })

  const start = async (...flags: ReadonlyArray<string>) => {
    const server = await Server.start(root, [...carriers, "--tls-self-signed", "--implicit-tls-port", "0", ...flags])
    running.add(server)
    void server.ended.finally(() => running.delete(server))
    return server
  }

  it("lists 100,000 entries", { timeout: 150_000 }, async () => {
    const server = await start()
    const { code, stderr, stdout } = await curl(server.port, ["--list-only"], "/many/").ended
    assert.strictEqual(code, 0, stderr)
    Same.lists(stdout.split(/\r?\n/).filter(Boolean).sort(), names)
    await Server.stop(server)
  })

  it("holds little of what stalled clients do not take", { timeout: 150_000 }, async () => {
    const server = await start()
    // What the first one costs is the code that runs for it.
    for (const count of [1, 1]) {
      const warm = clients(server.port, count, "ftp.nlst('/')", "")
      await warm.ended
    }
    const before = resident(server)
    const count = 24
    const stalled = clients(server.port, count, "ftp.transfercmd('RETR huge').recv(1000)", "signal.pause()")
    await areIn(stalled)
    let [last, same] = [0, 0]
    await Server.until(
      () => {
        const now = resident(server)
        same = Math.abs(now - last) < 2 ** 20 ? same + 1 : 0
        last = now
        return same > 20
      },
      () => `it grows: ${last}`
    )
    assert.isBelow((last - before) / count, 4 * 2 ** 20)
    stalled.kill()
    await Server.stop(server, / WARN /)
  })

  it("finishes a transfer that runs when it is told to stop, and says so to who idles", {
    timeout: 150_000
  }, async () => {
    const server = await start("--drain-timeout", "60s")
    const idle = clients(server.port, 1, "None", "print(kept[0][0].file.read())")
    await areIn(idle)
    const file = Path.join(base, "part")
    const client = curl(
      server.port,
      ["--limit-rate", "20M", "--range", `${hugeSize - 30_000_000}-`, "-o", file],
      "/huge"
    )
    await Server.until(
      () => (Fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0,
      () => "nothing comes"
    )
    server.signal("SIGTERM")
    assert.match((await idle.ended).stdout, /^in\n421 .*\n+$/)
    assert.isBelow(Fs.statSync(file).size, 30_000_000, "the transfer runs still")
    const { code, stderr } = await client.ended
    assert.strictEqual(code, 0, stderr)
    assert.isTrue(Fs.readFileSync(file).equals(Buffer.alloc(30_000_000)))
    assert.strictEqual((await server.ended).code, 0)
    Fs.rmSync(file)
  })

  it("refuses who is too much, in words only where these are understood", async () => {
    const server = await start("--max-clients", "1")
    const one = clients(server.port, 1, "None", "signal.pause()")
    await areIn(one)
    const said = (port: number) =>
      new Promise<string>((resolve) => {
        let text = ""
        const socket = Net.connect(port, "127.0.0.1")
        socket.on("data", (bytes) => {
          text += bytes.toString()
        })
        socket.on("error", () => {})
        socket.once("close", () => resolve(text))
      })
    assert.match(await said(server.port), /^421 .*\r\n$/)
    assert.strictEqual(await said(server.implicitPort), "")
    one.kill()
    await Server.stop(server, / WARN /)
  })
})
