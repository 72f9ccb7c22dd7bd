import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** How late a change is noticed that the system does not tell of: on a network disk, in a folder that was made anew. */
const patience = "2 seconds"

const orUndefined = <A>(promise: Promise<A>): Promise<A | undefined> => promise.catch(() => undefined)

/** What is another after any change of the file, be it written, replaced, removed or put behind another link. */
const signature = async (path: string): Promise<string> => {
  const found = await orUndefined(Fs.promises.stat(path, { bigint: true }))
  return found === undefined
    ? ""
    : [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs, found.mode].join(" ")
}

interface Watched {
  readonly identity: string
  readonly watcher: Fs.FSWatcher
}

interface Watchers {
  /** Watches the folders that the file is in now; those that are watched already stay so. */
  readonly arm: Effect.Effect<void>
}

const watchers = (path: string, ring: () => void): Effect.Effect<Watchers, never, Scope.Scope> =>
  Effect.gen(function* () {
    const open = new Map<string, Watched>()
    const close = (folder: string) => {
      open.get(folder)?.watcher.close()
      open.delete(folder)
    }
    let closed = false
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        closed = true
        for (const folder of [...open.keys()]) close(folder)
      })
    )
    const watch = (folder: string, identity: string) => {
      if (closed || open.get(folder)?.identity === identity) return
      close(folder)
      try {
        const watcher = Fs.watch(folder, { persistent: false }, ring)
        watcher.on("error", () => close(folder))
        open.set(folder, { identity, watcher })
      } catch {
        // There is no such folder now, or no watch left: the look every few seconds has to do.
      }
    }
    const arm = async () => {
      const real = await orUndefined(Fs.promises.realpath(path))
      const folders = new Set([Path.dirname(path), ...(real === undefined ? [] : [Path.dirname(real)])])
      for (const folder of [...open.keys()]) if (!folders.has(folder)) close(folder)
      for (const folder of folders) {
        const found = await orUndefined(Fs.promises.stat(folder))
        if (found === undefined) close(folder)
        else watch(folder, `${found.dev} ${found.ino}`)
      }
    }
    return { arm: Effect.promise(arm) }
  })

/**
 * An element for each time a file may hold something new, whether it was written, replaced by renaming, removed or made; what comes
 * in quick succession is one. The first comes at once, so that nothing is lost between reading the file and watching it. The folder
 * is watched rather than the file; should it be moved away and made anew, that is noticed within seconds.
 *
 * @since 0.1.0
 * @category streams
 */
export const watch = (path: string): Stream.Stream<void> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const bell = yield* Effect.acquireRelease(Queue.sliding<void>(1), Queue.shutdown)
      const { arm } = yield* watchers(path, () => bell.unsafeOffer(undefined))
      return Stream.fromQueue(bell).pipe(
        Stream.debounce("50 millis"),
        Stream.merge(Stream.tick(patience)),
        Stream.mapEffect(() =>
          Effect.zipRight(
            arm,
            Effect.promise(() => signature(path))
          )
        ),
        Stream.changes,
        Stream.as(undefined)
      )
    })
  )
