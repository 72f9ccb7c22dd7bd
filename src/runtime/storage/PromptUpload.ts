import * as Fs from "node:fs"
import * as Effect from "effect/Effect"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import { unsafeRenameNew } from "../platform/RenameNew.ts"
import type * as Status from "../platform/Status.ts"
import * as Digester from "./Digester.ts"
import * as Disk from "./Disk.ts"
import type * as HostPath from "./HostPath.ts"
import * as LocalUpload from "./LocalUpload.ts"
import * as Partials from "./Partials.ts"
import type { OwnedPlace } from "./Root.ts"
import * as Site from "./Site.ts"
import type { PromptUpload, Stored, StoreOptions } from "./Storage.ts"
import * as Temporary from "./Temporary.ts"

const { O_CREAT, O_EXCL } = Fs.constants

interface OwnedSite {
  readonly place: OwnedPlace
  readonly name: HostPath.HostPath
}

/** It can be freed in a turn, and what takes its place need not be given to anybody. */
const isPromptlyReplaced = (status: Status.Status | undefined): boolean =>
  status === undefined || (status.size <= Disk.quicklyFreed && LocalUpload.isOwn(status))

const unsafeCreate = (place: OwnedPlace, name: HostPath.HostPath): number | undefined => {
  try {
    return Fs.openSync(...Temporary.opening(place, name, O_CREAT | O_EXCL))
  } catch {
    return undefined
  }
}

/**
 * Begins, in this turn, to store a whole file where no disk has to be waited for, and under a name that is neither a link nor refused;
 * `undefined` for anything else. It is done with the names as `LocalUpload.begin` does it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeBegin = (
  context: LocalUpload.Context,
  path: VirtualPath.VirtualPath,
  options: StoreOptions
): PromptUpload | undefined => {
  const name = Site.lastName(path)
  if (name === undefined || options.offset !== 0) return undefined
  const place = context.root.unsafeEnter?.(VirtualPath.parent(path))
  if (place === undefined) return undefined
  // What has no disk is as safe there as it will ever be.
  const wanted = { ...options, sync: false }
  const begun = FileSystem.isInMemory(place.descriptor.fd)
    ? unsafeStart(context, path, { place, name }, wanted)
    : undefined
  if (begun === undefined) place.descriptor.unsafeClose()
  return begun
}

const unsafeStart = (
  context: LocalUpload.Context,
  path: VirtualPath.VirtualPath,
  site: OwnedSite,
  options: StoreOptions
): PromptUpload | undefined => {
  const { name, place } = site
  const { conduit, locks, umask } = context
  const status = place.look(name)
  if (LocalUpload.objection(status, options) !== undefined) return undefined
  const target = Partials.hash(name)
  const hidden = Partials.uploadName(target)
  const fd = unsafeCreate(place, hidden)
  if (fd === undefined) return undefined

  const file = Descriptor.unsafeWritten(fd)
  const digester = Digester.make(options.digest)
  const held = Temporary.unsafeHeld(place, { name: hidden, file }, { partial: options.partial, target })
  const temporary = Temporary.unsafeMake(
    site,
    { ...held, expects: false },
    { conduit, digest: options.digest, digester }
  )
  const { state } = held
  const upload = LocalUpload.unsafeMake(context, { path, options, site: { ...site, status }, temporary, digester })

  const unsafeLetGo = () => {
    file.unsafeClose()
    place.descriptor.unsafeClose()
  }

  /** `rename(2)`; throws or answers `false` where it cannot. */
  const unsafeName = (isFree: boolean): boolean => {
    if (isFree) return unsafeRenameNew?.(place.descriptor.fd, hidden, place.descriptor.fd, name) === 0
    Fs.renameSync(Disk.at(place, hidden), Disk.at(place, name))
    return true
  }

  const unsafeCommit = (): Stored | undefined => {
    if (state.failure !== undefined || !locks.unsafeIsFree(name)) return undefined
    const now = place.look(name)
    if (LocalUpload.objection(now, options) !== undefined) return undefined
    if (!isPromptlyReplaced(status) || !isPromptlyReplaced(now)) return undefined
    // What an earlier upload left is taken away where there is time.
    if (options.partial === "keep" && place.look(Partials.partialName(target)) !== undefined) return undefined
    try {
      Fs.fchmodSync(file.fd, LocalUpload.modeOf(status, umask))
      if (!unsafeName(now === undefined)) return undefined
    } catch {
      return undefined
    }
    state.named = true
    unsafeLetGo()
    return { size: state.position, digest: digester.unsafeDigest(), replaced: now?.size }
  }

  return { ...upload, unsafeCommit, release: Effect.ensuring(held.leave, Effect.sync(unsafeLetGo)) }
}
