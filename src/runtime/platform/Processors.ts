import * as Fs from "node:fs"

/**
 * The machine's processors, in milliseconds since some time: how long they have been idle, all together, and how long this process has
 * used them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Processors {
  readonly unsafeUsed: () => number
  /** Takes some ten microseconds; `undefined` where the system does not tell. */
  readonly unsafeIdle: () => number | undefined
}

/** The first line of proc_stat(5), in hundredths of a second: user, nice, system, idle, iowait, and so on. */
const totals = /^cpu +\d+ \d+ \d+ (\d+) (\d+)/

/**
 * What `/proc/stat` says: who waits for a disk leaves its processor to others.
 *
 * @since 0.1.0
 * @category parsing
 */
export const idleIn = (stat: string): number | undefined => {
  const found = totals.exec(stat)
  return found === null ? undefined : 10 * (Number(found[1]) + Number(found[2]))
}

const readIdle = (): number | undefined => {
  try {
    return idleIn(Fs.readFileSync("/proc/stat", "latin1"))
  } catch {
    return undefined
  }
}

/** @since 0.1.0 @category platform */
export const processors: Processors = {
  unsafeUsed: () => {
    const { system, user } = process.cpuUsage()
    return (system + user) / 1000
  },
  unsafeIdle: process.platform === "linux" ? readIdle : () => undefined
}
