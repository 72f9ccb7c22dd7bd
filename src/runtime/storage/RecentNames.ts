import * as Fs from "node:fs"
import * as FileSystem from "../platform/FileSystem.ts"

/**
 * Which state of which directory: as long as nothing is added to it, renamed in it or taken from it, both stay what they are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Version {
  readonly directory: string
  readonly state: string
}

/** Milliseconds. What changes a directory twice in one tick of the file system's clock leaves one date. */
const settled = 2000n

/**
 * The version an open directory is in; `undefined` where it has changed too lately for the next change to have another date than the
 * last, or its file system does not date changes. Takes no time, the directory being open. `now` is in milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeVersion = (descriptor: number, now: number): Version | undefined => {
  if (!FileSystem.datesChanges(descriptor)) return undefined
  try {
    const { ctimeMs, ctimeNs, dev, ino, mtimeNs } = Fs.fstatSync(descriptor, { bigint: true })
    if (BigInt(Math.floor(now)) - ctimeMs < settled) return undefined
    return { directory: `${dev}-${ino}`, state: `${ctimeNs}-${mtimeNs}` }
  } catch {
    return undefined
  }
}

/**
 * The names of directories that were listed lately, sorted, so that who looks again and again at one that does not change need not
 * have it read again.
 *
 * @since 0.1.0
 * @category models
 */
export interface RecentNames {
  readonly unsafeGet: (version: Version) => ReadonlyArray<string> | undefined
  readonly unsafeSet: (version: Version, names: ReadonlyArray<string>) => void
}

/** One without names takes room as well. */
const weight = (names: ReadonlyArray<string>) => names.length + 1

/**
 * Keeps as many as `most` directories and names of theirs, counted together: those asked for last.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (most: number): RecentNames => {
  const kept = new Map<string, { readonly state: string; readonly names: ReadonlyArray<string> }>()
  let count = 0

  const forget = (directory: string): void => {
    const found = kept.get(directory)
    if (found === undefined) return
    kept.delete(directory)
    count -= weight(found.names)
  }

  const keep = ({ directory, state }: Version, names: ReadonlyArray<string>): void => {
    kept.set(directory, { state, names })
    count += weight(names)
  }

  return {
    unsafeGet: (version) => {
      const found = kept.get(version.directory)
      if (found === undefined) return undefined
      forget(version.directory)
      if (found.state !== version.state) return undefined
      keep(version, found.names)
      return found.names
    },
    unsafeSet: (version, names) => {
      forget(version.directory)
      if (weight(names) > most) return
      keep(version, names)
      for (const directory of kept.keys()) {
        if (count <= most) break
        forget(directory)
      }
    }
  }
}
