import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"
import * as Tree from "./support/Tree.ts"

const base = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-interop-"))
let tree: Tree.Tree

beforeAll(() => {
  tree = Tree.make(base)
})

afterAll(() => Fs.rmSync(base, { recursive: true, force: true }))

/** A client in the middle of a download, which it takes at so many bytes a second. */
const download = async (server: Server.Server, rate: string) => {
  const cwd = Fs.mkdtempSync(Path.join(base, "client-"))
  const file = Path.join(cwd, "big.bin")
  const words = ["--silent", "--show-error", "--limit-rate", rate, "-o", file, `ftp://127.0.0.1:${server.port}/big.bin`]
  const client = Program.start("curl", words, { cwd })
  const size = () => Fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
  await Server.until(
    () => size() > 0,
    () => "the client got nothing"
  )
  return { client, file }
}

/** One that idles, and one that reads a little of a file and then nothing; each says when it is there, and then what it hears. */
const clients = {
  idle: `
import ftplib, sys
ftp = ftplib.FTP(timeout=30)
ftp.connect("127.0.0.1", int(sys.argv[1]))
ftp.login()
print("in", flush=True)
print(ftp.file.read())
`,
  stalled: `
import ftplib, sys
ftp = ftplib.FTP(timeout=30)
ftp.connect("127.0.0.1", int(sys.argv[1]))
ftp.login()
data = ftp.transfercmd("RETR big.bin")
assert len(data.recv(1000)) > 0
print("in", flush=True)
print(ftp.file.read())
`
}

const enter = async (server: Server.Server, kind: keyof typeof clients): Promise<Program.Program> => {
  const client = Program.start("python3", ["-c", clients[kind], String(server.port)], { cwd: base })
  await new Promise<void>((resolve, reject) => {
    client.child.stdout.once("data", () => resolve())
    client.ended.then(({ stderr }) => reject(new Error(stderr)), reject)
  })
  return client
}

/** What it heard until the server closed. */
const heard = async (client: Program.Program): Promise<string> => {
  const { code, stderr, stdout } = await client.ended
  assert.strictEqual(code, 0, stderr)
  return stdout
}

describe.each([
  { name: "with its shards", flags: [] },
  { name: "on one thread", flags: ["--shards", "0"] }
])("SIGTERM: the server $name", ({ flags }) => {
  it("finishes a transfer that runs, ends idle sessions, takes nobody in, and exits with 0", async () => {
    const server = await Server.start(tree.root, [...flags, "--drain-timeout", "30s"])
    const idle = await enter(server, "idle")
    const { client, file } = await download(server, "4M")
    server.signal("SIGTERM")
    assert.match(await heard(idle), /^in\n421 .*\n+$/)
    assert.isBelow(Fs.statSync(file).size, Tree.bigSize, "the transfer runs still")
    const newcomer = await Program.run("curl", ["--silent", "--verbose", `ftp://127.0.0.1:${server.port}/`], {
      cwd: base
    })
    assert.isTrue(newcomer.code === 7 || (newcomer.code === 8 && newcomer.stderr.includes("< 421 ")), newcomer.stderr)
    const { code, stderr } = await client.ended
    assert.strictEqual(code, 0, stderr)
    assert.isTrue(Fs.readFileSync(file).equals(tree.big))
    const exit = await server.ended
    assert.deepStrictEqual([exit.code, exit.signal], [0, null])
    Server.assertQuiet(exit.stderr)
  })

  it("exits with 0 at once when nobody is there", async () => {
    const server = await Server.start(tree.root, [...flags, "--drain-timeout", "10m"])
    await Server.stop(server)
  })

  it("cuts what outlasts the drain timeout, and exits with 0", async () => {
    const server = await Server.start(tree.root, [...flags, "--drain-timeout", "500ms"])
    const stalled = await enter(server, "stalled")
    await Server.stop(server)
    assert.notInclude(await heard(stalled), "226")
  })

  it.each(["SIGTERM", "SIGINT"] as const)("a second signal, %s, ends it at once", async (second) => {
    const server = await Server.start(tree.root, [...flags, "--drain-timeout", "10m"])
    const [stalled, idle] = [await enter(server, "stalled"), await enter(server, "idle")]
    server.signal("SIGTERM")
    assert.match(await heard(idle), /421 /, "the first signal is heard")
    server.signal(second)
    assert.strictEqual((await server.ended).signal, second)
    assert.notInclude(await heard(stalled), "226")
  })
})
