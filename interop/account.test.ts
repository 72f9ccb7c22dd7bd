import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"
import { temporary } from "./support/Temporary.ts"

const cases = fileURLToPath(new URL("./pty/account.py", import.meta.url))

describe("weft account at a terminal", () => {
  const folder = temporary()

  it.each([
    ["asks for the password twice, and keeps no more than its hash", "asks_twice"],
    ["shows nothing of what is typed", "shows_nothing"],
    ["changes nothing where the two differ", "differs"],
    ["changes nothing for an empty one", "is_empty"],
    ["changes nothing when it is left in the middle", "is_left"]
  ])("%s", { timeout: 120_000 }, async (_does, name) => {
    const words = [cases, name, process.execPath, Server.main, Path.join(folder(), "accounts.yaml")]
    const { code, stderr } = await Program.run("python3", words, { cwd: folder() })
    assert.strictEqual(code, 0, stderr)
  })
})
