import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { Descriptor } from "./Descriptor.ts"
import type { Ffi } from "./Ffi.ts"
import * as FileSystem from "./FileSystem.ts"
import * as NodeCall from "./NodeCall.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"
import * as PooledCall from "./PooledCall.ts"

/**
 * Linux's `openat2(2)` below one directory: the kernel itself refuses every name that would lead out of it, whatever others do
 * to the tree at the same moment.
 *
 * @since 0.1.0
 * @category models
 */
export interface Beneath {
  /**
   * Opens `path` in this turn if all it takes is in the kernel's cache, or in a file system without a disk: a descriptor that belongs to
   * the caller. A negative number is that of the error that `open` would fail with, but for `EAGAIN`: then only `open` can find out.
   */
  readonly unsafeOpenCached: (path: string, flags: number) => number
  /**
   * Opens for reading what `place` stands for, a descriptor of a regular file, in this turn; a negative number where that cannot be. Both
   * are closed by `unsafeClose`.
   */
  readonly unsafeReopen: (place: number, flags: number) => number
  /** Closes what this opened: Node warns of a descriptor that it did not open itself. */
  readonly unsafeClose: (fd: number) => void
  /**
   * Opens `path` (bytes as a latin1 string, relative, "." for the directory itself) and gives the descriptor to `keep`. Fails
   * with `EXDEV` where the name leads out, also by an absolute link that comes back in; with `EAGAIN` where a rename at the
   * same moment left the kernel unsure. `links: "none"` refuses every symbolic link with `ELOOP`. What the kernel has in its
   * cache is opened at once; only what may have to wait for a disk goes to the pool.
   */
  readonly open: (
    path: string,
    flags: number,
    keep: (fd: number) => void,
    options?: { readonly links: "none" }
  ) => Effect.Effect<void, NodeCall.SystemError>
}

/**
 * The open flags of Linux that `node:fs` does not name: `cloexec` closes a descriptor in child processes, `path` makes one
 * that only stands for a place, which neither opens a device nor needs permission to read.
 *
 * @since 0.1.0
 * @category constants
 */
export const flags = { cloexec: 0o2000000, path: 0o10000000 } as const

const openat2 = 437
const noOtherMount = 0x01
const noMagicLinks = 0x02
const noSymlinks = 0x04
const beneath = 0x08
const cached = 0x20

const { EAGAIN, EBADF, EINTR, EINVAL, EMFILE, EXDEV } = Os.constants.errno

const howSize = 24

const bytesOf = (path: string): Buffer => Buffer.from(`${path}\0`, "latin1")

/** `struct open_how`, in memory that does not move while a pool thread reads it. */
const openHow = (flags: number, resolve: number): BigUint64Array => {
  const how = new BigUint64Array(new ArrayBuffer(howSize))
  how[0] = BigInt(flags)
  how[2] = BigInt(resolve)
  return how
}

/**
 * Makes opening below `root`, a directory; after that has been closed, everything fails with `EBADF`. `undefined` where the
 * kernel has no `openat2(2)` or a seccomp filter hides it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (ffi: Ffi, root: Descriptor): Beneath | undefined => {
  const syscall = ffi.libc.func("syscall", "long", ["long", "int", "void *", "void *", "size_t"])

  const open = ffi.libc.func("open", "int", ["str", "int"])
  const { unsafeClose } = OwnDescriptors

  const howNow = openHow(0, 0)
  const openNow = (path: Buffer, flags: number, resolve: number): number => {
    howNow[0] = BigInt(flags)
    howNow[2] = BigInt(resolve)
    const fd: number = syscall(openat2, root.fd, path, howNow, howSize)
    if (fd >= 0) {
      OwnDescriptors.unsafeOwn(fd)
      return fd
    }
    const errno = ffi.koffi.errno()
    return errno === EINTR ? -EAGAIN : -errno
  }

  const probe = (resolve: number): number => {
    const fd = openNow(Buffer.from(".\0"), flags.cloexec | flags.path, resolve)
    if (fd >= 0) unsafeClose(fd)
    return fd
  }
  if (probe(beneath | noMagicLinks) < 0) return undefined
  const knowsCached = probe(beneath | noMagicLinks | cached) !== -EINVAL

  const hasDisk = !FileSystem.isInMemory(root.fd)

  /** What has no disk forgets names that are not there: they are never in the cache, but then nothing has to be waited for. */
  const openCached = (path: Buffer, flags: number, resolve: number): number => {
    const fd = knowsCached ? openNow(path, flags, resolve | cached) : -EAGAIN
    if (fd !== -EAGAIN || hasDisk) return fd
    const here = openNow(path, flags, resolve | noOtherMount)
    return here === -EXDEV ? -EAGAIN : here
  }

  return {
    unsafeClose,
    unsafeReopen: (place, flags) => {
      const fd: number = open(`/proc/self/fd/${place}`, flags)
      if (fd < 0 || OwnDescriptors.unsafeOwn(fd)) return fd
      unsafeClose(fd)
      return -EMFILE
    },
    unsafeOpenCached: (path, flags) => openCached(bytesOf(path), flags, beneath | noMagicLinks),
    open: (path, flags, keep, options) =>
      Effect.suspend(() => {
        const bytes = bytesOf(path)
        const resolve = beneath | noMagicLinks | (options === undefined ? 0 : noSymlinks)
        const settle = (result: number) => {
          if (result < 0) return Effect.fail(NodeCall.systemError(-result, "openat2"))
          keep(result)
          return Effect.void
        }
        const first = openCached(bytes, flags, resolve)
        if (first !== -EAGAIN) return settle(first)
        return Effect.async<void, NodeCall.SystemError>((resume) => {
          if (!root.hold()) return resume(settle(-EBADF))
          const how = openHow(flags, resolve)
          PooledCall.run(ffi, {
            memory: [bytes, how],
            start: (done) => syscall.async(openat2, root.fd, bytes, how, howSize, done),
            done: (result) => {
              root.release()
              resume(settle(result))
            }
          })
        })
      })
  }
}
