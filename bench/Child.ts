import * as ChildProcess from "node:child_process"
import * as Readline from "node:readline"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import type * as Scope from "effect/Scope"
import { BenchError } from "./BenchError.ts"

/**
 * A program that runs as long as its scope.
 *
 * @since 0.1.0
 * @category models
 */
export interface Child {
  readonly pid: number
  /** The next line it prints; fails with what it said on its error output once it has ended. */
  readonly line: Effect.Effect<string, BenchError>
  readonly write: (text: string) => Effect.Effect<void>
  /** Ends its input. */
  readonly finish: Effect.Effect<void>
  /** What it has written to its error output so far, the last few KiB. */
  readonly complaints: () => string
  readonly isRunning: () => boolean
}

const gone = (child: ChildProcess.ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** Tells it to end, and makes it after eight seconds. Runs while scopes close, where nothing can be interrupted. */
const end = (child: ChildProcess.ChildProcess): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (gone(child) || child.pid === undefined) return resume(Effect.void)
    const patience = setTimeout(() => child.kill("SIGKILL"), 8000)
    child.once("exit", () => {
      clearTimeout(patience)
      resume(Effect.void)
    })
    child.kill("SIGTERM")
  })

/**
 * Starts a program. When the scope closes it is told to end, and made to if it does not within eight seconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = Effect.fnUntraced(function* (
  file: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}
): Effect.fn.Return<Child, BenchError, Scope.Scope> {
  const lines = yield* Mailbox.make<string, BenchError>(1024)
  let complaints = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      ChildProcess.spawn(file, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: "pipe" })
    ),
    end
  )
  const fail = (detail: string) => lines.unsafeDone(failure(detail))
  const failure = (detail: string) => Exit.fail(new BenchError({ reason: "LoadFailed", detail }))
  child.once("error", (cause) => fail(`${file}: ${cause.message}`))
  child.stdin.on("error", () => {})
  child.stderr.on("data", (chunk) => {
    complaints = (complaints + chunk).slice(-4096)
  })
  Readline.createInterface({ input: child.stdout }).on("line", (line) => lines.unsafeOffer(line))
  child.once("close", (code) => fail(`${file} ended with ${code}: ${complaints.trim()}`))
  return {
    pid: child.pid ?? -1,
    line: Effect.catchTag(lines.take, "NoSuchElementException", () => failure(`${file} has ended`)),
    write: (text) => Effect.sync(() => child.stdin.write(text)),
    finish: Effect.sync(() => child.stdin.end()),
    complaints: () => complaints.trim(),
    isRunning: () => !gone(child)
  }
})
