import type { BigIntStats } from "node:fs"
import * as Os from "node:os"
import * as Base36 from "../../domain/Base36.ts"
import type { Ffi } from "./Ffi.ts"

/**
 * What `stat(2)` tells of a name, in the numbers of the operating system: `mode` with the type bits, `size` in bytes, `modified`
 * in milliseconds since the epoch, `unique` the same for two names of one file: device, as `makedev(3)` packs it, and inode,
 * to base 36.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  readonly mode: number
  readonly size: number
  readonly modified: number
  readonly links: number
  readonly uid: number
  readonly gid: number
  readonly unique: string
}

const uniqueOf = (device: bigint, inode: bigint): string => `${device.toString(36)}-${inode.toString(36)}`

/**
 * Takes over what `node:fs` tells with `bigint: true`, the only way that keeps 64-bit inode numbers apart.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStats = (stats: BigIntStats): Status => ({
  mode: Number(stats.mode),
  size: Number(stats.size),
  modified: Number(stats.mtimeMs),
  links: Number(stats.nlink),
  uid: Number(stats.uid),
  gid: Number(stats.gid),
  unique: uniqueOf(stats.dev, stats.ino)
})

/**
 * `lstat` of a name (bytes as a latin1 string) in the directory a descriptor stands for, "" for what it stands for itself; `undefined`
 * where the name is gone or refused.
 *
 * @since 0.1.0
 * @category models
 */
export type LookAt = (directory: number, name: string) => Status | undefined

/**
 * The same, with the operating system's error number for a name that is gone or refused.
 *
 * @since 0.1.0
 * @category models
 */
export type AskAt = (directory: number, name: string) => Status | number

/**
 * For those who need not know why.
 *
 * @since 0.1.0
 * @category conversions
 */
export const toLookAt =
  (askAt: AskAt): LookAt =>
  (directory, name) => {
    const status = askAt(directory, name)
    return typeof status === "number" ? undefined : status
  }

const statxSize = 256
const longestName = 256
const noFollow = 0x100
const itself = 0x1000
const noAutomount = 0x800
const basicStats = 0x7ff

const makeDevice = (major: number, minor: number): bigint =>
  (BigInt(major >>> 12) << 44n) | (BigInt(minor >>> 8) << 20n) | BigInt(((major & 0xfff) << 8) | (minor & 0xff))

/** Where the halves of a 64-bit number lie. */
const [low, high] = Os.endianness() === "LE" ? ([0, 1] as const) : ([1, 0] as const)

const word = 0x1_0000_0000

/** Below this upper half a 64-bit number is exact as a JavaScript number. */
const exact = 1 << 21

/**
 * {@link AskAt} by `statx(2)`, at about a third of the price of `Fs.lstatSync` on `/proc/self/fd`; `undefined` where the C
 * library or a seccomp filter lacks it. One buffer serves all calls: it is read before the next one can begin. The call gets
 * addresses as numbers, which koffi takes over faster than buffers.
 *
 * @since 0.1.0
 * @category constructors
 */
export const statx = (ffi: Ffi, probe: number): AskAt | undefined => {
  const call = (() => {
    try {
      return ffi.libc.func("statx", "int", ["int", "uintptr_t", "int", "uint", "uintptr_t"])
    } catch {
      return undefined
    }
  })()
  if (call === undefined) return undefined

  const ints = new Uint32Array(new ArrayBuffer(statxSize))
  const shorts = new Uint16Array(ints.buffer)
  const path = new Uint8Array(new ArrayBuffer(longestName + 1))
  const intsAt = Number(ffi.koffi.address(ints))
  const pathAt = Number(ffi.koffi.address(path))

  let major = -1
  let minor = -1
  let device = ""

  const unique = (): string => {
    if (ints[34] !== major || ints[35] !== minor) {
      major = ints[34] ?? 0
      minor = ints[35] ?? 0
      device = `${makeDevice(major, minor).toString(36)}-`
    }
    const upper = ints[8 + high] ?? 0
    const lower = ints[8 + low] ?? 0
    const inode =
      upper < exact ? Base36.print(upper * word + lower) : ((BigInt(upper) << 32n) | BigInt(lower)).toString(36)
    return device + inode
  }

  const askAt: AskAt = (directory, name) => {
    const length = Math.min(name.length, longestName)
    for (let index = 0; index < length; index++) path[index] = name.charCodeAt(index)
    path[length] = 0
    if (call(directory, pathAt, noFollow | noAutomount | itself, basicStats, intsAt) !== 0) return ffi.koffi.errno()
    return {
      mode: shorts[14] ?? 0,
      size: (ints[10 + high] ?? 0) * word + (ints[10 + low] ?? 0),
      modified:
        (((ints[28 + high] ?? 0) | 0) * word + (ints[28 + low] ?? 0)) * 1000 + Math.floor((ints[30] ?? 0) / 1e6),
      links: ints[4] ?? 0,
      uid: ints[5] ?? 0,
      gid: ints[6] ?? 0,
      unique: unique()
    }
  }
  return typeof askAt(probe, ".") === "number" ? undefined : askAt
}
