import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { all } from "../../src/runtime/config/Settings.ts"

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url))
const cwd = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-main-"))

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Whether anybody may read the program: a clone in a folder of root's own is for root alone. */
const isOpen = (file: string): boolean => {
  const folder = Path.dirname(file)
  return (Fs.statSync(folder).mode & 0o005) === 0o005 && (folder === "/" || isOpen(folder))
}
const isRoot = process.getuid?.() === 0
const lowly = isRoot && isOpen(main) ? { uid: 65_534, gid: 65_534 } : {}
/** Root may read everything, and then there is nothing to be refused. */
const canBeRefused = !isRoot || "uid" in lowly

const weft = (words: ReadonlyArray<string>, environment: Record<string, string> = {}): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { PATH: process.env["PATH"] ?? "", ...environment }
    execFile(process.execPath, [main, ...words], { cwd, env, ...lowly }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr })
    )
  })

beforeAll(() => {
  Fs.chmodSync(cwd, 0o755)
  Fs.mkdirSync(Path.join(cwd, "FTP_FILES"))
  Fs.mkdirSync(Path.join(cwd, "locked"), { mode: 0 })
  const files: Record<string, string> = {
    "plain.txt": "",
    "good.yaml": "root: FTP_FILES\nport: 2122\n",
    "good.toml": 'root = "FTP_FILES"\nidleTimeout = "90s"\n',
    "good.json": '{\n  "passiveAddress": ["10.0.0.0/8=10.0.0.5", "203.0.113.5"]\n}\n',
    "broken.yaml": "port: 1\nhost: ::\n",
    "broken.toml": "port = \n",
    "broken.json": '{ "port" 1 }',
    "unknown.yaml": "queue: 1\nprot: 21\n",
    "type.toml": "queue = 1\nport = true\n",
    "twice.yaml": "port: 1\nport: 2\n",
    "secret.yaml": "port: 1\n"
  }
  for (const [name, text] of Object.entries(files)) Fs.writeFileSync(Path.join(cwd, name), text)
  Fs.chmodSync(Path.join(cwd, "secret.yaml"), 0)
})

afterAll(() => Fs.rmSync(cwd, { recursive: true, force: true }))

type Case = readonly [words: string, code: 1 | 2, line: RegExp, environment?: Record<string, string>]

const cases: ReadonlyArray<Case> = [
  ["srve", 2, /^weft: unknown command srve: did you mean serve\?$/],
  ["serve --prot 1", 2, /^weft: unknown option --prot: did you mean --port\?$/],
  ["serve --PORT 1", 2, /^weft: unknown option --PORT: did you mean --port\?$/],
  ["serve --port 1 --port 2", 2, /^weft: --port is given twice$/],
  ["serve extra", 2, /^weft: unexpected argument extra: /],
  ["serve --port", 2, /^weft: --port: a value is missing: expected a port/],
  ["serve --log-level", 2, /^weft: --log-level: a value is missing: expected one of trace/],
  ["serve --port 70000", 1, /^weft: --port 70000: expected a port from 0 to 65535$/],
  ["check --log-level loud", 1, /^weft: --log-level loud: expected one of trace, debug/],
  ["check", 1, /^weft: WEFT_PORT=ftp: expected a port from 0 to 65535$/, { WEFT_PORT: "ftp" }],
  ["check", 1, /^weft: WEFT_QUEUE="": expected a whole number/, { WEFT_QUEUE: "" }],
  ["check --threads 1 --shards 2", 1, /^weft: --shards 2: more shards than threads \(--threads 1\)/],
  ["serve --root missing", 1, /^weft: --root \S+\/missing: no such folder/],
  ["serve", 1, /^weft: WEFT_ROOT=\S+\/plain\.txt: not a folder$/, { WEFT_ROOT: "plain.txt" }],
  ["check --root locked", 1, /^weft: --root \S+\/locked: permission denied/],
  ["check --config missing.yaml", 1, /^weft: --config missing\.yaml: no such file$/],
  ["check", 1, /^weft: WEFT_CONFIG=secret\.yaml: permission denied$/, { WEFT_CONFIG: "secret.yaml" }],
  ["check --config plain.txt", 1, /^weft: --config plain\.txt: expected a name that ends in \.yaml/],
  ["check --config broken.yaml", 1, /^weft: broken\.yaml:2: not valid YAML: /],
  ["check --config broken.toml", 1, /^weft: broken\.toml:1: not valid TOML: /],
  ["check --config broken.json", 1, /^weft: broken\.json:1: not valid JSON: /],
  ["check --config unknown.yaml", 1, /^weft: unknown\.yaml:2: unknown setting prot: did you mean port\?$/],
  ["check --config type.toml", 1, /^weft: type\.toml:2: port true: expected a port from 0 to 65535$/],
  ["check --config twice.yaml", 1, /^weft: twice\.yaml:2: port is given twice$/]
]

