import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Either from "effect/Either"
import type { FileFault } from "../../domain/FileFault.ts"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import { type NameCalls, nameCalls } from "../platform/NameCalls.ts"
import { unsafeRenameNew } from "../platform/RenameNew.ts"
import type * as Status from "../platform/Status.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import * as HostError from "./HostError.ts"
import type { Context } from "./LocalUpload.ts"
import * as Partials from "./Partials.ts"
import type { OwnedPlace, Root } from "./Root.ts"
import * as Site from "./Site.ts"
import type { NameChange } from "./Storage.ts"

const { EEXIST, ENOENT } = Os.constants.errno
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_RDONLY } = Fs.constants

type Answer = Either.Either<number | undefined, FileFault> | undefined

interface OwnedSite extends Site.Site {
  readonly place: OwnedPlace
}

type Calls = Pick<Context, "locks" | "root" | "umask"> & { readonly calls: NameCalls }

const nothing: Answer = Either.right(undefined)
const missing: Answer = Either.left("NotFound")
const taken: Answer = Either.left("Exists")
const isDirectoryFault: Answer = Either.left("IsADirectory")

const isDirectory = ({ mode }: Status.Status): boolean => Entries.kind(mode) === "directory"
const isFile = ({ mode }: Status.Status): boolean => Entries.kind(mode) === "file"

/** What is done where a name lies, if its directory is at hand and no disk has to be waited for. */
const within = (root: Root, path: VirtualPath.VirtualPath, use: (site: OwnedSite) => Answer): Answer => {
  const name = Site.lastName(path)
  const place = name === undefined ? undefined : root.unsafeEnter?.(VirtualPath.parent(path))
  if (name === undefined || place === undefined) return undefined
  try {
    return FileSystem.isInMemory(place.descriptor.fd) ? use({ name, place }) : undefined
  } finally {
    place.descriptor.unsafeClose()
  }
}

const makeDirectory = ({ calls, umask }: Calls, site: OwnedSite): Answer => {
  const { name, place } = site
  const mode = 0o777 & ~umask
  const result = calls.unsafeMakeDirectory(place.descriptor.fd, name, mode)
  if (result === -EEXIST) return taken
  if (result < 0) return undefined
  const status = place.look(name)
  return status !== undefined && (status.mode & 0o777) === mode ? nothing : giveMode(site, mode)
}

/** By itself, where the process takes something from new directories. */
const giveMode = ({ name, place }: OwnedSite, mode: number): Answer => {
  try {
    const made = Fs.openSync(Disk.at(place, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    try {
      Fs.fchmodSync(made, (Fs.fstatSync(made).mode & 0o7000) | mode)
    } finally {
      Fs.closeSync(made)
    }
    return nothing
  } catch (error) {
    return Either.left(HostError.toFault(-((error as NodeJS.ErrnoException).errno ?? 0)))
  }
}

const removeDirectory = ({ calls }: Calls, { name, place }: OwnedSite): Answer => {
  const result = calls.unsafeRemoveDirectory(place.descriptor.fd, name)
  if (result === -ENOENT) return missing
  return result < 0 ? undefined : nothing
}

const remove = ({ calls, locks }: Calls, { name, place }: OwnedSite): Answer => {
  const status = place.ask(name)
  const isPlain = locks.unsafeIsFree(name) && place.ask(Partials.partialName(Partials.hash(name))) === ENOENT
  if (!isPlain) return undefined
  if (typeof status === "number") return status === ENOENT ? missing : undefined
  if (isDirectory(status)) return isDirectoryFault
  const size = isFile(status) ? status.size : 0
  const isQuick = size <= Disk.quicklyFreed
  return isQuick && calls.unsafeUnlink(place.descriptor.fd, name) === 0 ? Either.right(size) : undefined
}

const rename = ({ calls, locks }: Calls, old: OwnedSite, target: OwnedSite, replace: boolean): Answer => {
  const moved = old.place.ask(old.name)
  if (moved === ENOENT) return missing
  const there = target.place.ask(target.name)
  if (typeof moved === "number" || !locks.unsafeIsFree(target.name)) return undefined
  const names = [old.place.descriptor.fd, old.name, target.place.descriptor.fd, target.name] as const
  if (typeof there === "number") {
    if (there !== ENOENT) return undefined
    const result = replace && !isDirectory(moved) ? calls.unsafeRename(...names) : unsafeRenameNew?.(...names)
    return result === 0 ? nothing : undefined
  }
  if (there.unique === moved.unique) return undefined
  if (!replace || isDirectory(there) || isDirectory(moved)) return taken
  const replaced = isFile(there) ? there.size : undefined
  const isQuick = (replaced ?? 0) <= Disk.quicklyFreed
  return isQuick && calls.unsafeRename(...names) === 0 ? Either.right(replaced) : undefined
}

/**
 * Changes names in the turn that asks, where that needs no disk: as `LocalChanges` does it, and in all that is out of the ordinary
 * `undefined`, so that it does. `undefined` itself where the system lacks what that takes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (context: Context): ((change: NameChange) => Answer) | undefined => {
  if (nameCalls === undefined || context.root.unsafeEnter === undefined) return undefined
  const { root } = context
  const calls = { ...context, calls: nameCalls }
  return (change) =>
    within(root, change.path, (site) => {
      switch (change._tag) {
        case "Delete":
          return remove(calls, site)
        case "MakeDirectory":
          return makeDirectory(calls, site)
        case "RemoveDirectory":
          return removeDirectory(calls, site)
        case "Rename":
          return within(root, change.to, (target) => rename(calls, site, target, change.replace))
      }
    })
}
