import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as FreeName from "../platform/FreeName.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as RenameNew from "../platform/RenameNew.ts"
import * as Digester from "./Digester.ts"
import type * as HostPath from "./HostPath.ts"
import * as LocalUpload from "./LocalUpload.ts"
import * as Partials from "./Partials.ts"
import type { OwnedPlace } from "./Root.ts"
import * as Settling from "./Settling.ts"
import * as Site from "./Site.ts"
import type { PooledUpload, Storage, Stored, StoreOptions, Upload } from "./Storage.ts"
import * as Temporary from "./Temporary.ts"

type Begin = NonNullable<Storage["Type"]["unsafeStoreOnPool"]>

type Done = (error: NodeCall.SystemError | null) => void

/**
 * The calls of Node's that an upload makes on the pool.
 *
 * @since 0.1.0
 * @category models
 */
export type Calls = Pick<typeof Fs, "open" | "write" | "fchmod" | "fsync" | "close">

const { EIO } = Os.constants.errno
const { O_CREAT, O_EXCL } = Fs.constants

interface Tools {
  readonly context: LocalUpload.Context
  readonly calls: Calls
  readonly settling: Settling.Settling
  readonly isFree: FreeName.IsFree
  readonly rename: NonNullable<typeof RenameNew.unsafeRenameNewOnPool>
}

/**
 * How the pool stores whole files under names that are free, each by a handful of calls one behind the other; the rest is for `LocalUpload`,
 * which does the same to the same names. `undefined` where the system lacks what that takes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (context: LocalUpload.Context, calls: Calls = Fs): Begin | undefined => {
  const { unsafeEnter } = context.root
  const { unsafeIsFreeOnPool: isFree } = FreeName
  const { unsafeRenameNewOnPool: rename } = RenameNew
  if (unsafeEnter === undefined || isFree === undefined || rename === undefined) return undefined
  const tools: Tools = { context, calls, settling: Settling.make(calls.fsync), isFree, rename }
  return (path, options, begun) => {
    const { create, offset, partial } = options
    const name = Site.lastName(path)
    const isWhole = offset === 0 || offset === "end"
    if (name === undefined || !isWhole || !create || partial === "keep") return undefined
    const place = unsafeEnter(VirtualPath.parent(path))
    if (place === undefined) return undefined
    const upload = new Pooled(tools, path, options, place, name)
    upload.unsafeBegin(begun)
    return upload
  }
}

/** What goes on in a fiber is made only where it is asked for. */
class Pooled implements PooledUpload {
  readonly offset = 0
  readonly replaces = undefined
  readonly #tools: Tools
  readonly #path: VirtualPath.VirtualPath
  readonly #options: StoreOptions
  readonly #place: OwnedPlace
  readonly #name: HostPath.HostPath
  readonly #hidden = Partials.uploadName(undefined)
  readonly #state: Temporary.State
  readonly #digester: Digester.Digester
  #file: Descriptor.Growing | undefined = undefined
  #isBusy = false
  #waiting: Array<() => void> = []
  #slow: { readonly held: Temporary.Held; readonly upload: Upload } | undefined = undefined

  constructor(
    tools: Tools,
    path: VirtualPath.VirtualPath,
    options: StoreOptions,
    place: OwnedPlace,
    name: HostPath.HostPath
  ) {
    this.#tools = tools
    this.#path = path
    this.#options = options
    this.#place = place
    this.#name = name
    this.#state = Temporary.unsafeState(options)
    this.#digester = Digester.make(options.digest)
  }

  unsafeIsBegun(): boolean {
    return this.#file !== undefined
  }

  unsafeBegin(begun: (isBegun: boolean) => void): void {
    const { calls, isFree } = this.#tools
    const { descriptor } = this.#place
    const refuse = () => {
      descriptor.unsafeClose()
      this.#end(() => begun(false))
    }
    this.#isBusy = true
    isFree(descriptor, this.#name, (isFree) => {
      if (!isFree || !descriptor.hold()) return refuse()
      const [path, flags, mode] = Temporary.opening(this.#place, this.#hidden, O_CREAT | O_EXCL)
      calls.open(path, flags, mode, (error, fd) => {
        descriptor.release()
        if (error !== null) return refuse()
        this.#file = Descriptor.unsafeWrittenOnDisk(fd)
        this.#end(() => begun(true))
      })
    })
  }

