import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { withHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"

const cases = fileURLToPath(new URL("./ftplib/cases.py", import.meta.url))

/** Room for 300 in all, so that they are inside at once only if every pool of every shard carries its 150. */
const room = ["--threads", "2", "--clients-per-thread", "150", "--queue", "0"]

describe.each([
  { carriers: "two shards", flags: ["--shards", "2"], says: /\(2 shards, 2 threads of 150 clients[,)]/ },
  { carriers: "the main thread", flags: ["--shards", "0"], says: /\(main thread, 2 threads of 150 clients[,)]/ }
])("three hundred clients on $carriers", ({ flags, says }) => {
  const house = withHouse([...room, ...flags], / WARN +clients refused Full=\d+$/)

  it("are served at once, the next one is turned away, and nothing is left of them", async () => {
    const { folder, port, server, tree } = house()
    assert.match(server.readyLine, says)
    const words = [cases, "crowd", "127.0.0.1", String(port), tree.root]
    const visit = async () => {
      const { code, stderr } = await Program.run("python3", words, { cwd: folder() })
      assert.strictEqual(code, 0, stderr)
    }
    await visit()
    const before = await Server.settledDescriptors(server)
    await visit()
    await Server.descriptorsBackTo(server, before)
    assert.isBelow(before, 100)
    const told = () => server.log().match(/ download .*path=\/piece\.bin .*outcome=Done/g)?.length ?? 0
    // What is logged is written when the sessions have long gone on.
    await Server.until(
      () => told() >= 600,
      () => `${told()} downloads were logged`
    )
    assert.strictEqual(told(), 600)
  })
})
