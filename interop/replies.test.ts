import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { inEachOffice, password } from "./support/Operator.ts"
import * as Program from "./support/Program.ts"

const dialogues = fileURLToPath(new URL("./ftplib/replies.py", import.meta.url))

inEachOffice(
  "replies",
  (office) => {
    it.each([
      ["room", "room"],
      ["storing", "stores"],
      ["restart markers and ranges", "restarts"],
      ["names", "names"],
      ["times, modes and sizes", "attributes"],
      ["digests", "digests"],
      ["types, modes and manners", "parameters"]
    ])("what is said about %s", async (_about, group) => {
      const words = [dialogues, group, "127.0.0.1", String(office().port), office().operator.home("joe"), password]
      const { code, stderr } = await Program.run("python3", words, { cwd: office().folder() })
      assert.strictEqual(code, 0, stderr)
    })
  },
  [],
  { expected: / WARN +upload interrupted .* outcome=BadData / }
)
