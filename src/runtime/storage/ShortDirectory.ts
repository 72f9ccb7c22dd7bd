import type { Entry } from "../../domain/Entry.ts"
import * as EventLoop from "../platform/EventLoop.ts"
import * as DirectoryListing from "./DirectoryListing.ts"
import * as DirectoryNames from "./DirectoryNames.ts"
import * as HostPath from "./HostPath.ts"
import type { OwnerNames } from "./OwnerNames.ts"
import type { RecentNames } from "./RecentNames.ts"
import type { Prompt } from "./Root.ts"

/**
 * So many names a directory may have that is listed in one turn, which is then half over.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 1024

const looksPerClock = 16

/**
 * All names that clients may see, in order; those of a directory on a disk only if it was read before and has not changed since. To read
 * them in memory costs no more than to know that.
 */
const unsafeSorted = (directory: Prompt, recent: RecentNames | undefined): ReadonlyArray<string> | undefined => {
  if (directory.unsafeNames !== undefined) {
    const read = directory.unsafeNames()
    return read === undefined || read.length > most ? undefined : [...DirectoryNames.visible(read)].sort()
  }
  const version = recent && directory.unsafeVersion()
  const known = version && recent?.unsafeGet(version)
  return known !== undefined && known.length <= most ? known : undefined
}

/**
 * The names of a short directory as `DirectoryNames.stream` has them, in this turn; `undefined` where that takes longer.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeNames = (directory: Prompt, recent: RecentNames | undefined): ReadonlyArray<string> | undefined =>
  unsafeSorted(directory, recent)?.map(HostPath.toText)

/**
 * The entries of a short directory as `DirectoryListing.stream` has them, in this turn; `undefined` where that takes longer. What it
 * has looked at by then is in the kernel's cache for who begins anew.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeEntries = (
  directory: Prompt,
  options: {
    readonly root: HostPath.HostPath
    readonly owners: OwnerNames
    readonly recent: RecentNames | undefined
    /** What a turn's time is measured by, in milliseconds; `EventLoop.unsafeNow` where it is left out. */
    readonly unsafeNow?: () => number
  }
): ReadonlyArray<Entry> | undefined => {
  const { owners, recent, root, unsafeNow = EventLoop.unsafeNow } = options
  const names = unsafeSorted(directory, recent)
  if (names === undefined) return undefined
  const look = DirectoryListing.unsafeLook(directory, root, owners)
  const isInMemory = directory.unsafeNames !== undefined
  const waits = isInMemory ? undefined : directory.unsafeWaits?.()
  const until = unsafeNow() + DirectoryListing.turnMillis
  /** Not where the thread was merely without a processor: what is left takes no longer than it ever does. */
  const isLate = () => unsafeNow() >= until && (waits === undefined || directory.unsafeWaits?.() !== waits)
  const entries: Array<Entry> = []
  for (let at = 0; at < names.length; at++) {
    if (!isInMemory && at % looksPerClock === 1 && isLate()) return undefined
    const entry = look(names[at] ?? "")
    if (entry !== undefined) entries.push(entry)
  }
  return entries
}
