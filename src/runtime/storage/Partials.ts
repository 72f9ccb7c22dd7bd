import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as HiddenName from "../../domain/HiddenName.ts"
import type { HostPath } from "./HostPath.ts"

/**
 * What the name of an upload under way tells: who writes it, and the name it is a whole or a continued partial of; no `target` where it
 * has bytes of a whole file in front.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upload {
  readonly _tag: "Upload"
  readonly host: string
  readonly boot: string
  readonly namespace: string
  readonly pid: number
  readonly started: string
  readonly target: string | undefined
}

/**
 * What is kept of a cut upload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Partial {
  readonly _tag: "Partial"
}

const uploadPrefix = `${HiddenName.prefix}upload-`
const partialPrefix = `${HiddenName.prefix}partial-`

const digest = (text: string, length: number): string =>
  Crypto.hash("sha256", Buffer.from(text, "latin1"), "hex").slice(0, length)

/**
 * Stands for the name of a file, whatever characters that has and however long it is.
 *
 * @since 0.1.0
 * @category getters
 */
export const hash = (name: HostPath): string => digest(name, 32)

const orNothing = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return ""
  }
}

/** Hosts may have one name, and copies of a system one id. */
const host = digest(`${Os.hostname()} ${orNothing(() => Fs.readFileSync("/etc/machine-id", "latin1"))}`, 8)

/** Since when the system runs. */
const boot = digest(
  orNothing(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "latin1")),
  8
)

/** Where the number of a process means that process. */
const namespace = digest(
  orNothing(() => Fs.readlinkSync("/proc/self/ns/pid")),
  8
)

/** When a process began, in the system's own count; tells it from a later one with the same number. `undefined`: there is none. */
const startOf = (pid: number): string | undefined => {
  try {
    const line = Fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    // The second field is the program's name in parentheses, which may hold anything.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ")
    // Killed, and only waiting for its parent to take note.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19]
  } catch {
    return undefined
  }
}

const unknown = "0"
const started = startOf(process.pid) ?? unknown

const writer = `${uploadPrefix}${host}-${boot}-${namespace}-${process.pid}-${started}`

/** Begins anywhere, so that the threads of a process do not meet. */
let count = Crypto.randomInt(2 ** 47)

/**
 * A name for an upload, of which there is never a second.
 *
 * @since 0.1.0
 * @category constructors
 */
export const uploadName = (target: string | undefined): HostPath =>
  `${writer}-${target ?? "none"}-${(count++).toString(16).padStart(12, "0")}`

/**
 * The name of the partial of a file.
 *
 * @since 0.1.0
 * @category constructors
 */
export const partialName = (target: string): HostPath => partialPrefix + target

const upload =
  /^\.weft-upload-([0-9a-f]{8})-([0-9a-f]{8})-([0-9a-f]{8})-(\d{1,10})-(\d{1,20})-([0-9a-f]{32}|none)-[0-9a-f]{12}$/
const partial = /^\.weft-partial-[0-9a-f]{32}$/

/**
 * Reads a name; `undefined` for one that is not of an upload.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parse = (name: HostPath): Upload | Partial | undefined => {
  if (partial.test(name)) return { _tag: "Partial" }
  const [whole, host = "", boot = "", namespace = "", pid, started = "", target] = upload.exec(name) ?? []
  if (whole === undefined) return undefined
  return {
    _tag: "Upload",
    host,
    boot,
    namespace,
    pid: Number(pid),
    started,
    target: target === "none" ? undefined : target
  }
}

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

const day = 24 * 60 * 60 * 1000

/**
 * Tells whether an upload may still be going on: its process lives. None of before this host was started does. Of another
 * host, or where the numbers of processes mean others, that cannot be known; there it is taken for dead a day after its last byte.
 * `modified` and `now` are milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAlive = (upload: Upload, modified: number, now: number): boolean => {
  if (upload.host === host && upload.boot !== boot) return false
  if (upload.host !== host || upload.namespace !== namespace) return now - modified < day
  if (upload.pid === process.pid) return upload.started === started
  const running = startOf(upload.pid)
  return running === undefined || upload.started === unknown
    ? started === unknown && exists(upload.pid)
    : running === upload.started
}

/**
 * Tells whether what an upload wrote is still there as it wrote it: what no disk had yet is gone with the system it ran on.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIntact = (upload: Upload): boolean => upload.boot === boot
