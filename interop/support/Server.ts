import * as Fs from "node:fs"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import * as Program from "./Program.ts"

const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url))

/** The built program, serving. */
export interface Server {
  readonly pid: number
  readonly port: number
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
  const port = Number(/^weft: ready on \[::\]:(\d+), serving /.exec(readyLine)?.[1])
  assert.isAbove(port, 0, readyLine)
  return {
    pid: program.pid,
    port,
    readyLine,
    log: () => log,
    signal: (signal) => void process.kill(program.pid, signal),
    ended: program.ended
  }
}

/** Stops it as an operator would, and insists that it had nothing to complain about. */
export const stop = async (server: Server): Promise<void> => {
  server.signal("SIGTERM")
  const { code, signal, stderr } = await server.ended
  assert.deepStrictEqual({ code, signal }, { code: 0, signal: null }, stderr.slice(-2000))
  assertQuiet(stderr)
}

/** Every line of a healthy server's log is of a login, a refusal or a transfer. */
export const assertQuiet = (log: string): void => {
  const strange = log.split("\n").filter((line) => line !== "" && !/^\S+Z (INFO|DEBUG) /.test(line))
  assert.deepStrictEqual(strange.slice(0, 10), [], "lines in the server's log")
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

/** The server's open descriptors but for its listening sockets: passive ports stay open for the next transfer. */
export const descriptors = (server: Server): number => {
  const ports = listening()
  const folder = `/proc/${server.pid}/fd`
  const isOther = (fd: string): boolean => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(Fs.readlinkSync(`${folder}/${fd}`))?.[1]
      return inode === undefined || !ports.has(inode)
    } catch {
      return false
    }
  }
  return Fs.readdirSync(folder).filter(isOther).length
}
