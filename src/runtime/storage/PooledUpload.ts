import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import * as VirtualPath from "../../domain/VirtualPath.ts"
import * as Descriptor from "../platform/Descriptor.ts"
import * as FileSystem from "../platform/FileSystem.ts"
import * as FreeName from "../platform/FreeName.ts"
import * as NodeCall from "../platform/NodeCall.ts"
import * as RenameNew from "../platform/RenameNew.ts"
import * as SyncedWrite from "../platform/SyncedWrite.ts"
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
 * The calls that an upload makes on the pool, as `node:fs` has them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Calls extends Pick<typeof Fs, "open" | "writev" | "fchmod" | "fsync" | "close"> {
  /** In place of `writev` and `fsync`. */
  readonly writeSynced: SyncedWrite.SyncedWrite | undefined
}

const { close, fchmod, fsync, open, writev } = Fs

const ofSystem: Calls = { close, fchmod, fsync, open, writev, writeSynced: SyncedWrite.unsafeWriteOnPool }

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
export const make = (context: LocalUpload.Context, calls: Calls = ofSystem): Begin | undefined => {
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
    // Where there is no disk to wait for, the pool is a way round.
    if (FileSystem.isInMemory(place.descriptor.fd)) {
      place.descriptor.unsafeClose()
      return undefined
    }
    const upload = new Pooled(tools, path, options, place, name)
    upload.unsafeBegin(begun)
    return upload
  }
}

/** What is left of pieces but for so many bytes. */
const behind = (pieces: ReadonlyArray<Uint8Array>, count: number): ReadonlyArray<Uint8Array> => {
  let gone = count
  return pieces.flatMap((piece) => {
    const rest = piece.subarray(Math.min(gone, piece.length))
    gone -= piece.length - rest.length
    return rest.length > 0 ? [rest] : []
  })
}

/** The calls that make a whole file of bytes. What may be left out is: each is a way to the pool and back. */
class Sealing {
  position = 0
  readonly #tools: Tools
  readonly #file: Descriptor.Growing
  #left: ReadonlyArray<Uint8Array>
  readonly #sync: boolean
  readonly #done: Done
  /** All that was written was written through. */
  #isSynced: boolean

  /** The file is held, and let go of when it is `done`. */
  constructor(
    tools: Tools,
    file: Descriptor.Growing,
    pieces: ReadonlyArray<Uint8Array>,
    options: StoreOptions,
    done: Done
  ) {
    this.#tools = tools
    this.#file = file
    this.#left = pieces.filter(({ length }) => length > 0)
    this.#sync = options.sync
    this.#isSynced = options.sync
    this.#done = done
  }

  unsafeBegin(mode: number | undefined): void {
    const { calls, context } = this.#tools
    const wanted = LocalUpload.modeOf(undefined, context.umask)
    if (mode !== undefined && (mode & 0o7777) === wanted) this.#write()
    else calls.fchmod(this.#file.fd, wanted, (error) => (error === null ? this.#write() : this.#fail(error)))
  }

  #write(): void {
    const { calls } = this.#tools
    const file = this.#file
    const pieces = this.#left
    if (pieces.length === 0) {
      this.#settle()
      return
    }
    this.#isSynced =
      this.#isSynced && calls.writeSynced?.(file, pieces, this.position, (result) => this.#wrote(result)) === true
    if (this.#isSynced) return
    calls.writev(file.fd, pieces, this.position, (error, length) =>
      error === null ? this.#wrote(length) : this.#fail(error)
    )
  }

  #wrote(result: number): void {
    if (result <= 0) {
      this.#fail(NodeCall.systemError(result === 0 ? EIO : -result, "write"))
      return
    }
    this.position += result
    this.#left = behind(this.#left, result)
    this.#write()
  }

  #settle(): void {
    const { calls } = this.#tools
    if (!this.#sync || (this.#isSynced && this.position > 0)) this.#close()
    else calls.fsync(this.#file.fd, (error) => (error === null ? this.#close() : this.#fail(error)))
  }

  #close(): void {
    const file = this.#file
    file.release()
    if (this.#sync) {
      // Nothing is left that a disk could refuse.
      file.unsafeClose()
      this.#done(null)
    } else this.#tools.calls.close(file.unsafeYield(), (error) => this.#done(error ?? null))
  }

  #fail(error: NodeCall.SystemError): void {
    this.#file.release()
    this.#done(error)
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
      const [path, flags] = Temporary.opening(this.#place, this.#hidden, O_CREAT | O_EXCL)
      // Most likely it needs no other mode later: nobody may read it who may not read what it becomes.
      calls.open(path, flags, LocalUpload.modeOf(undefined, this.#tools.context.umask), (error, fd) => {
        descriptor.release()
        if (error !== null) return refuse()
        this.#file = Descriptor.unsafeWrittenOnDisk(fd)
        this.#end(() => begun(true))
      })
    })
  }

  unsafeSeal(pieces: ReadonlyArray<Uint8Array>, done: (isSealed: boolean) => void): void {
    const state = this.#state
    const file = this.#file
    if (file?.hold() !== true) {
      done(false)
      return
    }
    this.#isBusy = true
    const sealing = new Sealing(this.#tools, file, pieces, this.#options, (error) => {
      if (error === null) state.sealed = true
      else state.failure = error
      state.position = sealing.position
      this.#end(() => done(state.sealed))
    })
    sealing.unsafeBegin(this.#place.look(this.#hidden)?.mode)
    if (this.#options.digest === "none") return
    for (const piece of pieces) this.#digester.unsafeUpdate(piece)
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
