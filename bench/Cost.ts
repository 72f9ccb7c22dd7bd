import * as Fs from "node:fs"

/** Clock ticks of the kernel's accounts in a second; the same on every Linux. */
const TICKS = 100

interface Row {
  readonly pid: number
  readonly parent: number
  /** Seconds this process has used, all of its threads. */
  readonly own: number
  /** Seconds used by children that have ended and were waited for. */
  readonly children: number
}

/** What the threads that live have used, to the nanosecond where the kernel keeps such accounts. */
const threadSeconds = (pid: number): number => {
  try {
    const tasks = Fs.readdirSync(`/proc/${pid}/task`)
    const used = (task: string) =>
      Number(Fs.readFileSync(`/proc/${pid}/task/${task}/schedstat`, "latin1").split(" ")[0])
    return tasks.reduce((sum, task) => sum + used(task) / 1e9, 0)
  } catch {
    return 0
  }
}

/** Ticks are coarse but know of threads that have ended; the other accounts are fine but do not. */
const ownSeconds = ({ own, pid }: Row): number => Math.max(own, threadSeconds(pid))

const row = (pid: string): Row | undefined => {
  try {
    const text = Fs.readFileSync(`/proc/${pid}/stat`, "latin1")
    // The second field is a name in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    const ticks = (index: number) => Number(fields[index]) / TICKS
    return { pid: Number(pid), parent: Number(fields[1]), own: ticks(11) + ticks(12), children: ticks(13) + ticks(14) }
  } catch {
    return undefined
  }
}

/** The process itself first, then all that descend from it. */
const tree = (root: number): ReadonlyArray<Row> => {
  const rows = Fs.readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? (row(name) ?? []) : []))
  const byParent = new Map<number, Array<Row>>()
  for (const one of rows) {
    const siblings = byParent.get(one.parent)
    if (siblings === undefined) byParent.set(one.parent, [one])
    else siblings.push(one)
  }
  const found = rows.filter((one) => one.pid === root)
  for (const one of found) found.push(...(byParent.get(one.pid) ?? []))
  return found
}

/**
 * The seconds of processor time, user and system, that everything under a keeper has used so far: threads, live
 * processes and those that have ended. The keeper's own are left out.
 *
 * @since 0.1.0
 * @category measuring
 */
export const cpuSeconds = (keeper: number): number =>
  tree(keeper).reduce((sum, one) => sum + one.children + (one.pid === keeper ? 0 : ownSeconds(one)), 0)

/**
 * The memory of everything under a keeper in KiB, shared pages counted by share (PSS), and the number of processes.
 *
 * @since 0.1.0
 * @category measuring
 */
export const memory = (keeper: number): { readonly kib: number; readonly processes: number } => {
  let kib = 0
  let processes = 0
  for (const { pid } of tree(keeper)) {
    if (pid === keeper) continue
    try {
      const pss = /^Pss:\s+(\d+)/m.exec(Fs.readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))
      kib += Number(pss?.[1] ?? 0)
      processes++
    } catch {
      // Ended in between.
    }
  }
  return { kib, processes }
}
