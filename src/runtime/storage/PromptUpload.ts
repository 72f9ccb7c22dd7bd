import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import type { Moved } from "../platform/Conduit.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import { nameCalls } from "../platform/NameCalls.ts"
import * as OwnDescriptors from "../platform/OwnDescriptors.ts"
import * as PromptWrite from "../platform/PromptWrite.ts"
import { unsafeRenameNew } from "../platform/RenameNew.ts"
import type * as Status from "../platform/Status.ts"
import * as Digester from "./Digester.ts"
import * as Disk from "./Disk.ts"
import * as Entries from "./Entries.ts"
import type * as HostPath from "./HostPath.ts"
import * as LocalUpload from "./LocalUpload.ts"
import * as Partials from "./Partials.ts"
import type { OwnedPlace, Root } from "./Root.ts"
import * as Site from "./Site.ts"
import type { PromptUpload, Stored, StoreOptions, Upload } from "./Storage.ts"
import * as Straight from "./Straight.ts"
import * as Temporary from "./Temporary.ts"

const { ENOENT } = Os.constants.errno

interface OwnedSite extends Site.Site {
  readonly place: OwnedPlace
  readonly status: Status.Status | undefined
}

/** It can be freed in a turn, and what takes its place need not be given to anybody. */
const isPromptlyReplaced = (status: Status.Status | undefined): boolean =>
  status === undefined || (status.size <= Disk.quicklyFreed && LocalUpload.isOwn(status))

/** Then it counts on what has the name, be it nothing. */
const goesBehind = ({ offset }: StoreOptions): boolean => offset === "end"

/** The name tells what it is of only where it may become a partial. */
const unsafeHide = ({ name, place }: OwnedSite, { partial }: StoreOptions): Hidden | undefined => {
  const target = partial === "keep" ? Partials.hash(name) : undefined
  const hidden = Partials.uploadName(target)
  const fd = nameCalls?.unsafeCreate(place.descriptor.fd, hidden) ?? -1
  if (fd < 0) return undefined
  return { target, name: hidden, file: Descriptor.unsafeWritten(fd, OwnDescriptors.unsafeClose) }
}

/**
 * Begins, in this turn, to store a whole file where no disk has to be waited for, and under a name that is neither a link nor refused;
 * `undefined` for anything else. What is to go behind all that is there is a whole file where nothing is. It is done with the names as
 * `LocalUpload.begin` does it.
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
  if (name === undefined || (options.offset !== 0 && !goesBehind(options))) return undefined
  const place = context.root.unsafeEnter?.(VirtualPath.parent(path))
  if (place === undefined) return undefined
  const begun = FileSystem.isInMemory(place.descriptor.fd)
    ? unsafeStart(context, path, { place, name, status: place.look(name) }, options)
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
  if (LocalUpload.objection(site.status, options) !== undefined) return undefined
  if (goesBehind(options) && site.status !== undefined) return undefined
  const hidden = unsafeHide(site, options)
  return hidden && new Prompt(context, path, site, options, hidden)
}

/**
 * Whether an upload of this name has surely left no partial, as can be told in this turn: where there is no disk to wait for.
 *
 * @since 0.1.0
 * @category predicates
 */
export const unsafeHasNoPartial = (root: Root, path: VirtualPath.VirtualPath): boolean => {
  const name = Site.lastName(path)
  const place = name === undefined ? undefined : root.unsafeEnter?.(VirtualPath.parent(path))
  if (name === undefined || place === undefined) return false
  const status = FileSystem.isInMemory(place.descriptor.fd) ? place.ask(name) : undefined
  // Behind a link there may be one where that leads.
  const isPlain = status === ENOENT || (typeof status === "object" && Entries.kind(status.mode) !== "link")
  const hasNone = isPlain && place.ask(Partials.partialName(Partials.hash(name))) === ENOENT
  place.descriptor.unsafeClose()
  return hasNone
}

interface Hidden {
  readonly file: Descriptor.Owned & Descriptor.Written
  readonly name: HostPath.HostPath
  /** The hash of the name that it is to get, where it may become the partial of that. */
  readonly target: string | undefined
}

interface Slow {
  readonly held: Temporary.Held
  readonly upload: Upload
}

