import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as StateFile from "./StateFile.ts"

/** No holder needs longer than this for what it does under the lock. */
const longest = 60_000

/** Milliseconds. */
const patience = 2000

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, StateFile.StateFileError> =>
  Effect.tryPromise({ try: run, catch: StateFile.explain })

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

/** A lock that somebody waits for. */
interface Seen {
  text: string
  since: number
}

/**
 * By the clock alone no lock is old: somebody may have set it. Whoever waits must have seen it unchanged for a while as well.
 */
const isStale = (text: string, modified: number, watched: number): boolean => {
  const [pid = "", host] = text.split(" ")
  if (watched >= patience && Math.abs(Date.now() - modified) > longest) return true
  return host === Os.hostname() && /^\d+$/.test(pid) && !isRunning(Number(pid))
}

const busy = new StateFile.StateFileError({ reason: "Busy", detail: "another weft is changing it: try again" })

/** Takes what a dead holder left out of the way; under a name of its own, so that of two who see it only one does. */
const clear = async (lock: string, seen: Seen): Promise<void> => {
  const [text, found] = await Promise.all([Fs.promises.readFile(lock, "utf8"), Fs.promises.stat(lock)])
  const now = performance.now()
  if (seen.text !== text) Object.assign(seen, { text, since: now })
  if (isStale(text, found.mtimeMs, now - seen.since)) await takeAway(lock, text)
}

/** Takes a lock away that holds this text, and no other. @since 0.1.0 @category operations */
export const takeAway = async (lock: string, text: string): Promise<void> => {
  const aside = `${lock}.${Crypto.randomBytes(6).toString("hex")}`
  await Fs.promises.rename(lock, aside)
  // Somebody may have done the same and taken the lock in between: then it is theirs and goes back.
  if ((await Fs.promises.readFile(aside, "utf8")) !== text) await Fs.promises.link(aside, lock).catch(() => undefined)
  await Fs.promises.rm(aside, { force: true })
}

/** It may be another's by now, who took this one for dead. */
const release = async (lock: string, token: string): Promise<void> => {
  if ((await Fs.promises.readFile(lock, "utf8")) === token) await takeAway(lock, token)
}

const take = (lock: string, token: string, seen: Seen): Effect.Effect<void, StateFile.StateFileError> =>
  attempt(() => Fs.promises.writeFile(lock, token, { flag: "wx", mode: 0o600 })).pipe(
    Effect.catchAll((error) =>
      (error.cause as NodeJS.ErrnoException | undefined)?.code === "EEXIST"
        ? Effect.zipRight(Effect.ignore(attempt(() => clear(lock, seen))), busy)
        : error
    )
  )

/**
 * Runs an effect while no other `withLock` of the same file runs, in this process or another on this machine: a file beside it
 * says so. One that a dead process left is removed. Fails with `Busy` where the lock is kept for ten seconds.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withLock = <A, E, R>(
  path: string,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | StateFile.StateFileError, R> =>
  Effect.gen(function* () {
    const target = yield* StateFile.locate(path)
    const lock = Path.join(Path.dirname(target), `.${Path.basename(target)}.lock`)
    const token = `${process.pid} ${Os.hostname()} ${Crypto.randomBytes(6).toString("hex")}`
    return yield* Effect.acquireUseRelease(
      Effect.retry(take(lock, token, { text: "", since: 0 }), {
        while: ({ reason }) => reason === "Busy",
        schedule: Schedule.intersect(Schedule.jittered(Schedule.spaced("20 millis")), Schedule.recurs(500))
      }),
      () => effect,
      () => Effect.ignore(attempt(() => release(lock, token)))
    )
  })

/**
 * Changes a file by what it holds (`undefined` where there is none), with nobody else's change lost. Nothing is written where the
 * change fails or gives back the same text. See `StateFile.replace`.
 *
 * @since 0.1.0
 * @category writing
 */
export const update = <E, R>(
  path: string,
  change: (text: string | undefined) => Effect.Effect<string, E, R>
): Effect.Effect<void, E | StateFile.StateFileError, R> =>
  withLock(
    path,
    StateFile.read(path).pipe(
      Effect.catchIf(
        ({ reason }) => reason === "NotFound",
        () => Effect.succeed(undefined)
      ),
      Effect.flatMap((before) =>
        Effect.flatMap(change(before), (after) =>
          after === before ? Effect.void : Effect.zipRight(StateFile.sweep(path), StateFile.replace(path, after))
        )
      )
    )
  )
