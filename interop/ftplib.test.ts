import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { inEachHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"

const cases = fileURLToPath(new URL("./ftplib/cases.py", import.meta.url))

const everywhere: ReadonlyArray<readonly [does: string, name: string]> = [
  ["fetches, resumes and lists in passive mode", "passive"],
  ["fetches, resumes and lists in active mode", "active"],
  ["leaves a transfer with ABOR, and goes on", "aborts"],
  ["is heard while a transfer runs", "interleaves"]
]

const once: ReadonlyArray<readonly [does: string, name: string]> = [
  ["reads text as text", "text"],
  ["lists in every way", "listings"],
  ["asks for size, time, facts and status", "questions"],
  ["fetches odd names in two encodings", "odd_names"],
  ["closes data connections early, and goes on", "closes_data"],
  ["is refused what is missing, malformed or a change", "refusals"]
]

inEachHouse("ftplib", (house) => {
  const python = async (name: string, host: string) => {
    const words = [cases, name, host, String(house().port), house().tree.root]
    const { code, stderr } = await Program.run("python3", words, { cwd: house().folder() })
    assert.strictEqual(code, 0, stderr)
  }

  it.each(everywhere)("%s", (_does, name) => python(name, "127.0.0.1"))

  it.each(everywhere)("over IPv6 %s", (_does, name) => python(name, "::1"))

  it.each(once)("%s", (_does, name) => python(name, "127.0.0.1"))
})
