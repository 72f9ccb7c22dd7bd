import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Descriptor } from "./Descriptor.ts"
import type { Ffi } from "./Ffi.ts"
import * as NodeCall from "./NodeCall.ts"
import * as PooledCall from "./PooledCall.ts"

/**
 * The next names of an open directory, some hundreds, "." and ".." left out, in storage order; `undefined` at the end.
 * Names are bytes as latin1 strings, so that any encoding passes and `<` orders them by byte.
 *
 * @since 0.1.0
 * @category models
 */
export type Names = Effect.Effect<ReadonlyArray<string> | undefined, NodeCall.SystemError>

const getdents64: Partial<Record<NodeJS.Architecture, number>> = {
  arm64: 61,
  loong64: 61,
  ppc64: 202,
  riscv64: 61,
  s390x: 220,
  x64: 217
}

const { EBADF } = Os.constants.errno

const bufferSize = 64 * 1024

/** So much that a disk may be waited for once or twice. */
const probeSize = 8 * 1024

const lengthAt = 16
const nameAt = 19

const parse = (records: Buffer): ReadonlyArray<string> => {
  const shorts = new Uint16Array(records.buffer, records.byteOffset, records.length >> 1)
  const names: Array<string> = []
  let at = 0
  while (at < records.length) {
    const first = at + nameAt
    const next = at + (shorts[(at + lengthAt) >> 1] ?? records.length)
    // Records are padded to eight bytes, so the NUL behind the name is one of the last eight.
    let end = Math.max(first, next - 8)
    while (end < next && records[end] !== 0) end++
    const name = records.toString("latin1", first, end)
    if (name !== "." && name !== "..") names.push(name)
    at = next
  }
  return names
}

/**
 * Reads a directory by its descriptor, with `getdents64(2)`: a third of the price of `Fs.opendir`, and no second descriptor. The first
 * names come from the libuv pool, then a few in this turn, and if `unsafeWaits` has not counted a wait for them, so do the
 * rest: what the kernel has cached is not worth the way to the pool. `undefined` on a processor whose number of the call is not
 * known here.
 *
 * @since 0.1.0
 * @category constructors
 */
export const names = (
  ffi: Ffi,
  unsafeWaits: (() => number) | undefined
): ((directory: Descriptor) => Names) | undefined => {
  const number = getdents64[process.arch]
  if (number === undefined) return undefined
  const syscall = ffi.libc.func("syscall", "long", ["long", "int", "void *", "size_t"])

  return (directory) => {
    const records = Buffer.allocUnsafeSlow(bufferSize)
    /** How much is read in this turn. */
    let now = 0

    const settle = (result: number) => {
      if (result < 0) return Effect.fail(NodeCall.systemError(-result, "getdents64"))
      return Effect.succeed(result === 0 ? undefined : parse(records.subarray(0, result)))
    }

    const readLater = Effect.async<ReadonlyArray<string> | undefined, NodeCall.SystemError>((resume) => {
      if (!directory.hold()) return resume(settle(-EBADF))
      PooledCall.run(ffi, {
        memory: [records],
        start: (done) => syscall.async(number, directory.fd, records, bufferSize, done),
        done: (result) => {
          directory.release()
          resume(settle(result))
        }
      })
    })

    const readNow = (waits: () => number) => {
      const before = waits()
      const result: number = syscall(number, directory.fd, records, now)
      const read = settle(result < 0 ? -ffi.koffi.errno() : result)
      now = waits() === before ? bufferSize : 0
      return read
    }

    let begun = false
    return Effect.suspend(() => {
      if (begun && now > 0 && unsafeWaits !== undefined) return readNow(unsafeWaits)
      if (!begun) now = probeSize
      begun = true
      return readLater
    })
  }
}

/** As many names of usual length as can be looked at in a turn. */
const shortSize = 64 * 1024

/** The kernel writes here, by an address that the garbage collector knows nothing of: so it stays for as long as the module. */
const shortRecords: Buffer = Buffer.allocUnsafeSlow(shortSize)

/** As `shortRecords`; room for one that would be too many. */
const oneMore: Buffer = Buffer.allocUnsafeSlow(512)

/**
 * All names of a short directory that no disk has to be waited for, by its descriptor and in this turn; `undefined` for a longer one. The
 * same absent where `names` is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeNames = (ffi: Ffi): ((directory: number) => ReadonlyArray<string> | undefined) | undefined => {
  const number = getdents64[process.arch]
  if (number === undefined) return undefined
  const syscall = ffi.libc.func("syscall", "long", ["long", "int", "uintptr_t", "size_t"])
  const recordsAt = Number(ffi.koffi.address(shortRecords))
  const oneMoreAt = Number(ffi.koffi.address(oneMore))
  return (directory) => {
    const read: number = syscall(number, directory, recordsAt, shortSize)
    if (read < 0) return undefined
    const isAll: boolean = read === 0 || syscall(number, directory, oneMoreAt, oneMore.length) === 0
    return isAll ? parse(shortRecords.subarray(0, read)) : undefined
  }
}

/**
 * Reads a directory with what each name stands for as far as the disk tells, through `Fs.opendir`, wherever Node runs; some hundreds at
 * a time, `undefined` at the end. The handle is a descriptor of its own and belongs to the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entriesOf = (
  path: string | Buffer
): Effect.Effect<
  Effect.Effect<ReadonlyArray<Fs.Dirent> | undefined, NodeCall.SystemError>,
  NodeCall.SystemError,
  Scope.Scope
> =>
  Effect.acquireRelease(
    NodeCall.call<Fs.Dir>((done) => Fs.opendir(path as string, { encoding: "latin1", bufferSize: 256 }, done)),
    (directory) => Effect.ignore(NodeCall.call<void>((done) => directory.close((error) => done(error ?? null))))
  ).pipe(
    Effect.map((directory) =>
      Effect.async((resume) => {
        const entries: Array<Fs.Dirent> = []
        const onEntry = (error: NodeCall.SystemError | null, entry: Fs.Dirent | null) => {
          if (error !== null) return resume(Effect.fail(error))
          if (entry !== null) entries.push(entry)
          if (entry !== null && entries.length < 256) return directory.read(onEntry)
          resume(Effect.succeed(entries.length === 0 ? undefined : entries))
        }
        directory.read(onEntry)
      })
    )
  )

/**
 * The names alone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const namesOf = (path: string | Buffer): Effect.Effect<Names, NodeCall.SystemError, Scope.Scope> =>
  Effect.map(entriesOf(path), (next) => Effect.map(next, (entries) => entries?.map(({ name }) => name)))
