import { randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Readable } from "node:stream"
import { assert, it } from "@effect/vitest"
import { Client, FTPError } from "basic-ftp"
import { inEachOffice, password } from "./support/Operator.ts"
import * as Same from "./support/Same.ts"
import * as Tree from "./support/Tree.ts"

inEachOffice("basic-ftp", (office) => {
  const visit = async (use: (client: Client) => Promise<void>): Promise<void> => {
    const client = new Client(20_000)
    try {
      await client.access({ host: "127.0.0.1", port: office().port, user: "joe", password })
      await use(client)
    } finally {
      client.close()
    }
  }

  const home = (name: string) => Path.join(office().operator.home("joe"), name)

  it("moves trees up and down", () =>
    visit(async (client) => {
      const cwd = office().folder()
      const tree = Tree.make(cwd)
      Fs.unlinkSync(Path.join(tree.root, "way out"))
      Fs.unlinkSync(Path.join(tree.root, "deep/link to text"))
      for (const folder of ["odd", "many"]) Fs.rmSync(Path.join(tree.root, folder), { recursive: true })
      await client.ensureDir("/trees/of/many kinds")
      await client.uploadFromDir(tree.root)
      Same.folders(home("trees/of/many kinds"), tree.root)
      await client.cd("/")
      await client.downloadToDir(Path.join(cwd, "down"), "/trees/of/many kinds")
      Same.folders(Path.join(cwd, "down"), tree.root)
      await client.removeDir("/trees")
      assert.isFalse(Fs.existsSync(home("trees")))
    }))

  it("stores, appends, renames, asks and deletes", () =>
    visit(async (client) => {
      const bytes = randomBytes(500_000)
      await client.uploadFrom(Readable.from([bytes]), "it's a file.bin")
      await client.appendFrom(Readable.from([bytes.subarray(0, 10)]), "it's a file.bin")
      assert.strictEqual(await client.size("it's a file.bin"), 500_010)
      assert.isBelow(Math.abs((await client.lastMod("it's a file.bin")).getTime() - Date.now()), 60_000)
      await client.rename("it's a file.bin", "renamed")
      const listed = (await client.list()).find(({ name }) => name === "renamed")
      assert.deepStrictEqual([listed?.size, listed?.isFile], [500_010, true])
      await client.remove("renamed")
      assert.isFalse(Fs.existsSync(home("renamed")))
      const refused = await client.remove("renamed").catch((error: unknown) => error)
      assert.isTrue(refused instanceof FTPError && refused.code === 550)
    }))
})