  unsafeSeal(bytes: Uint8Array, done: (isSealed: boolean) => void): void {
    const state = this.#state
    const file = this.#file
    if (file?.hold() !== true) {
      done(false)
      return
    }
    const { calls, context } = this.#tools
    const { digest, sync } = this.#options
    this.#isBusy = true
    const end: Done = (error) => {
      if (error === null) state.sealed = true
      else state.failure = error
      this.#end(() => done(state.sealed))
    }
    const failed: Done = (error) => {
      file.release()
      end(error)
    }
    const close = () => {
      file.release()
      // Nothing is left that a disk could refuse.
      if (sync) file.unsafeClose()
      if (sync) return end(null)
      calls.close(file.unsafeYield(), (error) => end(error ?? null))
    }
    const settle = () => (sync ? calls.fsync(file.fd, (error) => (error === null ? close() : failed(error))) : close())
    const dress = () =>
      calls.fchmod(file.fd, LocalUpload.modeOf(undefined, context.umask), (error) =>
        error === null ? settle() : failed(error)
      )
    const write = () => {
      const { position } = state
      if (position === bytes.length) return dress()
      calls.write(file.fd, bytes, position, bytes.length - position, position, (error, length) => {
        if (error !== null) return failed(error)
        if (length === 0) return failed(NodeCall.systemError(EIO, "write"))
        state.position += length
        write()
      })
    }
    write()
    if (digest !== "none") this.#digester.unsafeUpdate(bytes)
  }

  unsafeName(done: (stored: Stored | undefined) => void): void {
    const { rename, settling } = this.#tools
    const { descriptor } = this.#place
    const { sync } = this.#options
    const state = this.#state
    this.#isBusy = true
    const named = (isConfirmed: boolean) => {
      this.#letGo()
      const stored: Stored = { size: state.position, digest: this.#digester.unsafeDigest(), replaced: undefined }
      this.#end(() => done(isConfirmed ? stored : { ...stored, unconfirmed: true }))
    }
    rename(descriptor, this.#hidden, descriptor, this.#name, (result) => {
      state.named = result === 0
      if (!state.named) this.#end(() => done(undefined))
      else if (sync) settling.unsafeSettle(this.#place, named)
      else named(true)
    })
  }

  #end(tell: () => void): void {
    this.#isBusy = false
    tell()
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  #letGo(): void {
    this.#file?.unsafeClose()
    this.#place.descriptor.unsafeClose()
  }

  get settled(): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#isBusy) this.#waiting.push(() => resume(Effect.void))
      else resume(Effect.void)
    })
  }

  /** Goes on as `LocalUpload` does. */
  #later<A, E>(use: (slow: { readonly held: Temporary.Held; readonly upload: Upload }) => Effect.Effect<A, E>) {
    return Effect.zipRight(
      this.settled,
      Effect.suspend(() => {
        this.#slow ??= this.#makeSlow()
        return this.#slow === undefined ? Effect.die(new Error("an upload that has not begun")) : use(this.#slow)
      })
    )
  }

  #makeSlow() {
    const file = this.#file
    if (file === undefined) return undefined
    const { context } = this.#tools
    const { conduit } = context
    const [digester, options, path, place] = [this.#digester, this.#options, this.#path, this.#place]
    const site = { place, name: this.#name, status: undefined }
    const held = Temporary.unsafeHeld(place, { name: this.#hidden, file, state: this.#state }, undefined)
    const expects = options.offset === "end"
    const temporary = Temporary.unsafeMake(site, { ...held, expects }, { conduit, digest: options.digest, digester })
    return { held, upload: LocalUpload.unsafeMake(context, { path, options, site, temporary, digester }) }
  }

  write(bytes: Uint8Array): ReturnType<Upload["write"]> {
    return this.#later(({ upload }) => upload.write(bytes))
  }

  get seal(): Upload["seal"] {
    return this.#later(({ upload }) => upload.seal)
  }

  get commit(): Upload["commit"] {
    return this.#later(({ upload }) => upload.commit)
  }

  get discard(): Upload["discard"] {
    return Effect.void
  }

  unsafeIsKept(): boolean {
    return false
  }

  get release(): Effect.Effect<void> {
    return Effect.ensuring(
      Effect.flatMap(this.settled, () =>
        this.#file === undefined ? Effect.void : this.#later(({ held }) => held.leave)
      ),
      Effect.sync(() => this.#letGo())
    )
  }
}
