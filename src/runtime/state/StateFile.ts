import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import * as StateWatch from "./StateWatch.ts"

/**
 * Why a file could not be read or replaced. `Dangling` is a link to nothing, `Busy` a lock that somebody else kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class StateFileError extends Schema.TaggedError<StateFileError>()("StateFileError", {
  reason: Schema.Literal("NotFound", "Denied", "NotAFile", "TooLarge", "NotText", "Dangling", "Busy", "Other"),
  /** What is wrong, for people, to be put behind the file's name. */
  detail: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return this.detail
  }
}

/**
 * What a file holds, and who may read it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Contents {
  readonly text: string
  /** Permission bits. */
  readonly mode: number
}

const largest = 16 * 1024 * 1024

const known: Readonly<Record<string, readonly [StateFileError["reason"], string]>> = {
  ENOENT: ["NotFound", "no such file"],
  ENOTDIR: ["NotFound", "no such folder"],
  EACCES: ["Denied", "permission denied"],
  EPERM: ["Denied", "permission denied"],
  EROFS: ["Denied", "the disk is read only"],
  EISDIR: ["NotAFile", "a folder, expected a file"],
  ENXIO: ["NotAFile", "expected a regular file"],
  ELOOP: ["Other", "too many symbolic links"],
  ENOSPC: ["Other", "no space left on the disk"],
  ERR_ENCODING_INVALID_ENCODED_DATA: ["NotText", "expected UTF-8 text"]
}

const refuse = (reason: StateFileError["reason"], detail: string): StateFileError =>
  new StateFileError({ reason, detail })

/** What an error of `node:fs` means here. @since 0.1.0 @category errors */
export const explain = (cause: unknown): StateFileError => {
  if (cause instanceof StateFileError) return cause
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown"
  const [reason, detail] = known[code] ?? (["Other", `cannot be used (${code})`] as const)
  return new StateFileError({ reason, detail, cause })
}

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, StateFileError> =>
  Effect.tryPromise({ try: run, catch: explain })

const { O_CREAT, O_EXCL, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY, O_WRONLY } = Fs.constants

const withFile = <A>(
  path: string,
  flags: number,
  mode: number,
  use: (handle: Fs.promises.FileHandle) => Promise<A>
): Effect.Effect<A, StateFileError> =>
  Effect.acquireUseRelease(
    attempt(() => Fs.promises.open(path, flags, mode)),
    (handle) => attempt(() => use(handle)),
    (handle) => Effect.promise(() => handle.close())
  )

/**
 * Reads a file of at most 16 MiB of UTF-8 text, and its permission bits.
 *
 * @since 0.1.0
 * @category reading
 */
export const load = (path: string): Effect.Effect<Contents, StateFileError> =>
  withFile(path, O_RDONLY | O_NONBLOCK, 0, async (handle) => {
    const found = await handle.stat()
    if (!found.isFile()) throw found.isDirectory() ? explain({ code: "EISDIR" }) : explain({ code: "ENXIO" })
    if (found.size > largest) throw refuse("TooLarge", "larger than 16 MiB")
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await handle.readFile())
    return { text, mode: found.mode & 0o777 }
  })

/** The text of a file alone; see {@link load}. @since 0.1.0 @category reading */
export const read = (path: string): Effect.Effect<string, StateFileError> => Effect.map(load(path), ({ text }) => text)

/**
 * Where a file really is, also one that is still to be made: links are followed. Fails with `Dangling` for a link to nothing.
 *
 * @since 0.1.0
 * @category reading
 */
export const locate = (path: string): Effect.Effect<string, StateFileError> =>
  attempt(async () => {
    try {
      return await Fs.promises.realpath(path)
    } catch (cause) {
      const link = await Fs.promises.lstat(path).then(
        () => true,
        () => false
      )
      if (link && (cause as NodeJS.ErrnoException).code === "ENOENT") {
        throw refuse("Dangling", "a symbolic link to a file that is not there")
      }
      if (link) throw cause
      return Path.join(await Fs.promises.realpath(Path.dirname(path)), Path.basename(path))
    }
  })

const syncFolder = (folder: string): Effect.Effect<void> =>
  Effect.ignore(withFile(folder, O_RDONLY, 0, (handle) => handle.sync()))

const temporaryOf = (target: string): string =>
  Path.join(Path.dirname(target), `.${Path.basename(target)}.${Crypto.randomBytes(6).toString("hex")}.tmp`)

/**
 * Removes what a `replace` of a file left that a crash cut, for it holds all that the file was to hold. Only for who knows that nobody
 * else replaces the file now.
 *
 * @since 0.1.0
 * @category writing
 */
export const sweep = (path: string): Effect.Effect<void> =>
  Effect.ignore(
    Effect.flatMap(locate(path), (target) =>
      attempt(async () => {
        const folder = Path.dirname(target)
        const start = `.${Path.basename(target)}.`
        for (const name of await Fs.promises.readdir(folder)) {
          const isLeft = name.startsWith(start) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(start.length))
          if (isLeft) await Fs.promises.rm(Path.join(folder, name), { force: true })
        }
      })
    )
  )

/**
 * Puts a new text into a file, or makes the file, so that whoever reads it, through a crash too, finds the old text or the new one
 * and nothing else. The file is then its owner's alone (0600), and still the same owner's where this process may say so. What a link
 * points to is replaced, and a link to nothing refused.
 *
 * @since 0.1.0
 * @category writing
 */
export const replace = (path: string, text: string): Effect.Effect<void, StateFileError> =>
  Effect.gen(function* () {
    const target = yield* locate(path)
    const folder = Path.dirname(target)
    const temporary = temporaryOf(target)
    const owner = yield* Effect.option(attempt(() => Fs.promises.stat(target)))
    if (owner._tag === "Some" && !owner.value.isFile()) return yield* refuse("NotAFile", "expected a regular file")
    yield* withFile(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600, async (handle) => {
      if (owner._tag === "Some") await handle.chown(owner.value.uid, owner.value.gid).catch(() => undefined)
      await handle.chmod(0o600)
      await handle.writeFile(text)
      await handle.sync()
    }).pipe(
      Effect.zipRight(attempt(() => Fs.promises.rename(temporary, target))),
      Effect.onError(() => Effect.promise(() => Fs.promises.rm(temporary, { force: true })))
    )
    yield* syncFolder(folder)
  }).pipe(Effect.uninterruptible)

/**
 * An element at once and whenever the file may hold something new; see `StateWatch.watch`.
 *
 * @since 0.1.0
 * @category reading
 */
export const watch: (path: string) => Stream.Stream<void> = StateWatch.watch