/** What takes time is made only where it is asked for. */
class Prompt implements PromptUpload {
  readonly offset = 0
  readonly replaces: number | undefined
  readonly #context: LocalUpload.Context
  readonly #path: VirtualPath.VirtualPath
  readonly #site: OwnedSite
  readonly #options: StoreOptions
  readonly #hidden: Hidden
  readonly #state: Temporary.State
  readonly #digester: Digester.Digester
  readonly #growing: Straight.Growing
  #rest: Slow | undefined = undefined

  constructor(
    context: LocalUpload.Context,
    path: VirtualPath.VirtualPath,
    site: OwnedSite,
    options: StoreOptions,
    hidden: Hidden
  ) {
    this.#context = context
    this.#path = path
    this.#site = site
    this.#options = options
    this.#hidden = hidden
    this.#state = Temporary.unsafeState(options)
    this.#digester = Digester.make(options.digest)
    const digester = options.digest === "none" ? undefined : this.#digester
    this.#growing = { file: hidden.file, state: this.#state, digester }
    this.replaces = site.status?.size
  }

  unsafeWrite(bytes: Uint8Array): number {
    const { inMemory } = PromptWrite
    return inMemory === undefined ? 0 : Straight.unsafeWrite(this.#growing, inMemory, bytes)
  }

  unsafeReceive(socket: number): Moved | undefined {
    const { conduit } = this.#context
    const isRead = conduit === undefined || this.#growing.digester !== undefined
    return isRead ? undefined : Straight.unsafeReceive(this.#growing, conduit, socket)
  }

  unsafeCommit(): Stored | undefined {
    const { name, place, status } = this.#site
    const state = this.#state
    // A name that was free is taken only as such, which the kernel looks at.
    const now = status === undefined ? undefined : place.look(name)
    if (state.failure !== undefined || !this.#isPrompt(now)) return undefined
    state.named = this.#dress() && this.#rename(now === undefined || !this.#options.replace)
    if (!state.named) return undefined
    this.#letGo()
    return { size: state.position, digest: this.#digester.unsafeDigest(), replaced: now?.size }
  }

  /** Nobody else is changing what has the name, which may be replaced, and nothing else has to be freed. */
  #isPrompt(now: Status.Status | undefined): boolean {
    const { name, place, status } = this.#site
    const { target } = this.#hidden
    return (
      this.#context.locks.unsafeIsFree(name) &&
      LocalUpload.objection(now, this.#options) === undefined &&
      isPromptlyReplaced(status) &&
      isPromptlyReplaced(now) &&
      (target === undefined || place.look(Partials.partialName(target)) === undefined)
    )
  }

  #dress(): boolean {
    const mode = LocalUpload.modeOf(this.#site.status, this.#context.umask)
    return nameCalls?.unsafeChangeMode(this.#hidden.file.fd, mode) === 0
  }

  #rename(isFree: boolean): boolean {
    const { name, place } = this.#site
    const { fd } = place.descriptor
    const rename = isFree ? unsafeRenameNew : nameCalls?.unsafeRename
    return rename?.(fd, this.#hidden.name, fd, name) === 0
  }

  #letGo(): void {
    this.#hidden.file.unsafeClose()
    this.#site.place.descriptor.unsafeClose()
  }

  get #slow(): Slow {
    this.#rest ??= this.#makeSlow()
    return this.#rest
  }

  #makeSlow(): Slow {
    const context = this.#context
    // What has no disk is as safe there as it will ever be.
    const options = { ...this.#options, sync: false }
    const [site, digester] = [this.#site, this.#digester]
    const held = Temporary.unsafeHeld(site.place, { ...this.#hidden, state: this.#state }, this.#hidden.target)
    const { conduit } = context
    const grown = { conduit, digest: options.digest, digester }
    const temporary = Temporary.unsafeMake(site, { ...held, expects: goesBehind(options) }, grown)
    return { held, upload: LocalUpload.unsafeMake(context, { path: this.#path, options, site, temporary, digester }) }
  }

  write(bytes: Uint8Array): ReturnType<Upload["write"]> {
    return this.#slow.upload.write(bytes)
  }

  get seal(): Upload["seal"] {
    return this.#slow.upload.seal
  }

  get commit(): Upload["commit"] {
    return this.#slow.upload.commit
  }

  get discard(): Upload["discard"] {
    return this.#slow.upload.discard
  }

  unsafeIsKept(): boolean {
    return this.#slow.upload.unsafeIsKept()
  }

  get release(): Effect.Effect<void> {
    return Effect.ensuring(
      this.#slow.held.leave,
      Effect.sync(() => this.#letGo())
    )
  }
}
