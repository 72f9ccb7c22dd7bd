import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import * as Program from "./Program.ts"

/** The built program. */
export const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url))

/** The built program, serving. */
export interface Server {
  readonly pid: number
  readonly port: number
  /** 0 where there is none. */
  readonly implicitPort: number
  readonly readyLine: string
  /** What it has logged so far. */
  readonly log: () => string
  readonly signal: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Program.Outcome>
}

const life = 10 * 60_000

/** Starts the built server on a port of the system's choice and waits until it says it is ready. */
export const start = async (root: string, flags: ReadonlyArray<string> = []): Promise<Server> => {
  const words = [main, "serve", "--root", root, "--port", "0", "--passive-ports", "0-0", ...flags]
  const program = Program.start(process.execPath, words, { cwd: root, timeout: life })
  let log = ""
  program.child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString()
  })
  const readyLine = await new Promise<string>((resolve, reject) => {
    let said = ""
    program.child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes("\n")) resolve(said.slice(0, said.indexOf("\n")))
    })
    program.ended.then(
      ({ stderr }) => reject(new Error(`the server ended before it was ready: ${stderr}`)),
      (error) => reject(error)
    )
  })
  const [, port = 0, implicit] =
    /^weft: ready on \[::\]:(\d+)(?:, \[::\]:(\d+))?, serving /.exec(readyLine)?.map(Number) ?? []
  assert.isAbove(port, 0, readyLine)
  return {
    pid: program.pid,
    port,
    implicitPort: implicit ?? 0,
    readyLine,
    log: () => log,
    signal: (signal) => void process.kill(program.pid, signal),
    ended: program.ended
  }
}

/** Stops it as an operator would, and insists that it had nothing to complain about. */
export const stop = async (server: Server, expected?: RegExp): Promise<void> => {
  server.signal("SIGTERM")
  const { code, signal, stderr } = await server.ended
  assert.deepStrictEqual({ code, signal }, { code: 0, signal: null }, stderr.slice(-2000))
  assertQuiet(stderr, expected)
}

/** Every line of a healthy server's log is of a login, a refusal or a transfer, or one that the test expects. */
export const assertQuiet = (log: string, expected?: RegExp): void => {
  const isStrange = (line: string) => line !== "" && !/^\S+Z (INFO|DEBUG) /.test(line) && expected?.test(line) !== true
  assert.deepStrictEqual(log.split("\n").filter(isStrange).slice(0, 10), [], "lines in the server's log")
}

/** The inodes of sockets that listen, in any protocol family. */
const listening = (): ReadonlySet<string> => {
  const inodes = new Set<string>()
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of Fs.readFileSync(table, "utf8").split("\n").slice(1)) {
      const columns = line.trim().split(/\s+/)
      if (columns[3] === "0A" && columns[9] !== undefined) inodes.add(columns[9])
    }
  }
  return inodes
}

/** What each of its descriptors is. */
const targets = (server: Server): ReadonlyArray<string> => {
  const folder = `/proc/${server.pid}/fd`
  return Fs.readdirSync(folder).flatMap((fd) => {
    try {
      return [Fs.readlinkSync(`${folder}/${fd}`)]
    } catch {
      return []
    }
  })
}

/** The server's open descriptors but for its listening sockets: passive ports stay open for the next transfer. */
export const descriptors = (server: Server): number => {
  const ports = listening()
  return targets(server).filter((target) => !ports.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? "")).length
}

const patience = 15_000

/** Waits until something holds; fails with what it says in the end if that takes too long. */
export const until = async (holds: () => boolean, says: () => string): Promise<void> => {
  const deadline = Date.now() + patience
  while (!holds()) {
    if (Date.now() > deadline) assert.fail(says())
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** How many descriptors are open when nothing is going on: their number has been the same for a while. */
export const settledDescriptors = async (server: Server): Promise<number> => {
  let [last, same] = [-1, 0]
  await until(
    () => {
      const now = descriptors(server)
      same = now === last ? same + 1 : 0
      last = now
      return same === 20
    },
    () => `descriptors come and go: ${held(server)}`
  )
  return last
}

/** Waits until no more descriptors are open than there were. */
export const descriptorsBackTo = (server: Server, before: number): Promise<void> =>
  until(
    () => descriptors(server) <= before,
    () => `${descriptors(server)} descriptors are open, not ${before}: ${held(server)}`
  )

const held = (server: Server): string => {
  const counts = new Map<string, number>()
  for (const target of targets(server)) {
    const kind = target.replace(/\d+/g, "N")
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ")
}
