import { type ChildProcessByStdio, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type { Readable, Writable } from "node:stream"

/** What a program left behind: its exit code or the signal that ended it, and all it said. */
export interface Outcome {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly bytes: Buffer
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly cwd: string
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  /** Milliseconds after which it is killed and the outcome is an error. */
  readonly timeout?: number
}

/** A program that runs. `ended` fails if it cannot be started or does not end in time. */
export interface Program {
  readonly pid: number
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly ended: Promise<Outcome>
  /** Kills it and whatever it has started. */
  readonly kill: (signal?: NodeJS.Signals) => void
}

const packages: Readonly<Record<string, string>> = { mkfifo: "coreutils", mknod: "coreutils" }

const running = new Set<Program>()

/** No test leaves a process behind, not even one that fails. */
process.once("exit", () => {
  for (const program of running) program.kill()
})

const home = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-home-"))
process.once("exit", () => Fs.rmSync(home, { recursive: true, force: true }))

const defaultTimeout = 45_000

/** Starts a program in a process group of its own, with nobody's personal settings and no proxies. */
export const start = (command: string, words: ReadonlyArray<string>, options: Options): Program => {
  const child = spawn(command, words, {
    cwd: options.cwd,
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", HOME: home, LC_ALL: "C.UTF-8", TZ: "UTC", ...options.environment },
    stdio: ["pipe", "pipe", "pipe"]
  })
  const kill = (signal: NodeJS.Signals = "SIGKILL") => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, signal)
    } catch {
      // It has ended already.
    }
  }
  const ended = new Promise<Outcome>((resolve, reject) => {
    const out: Array<Buffer> = []
    const err: Array<Buffer> = []
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk))
    child.stderr.on("data", (chunk: Buffer) => err.push(chunk))
    child.stdin.on("error", () => {})
    const said = () => ({ bytes: Buffer.concat(out), stderr: Buffer.concat(err).toString() })
    let late = false
    const timer = setTimeout(() => {
      late = true
      kill()
    }, options.timeout ?? defaultTimeout)
    const done = () => {
      clearTimeout(timer)
      running.delete(program)
    }
    child.once("error", (error: NodeJS.ErrnoException) => {
      done()
      const missing = `${command} is not installed; .ci/run installs it (Debian package ${packages[command] ?? command})`
      reject(error.code === "ENOENT" ? new Error(missing) : error)
    })
    child.once("close", (code, signal) => {
      done()
      kill()
      const { bytes, stderr } = said()
      const stdout = bytes.toString()
      if (late)
        reject(new Error(`${command} ${words.join(" ")} did not end in time\n${stdout.slice(-2000)}\n${stderr}`))
      else resolve({ code, signal, bytes, stdout, stderr })
    })
    child.stdin.end(options.input ?? "")
  })
  ended.catch(() => {})
  const program: Program = { pid: child.pid ?? 0, child, ended, kill }
  running.add(program)
  return program
}

/** Runs a program to its end. */
export const run = (command: string, words: ReadonlyArray<string>, options: Options): Promise<Outcome> =>
  start(command, words, options).ended