describe.concurrent("the built program", () => {
  for (const [words, code, line, environment] of cases) {
    const shown = Object.entries(environment ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)} `)
    it.runIf(canBeRefused || !line.source.includes("permission denied"))(`${shown.join("")}weft ${words}`, async () => {
      const outcome = await weft(words.split(" "), environment)
      assert.match(outcome.stderr, /^[^\n]+\n$/, "exactly one line")
      assert.match(outcome.stderr.trimEnd(), line)
      assert.notMatch(outcome.stderr, /\bat .*:\d+:\d+|node_modules|Effect/)
      assert.strictEqual(outcome.code, code)
    })
  }

  it("shows help, version and completions on standard output", async () => {
    const [bare, help, serve, version, completions] = await Promise.all(
      [[], ["--help"], ["serve", "--port", "1", "--help"], ["--version"], ["--completions", "bash"]].map((words) =>
        weft(words)
      )
    )
    assert.deepStrictEqual(bare, help)
    assert.match(bare?.stdout ?? "", /\n {2}serve +Serves.*\n {2}check +Checks/)
    for (const { flag } of all) assert.include(serve?.stdout, flag)
    assert.match(version?.stdout ?? "", /^\d+\.\d+\.\d+\n$/)
    assert.include(completions?.stdout, "--clients-per-thread")
    assert.notInclude(completions?.stdout, "--wizard")
    for (const outcome of [bare, serve, version, completions]) {
      assert.strictEqual(outcome?.code, 0)
      assert.strictEqual(outcome?.stderr, "")
    }
  })

  it("check shows every value and where it came from", async () => {
    const { code, stderr, stdout } = await weft(
      ["check", "-c", "good.yaml", "--log-level", "debug", "--allow-foreign-active"],
      { WEFT_QUEUE: "3" }
    )
    assert.strictEqual(stderr, "")
    assert.strictEqual(code, 0)
    const rows = new Map(
      stdout
        .trimEnd()
        .split("\n")
        .map((line) => [line.split(/ +/)[0], line.replace(/ +/g, " ")])
    )
    assert.strictEqual(rows.size, all.length)
    assert.match(rows.get("root") ?? "", /^root \S*\/FTP_FILES good\.yaml:1$/)
    assert.strictEqual(rows.get("port"), "port 2122 good.yaml:2")
    assert.strictEqual(rows.get("logLevel"), "logLevel debug --log-level")
    assert.strictEqual(rows.get("allowForeignActive"), "allowForeignActive true --allow-foreign-active")
    assert.strictEqual(rows.get("queue"), "queue 3 WEFT_QUEUE")
    assert.strictEqual(rows.get("idleTimeout"), "idleTimeout 5m default")
  })

  it("reads TOML and JSON as well", async () => {
    const [toml, json] = await Promise.all(["good.toml", "good.json"].map((file) => weft(["check", "--config", file])))
    assert.match(toml?.stdout ?? "", /\nidleTimeout +90s +good\.toml:2\n/)
    assert.match(json?.stdout ?? "", /\npassiveAddress +10\.0\.0\.0\/8=10\.0\.0\.5,203\.0\.113\.5 +good\.json:2\n/)
  })

  it("warns of a misspelt variable and goes on", async () => {
    const { code, stderr } = await weft(["check"], { WEFT_PROT: "21" })
    assert.strictEqual(stderr, "weft: warning: WEFT_PROT is not a setting: did you mean WEFT_PORT?\n")
    assert.strictEqual(code, 0)
  })
})
