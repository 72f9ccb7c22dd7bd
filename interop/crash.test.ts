import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Operator from "./support/Operator.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"
import { temporary } from "./support/Temporary.ts"
import * as Tree from "./support/Tree.ts"

const writer = fileURLToPath(new URL("./ftplib/writer.py", import.meta.url))

const kills = 15

const isSealed = (file: string): boolean => {
  const bytes = Fs.readFileSync(file)
  return Tree.sha256(bytes.subarray(64)) === bytes.subarray(0, 64).toString()
}

const isHidden = (name: string): boolean => Path.basename(name).startsWith(".weft-")

describe("a server that is killed while clients store", () => {
  const folder = temporary()

  it(`leaves whole files only, ${kills} times, and sweeps the rest when it starts`, { timeout: 400_000 }, async () => {
    const operator = Operator.make(folder())
    await operator.add("joe", "read-write")
    const home = operator.home("joe")
    Fs.mkdirSync(Path.join(home, "folder"))
    const root = Path.join(folder(), "served")
    Fs.mkdirSync(root)
    let leftovers = 0
    for (let round = 0; round < kills; round++) {
      const carriers = round % 2 === 0 ? ["--shards", "0"] : ["--shards", "1", "--threads", "1"]
      const server = await Server.start(root, ["--accounts", operator.file, "--sync-uploads", "false", ...carriers])
      await Server.until(
        () => !Operator.everything(home).some(isHidden),
        () => `not swept: ${Operator.everything(home)}`
      )
      const words = [writer, String(server.port), Operator.password, String(round)]
      const client = Program.start("python3", words, { cwd: folder() })
      await new Promise((resolve) => client.child.stdout.once("data", resolve))
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300))
      server.signal("SIGKILL")
      await server.ended
      await client.ended
      const names = Operator.everything(home)
      leftovers += names.filter(isHidden).length
      for (const name of names.filter((name) => name !== "folder" && !isHidden(name))) {
        assert.isTrue(isSealed(Path.join(home, name)), `${name} is not whole after kill ${round}`)
      }
    }
    // Or the kills came at moments that prove nothing.
    assert.isAbove(leftovers, kills / 5)
  })
})
