import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import { type House, inEachHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"
import * as Tree from "./support/Tree.ts"

const at = ({ port }: House, path: string) => `ftp://127.0.0.1:${port}/${path}`

/** Starts clients that take their time, waits until all of them have got something, and kills them in the middle of it. */
const killInMidTransfer = async (house: House, words: ReadonlyArray<string>, path: string): Promise<void> => {
  const cwd = house.folder()
  const clients = Array.from({ length: 6 }, (_, index) =>
    Program.start("curl", ["--silent", "--no-buffer", ...words, "-o", String(index), at(house, path)], { cwd })
  )
  const files = clients.map((_, index) => Path.join(cwd, String(index)))
  const sizes = () => files.map((file) => Fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0)
  await Server.until(
    () => sizes().every((size) => size > 0),
    () => `not all clients got something: ${sizes()}`
  )
  for (const { kill } of clients) kill("SIGKILL")
  for (const { ended } of clients) assert.strictEqual((await ended).signal, "SIGKILL")
}

inEachHouse("clients that die", (house) => {
  it.each([
    ["in a passive download", ["--limit-rate", "100k"], "big.bin"],
    ["in an active download", ["--limit-rate", "100k", "-P", "-"], "big.bin"],
    ["in a download as text", ["--limit-rate", "100k"], "big.bin;type=a"],
    ["in a listing", ["--limit-rate", "1k"], "many/"]
  ] as const)("%s leave nothing behind", async (_where, words, path) => {
    await killInMidTransfer(house(), words, path)
    const before = await Server.settledDescriptors(house().server)
    await killInMidTransfer(house(), words, path)
    await Server.descriptorsBackTo(house().server, before)
    const { bytes, code } = await Program.run("curl", ["--silent", at(house(), "text.txt")], { cwd: house().folder() })
    assert.deepStrictEqual([code, bytes.toString()], [0, Tree.text])
  })

  it.each([
    ["before they log in", ""],
    ["after they have logged in", "USER x\r\nPASS y\r\n"],
    ["in the middle of a command", "USER x\r\nPASS y\r\nRETR big.b"],
    ["waiting for a passive connection that nobody makes", "USER x\r\nPASS y\r\nEPSV\r\nRETR big.bin\r\n"],
    ["with a passive connection promised", "USER x\r\nPASS y\r\nPASV\r\n"],
    ["with more commands sent than were answered", `USER x\r\nPASS y\r\n${"STAT many\r\n".repeat(200)}`]
  ])("%s leave nothing behind", async (_when, words) => {
    const { port, server } = house()
    const visit = async () => {
      const sockets = await Promise.all(
        Array.from({ length: 20 }, () => {
          const socket = Net.connect(port, "127.0.0.1")
          socket.on("error", () => {})
          return new Promise<Net.Socket>((resolve) =>
            socket.once("data", () => socket.write(words, () => resolve(socket)))
          )
        })
      )
      for (const socket of sockets) socket.resetAndDestroy()
    }
    await visit()
    const before = await Server.settledDescriptors(server)
    await visit()
    await Server.descriptorsBackTo(server, before)
  })
})

inEachHouse("what is no file", (house) => {
  it("is listed for what it is, and refused at once", async () => {
    const { folder, server, tree } = house()
    const odd = Path.join(tree.root, "special")
    Fs.mkdirSync(odd)
    const make = (command: string, words: ReadonlyArray<string>) => Program.run(command, words, { cwd: odd })
    assert.strictEqual((await make("mkfifo", ["fifo"])).code, 0)
    const listener = Net.createServer().listen(Path.join(odd, "socket"))
    await new Promise((resolve) => listener.once("listening", resolve))
    // Only root may make a device, and not in every container.
    const device = await make("mknod", ["device", "c", "1", "5"])
    const names = ["fifo", "socket", ...(device.code === 0 ? ["device"] : [])]
    const fetchAll = async () => {
      for (const name of names) {
        const words = ["--silent", "--verbose", "--max-time", "10", at(house(), `special/${name}`)]
        const { code, stderr } = await Program.run("curl", words, { cwd: folder() })
        assert.strictEqual(code, 78, stderr)
        assert.match(stderr, /< 550 Not a regular file\./)
      }
    }
    try {
      // Often enough that every shard has had its turn.
      for (let round = 0; round < 4; round++) await fetchAll()
      const before = await Server.settledDescriptors(server)
      await fetchAll()
      await Server.descriptorsBackTo(server, before)
      const { stdout } = await Program.run("curl", ["--silent", at(house(), "special/")], { cwd: folder() })
      for (const name of names) assert.match(stdout, new RegExp(`^[pscb]\\S{9} .* ${name}\\r?$`, "m"))
    } finally {
      listener.close()
      Fs.rmSync(odd, { recursive: true })
    }
  })
})
