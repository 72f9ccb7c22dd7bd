import * as Fs from "node:fs"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe } from "@effect/vitest"
import * as Program from "./Program.ts"
import * as Server from "./Server.ts"
import { temporary } from "./Temporary.ts"

/** The password of every account an operator makes here; long enough to look like one, odd enough to need care. */
export const password = "pass word '\"$ü"

/** The accounts of one server, made as an operator makes them. */
export interface Operator {
  readonly file: string
  /** Where an account's files are. */
  readonly home: (name: string) => string
  /** `weft account add` with the password on standard input. */
  readonly add: (name: string, permissions: string, flags?: ReadonlyArray<string>) => Promise<void>
  readonly weft: (words: ReadonlyArray<string>, input?: string) => Promise<Program.Outcome>
}

const shellQuote = (word: string) => `'${word.replaceAll("'", "'\\''")}'`

export const make = (folder: string): Operator => {
  const file = Path.join(folder, "accounts.yaml")
  const home = (name: string) => Path.join(folder, "homes", name)
  const weft: Operator["weft"] = (words, input = "") =>
    Program.run(process.execPath, [Server.main, ...words], { cwd: folder, input })
  return {
    file,
    home,
    weft,
    add: async (name, permissions, flags = []) => {
      Fs.mkdirSync(home(name), { recursive: true })
      const words = [process.execPath, Server.main, "account", "add", name, "--accounts", file, "--home", home(name)]
      const command = [...words, "--permissions", permissions, ...flags, "--password-stdin"].map(shellQuote).join(" ")
      const { code, stderr } = await Program.run("sh", ["-c", `printf %s "$PW" | ${command}`], {
        cwd: folder,
        environment: { PW: password }
      })
      assert.strictEqual(code, 0, stderr)
    }
  }
}

/** A server with accounts: `joe` may do everything in his home, `ro` only look at it. */
export interface Office {
  readonly operator: Operator
  readonly server: Server.Server
  readonly port: number
  readonly folder: () => string
}

export const withOffice = (
  flags: ReadonlyArray<string> = [],
  options: { readonly expected?: RegExp; readonly before?: (operator: Operator) => Promise<void> } = {}
): (() => Office) => {
  const base = temporary()
  let office: Office | undefined

  beforeAll(async () => {
    const operator = make(base())
    await operator.add("joe", "read-write")
    await operator.add("ro", "read-only")
    await options.before?.(operator)
    const root = Path.join(base(), "served")
    Fs.mkdirSync(root)
    const server = await Server.start(root, ["--accounts", operator.file, ...flags])
    office = { operator, server, port: server.port, folder: () => Fs.mkdtempSync(Path.join(base(), "client-")) }
  })

  afterAll(async () => {
    if (office !== undefined) await Server.stop(office.server, options.expected)
  })

  return () => {
    if (office === undefined) throw new Error("the server has not started")
    return office
  }
}

/** The same tests against the server in worker threads and on its main thread alone. */
export const inEachOffice = (
  title: string,
  body: (office: () => Office) => void,
  ...[flags = [], options]: Parameters<typeof withOffice>
): void => {
  describe.each([
    ["with its shards", []],
    ["on one thread", ["--shards", "0"]]
  ] as const)(`${title}: the server %s`, (_name, carriers) => body(withOffice([...flags, ...carriers], options)))
}

/** The names below a folder, hidden ones too, as paths inside it. */
export const everything = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()
