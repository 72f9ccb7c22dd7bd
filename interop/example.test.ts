import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"

const project = fileURLToPath(new URL("..", import.meta.url))
const built = Path.join(project, "dist/example/examples/ftp-beside-http.js")

describe("examples/ftp-beside-http", () => {
  const cwd = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-interop-"))
  let example: Program.Program | undefined
  let ftp = ""
  let http = ""

  beforeAll(async () => {
    const words = ["node_modules/typescript/bin/tsc", "-p", "examples/tsconfig.json"]
    const build = await Program.run(process.execPath, words, { cwd: project })
    assert.strictEqual(build.code, 0, build.stdout + build.stderr)
    const environment = { FTP_PORT: "0", HTTP_PORT: "0" }
    const program = Program.start(process.execPath, [built], { cwd, environment })
    example = program
    const line = await new Promise<string>((resolve, reject) => {
      program.child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()))
      program.ended.then(({ stderr }) => reject(new Error(stderr)), reject)
    })
    const [, ftpPort, httpPort] = /^example: FTP on port (\d+), HTTP on port (\d+)\n$/.exec(line) ?? []
    assert.isDefined(httpPort, line)
    ftp = `ftp://localhost:${ftpPort}/`
    http = `http://localhost:${httpPort}`
  })

  afterAll(() => {
    example?.kill()
    Fs.rmSync(cwd, { recursive: true, force: true })
  })

  const fetched = async (path: string): Promise<string> => {
    const { bytes, code, stderr } = await Program.run("curl", ["--silent", "--show-error", `${ftp}${path}`], { cwd })
    assert.strictEqual(code, 0, stderr)
    return bytes.toString()
  }

  const counts = async (): Promise<Record<string, number>> => JSON.parse(await (await fetch(`${http}/events`)).text())

  it("serves by FTP what was PUT or POSTed by HTTP, and counts what FTP clients do", async () => {
    const names = ["notes.txt", "a folder/größe.txt"]
    for (const [index, name] of names.entries()) {
      const method = index === 0 ? "PUT" : "POST"
      const { status } = await fetch(`${http}/files/${encodeURI(name)}`, { method, body: `This is ${name}.` })
      assert.strictEqual(status, 201)
      assert.strictEqual(await fetched(encodeURI(name)), `This is ${name}.`)
    }
    await fetch(`${http}/files/notes.txt`, { method: "PUT", body: "Changed." })
    assert.strictEqual(await fetched("notes.txt"), "Changed.")
    assert.match(
      await fetched(""),
      /^drwxr-xr-x .* a folder\r?\n-rw-r--r-- .* 8 .* notes\.txt\r?\n-rw.* welcome\.txt\r?\n$/
    )

    const refused = await Program.run("curl", ["--silent", "-T", built, `${ftp}new.js`], { cwd })
    assert.strictEqual(refused.code, 25)
    let last: Record<string, number> = {}
    const poll = setInterval(() => void counts().then((now) => (last = now)), 50)
    await Server.until(
      () => last["SessionEnded"] === 5,
      () => JSON.stringify(last)
    ).finally(() => clearInterval(poll))
    assert.deepStrictEqual(last, { SessionStarted: 5, LoggedIn: 5, TransferEnded: 4, SessionEnded: 5 })
  })

  it("refuses names that are none", async () => {
    for (const name of ["a%0Ab", "a%00b"]) {
      const { status } = await fetch(`${http}/files/${name}`, { method: "PUT", body: "" })
      assert.strictEqual(status, 400, name)
    }
  })

  it("ends with 0 by SIGINT, after the transfers that run", async () => {
    const body = new Uint8Array(30 * 1024 * 1024).fill(7)
    await fetch(`${http}/files/slow.bin`, { method: "PUT", body })
    const file = Path.join(cwd, "slow.bin")
    const client = Program.start("curl", ["--silent", "--limit-rate", "12M", "-o", file, `${ftp}slow.bin`], { cwd })
    await Server.until(
      () => (Fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0,
      () => "the download did not start"
    )
    assert.isDefined(example)
    process.kill(example.pid, "SIGINT")
    const { code, signal, stderr } = await example.ended
    assert.deepStrictEqual([code, signal], [0, null], stderr)
    assert.strictEqual((await client.ended).code, 0)
    assert.isTrue(Fs.readFileSync(file).equals(body))
    assert.match(stderr, /^$/)
  })
})
