import { figure, marks } from "./Markdown.ts"
import * as Results from "./Results.ts"
import * as Summary from "./Summary.ts"

/**
 * Whether a target is met, and by what figure.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verdict {
  readonly met: boolean
  readonly figure: string
}

/**
 * Something Weft is to reach in a workload.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly workload: string
  readonly wanted: string
  /** Nothing where what it takes was not measured. */
  readonly judge: (results: Results.Results, server: string) => Verdict | undefined
}

type Judge = (own: Summary.Summary, results: Results.Results) => Verdict | undefined

/** Who gave wrong bytes has met nothing. */
const target = (workload: string, wanted: string, judge: Judge): Target => ({
  workload,
  wanted,
  judge: (results, server) => {
    const own = Results.find(results, workload, server)
    const verdict = own?.value === undefined ? undefined : judge(own, results)
    if (own === undefined || verdict === undefined) return undefined
    return { met: verdict.met && own.wrong === 0, figure: `${verdict.figure}${marks(own)}` }
  }
})

/** So many times as good as the best peer of the same run. */
const best = (name: string, least: number): Target =>
  target(name, `at least ${least} × the best peer`, (own, results) => {
    const workload = results.workloads.find((one) => one.name === name)
    const peer = workload === undefined ? undefined : Results.bestPeer(results, workload)
    if (workload === undefined || peer === undefined) return undefined
    const ratio = Summary.ratio(workload, own.value, peer.value)
    return ratio === undefined ? undefined : { met: ratio >= least, figure: `${figure(ratio)} × ${peer.server}` }
  })

const cheaper = (name: string, than: string): Target =>
  target(name, `no more CPU per GiB than ${than}`, (own, results) => {
    const peer = Results.find(results, name, than)
    if (own.cpu === undefined || peer?.cpu === undefined) return undefined
    return { met: own.cpu <= peer.cpu, figure: `${figure(own.cpu)} s, ${than} ${figure(peer.cpu)} s` }
  })

const prompter = (name: string): Target =>
  target(name, "p99 below that of the median peer", (own, results) => {
    const median = Summary.median(Results.peers(results, name).flatMap(({ p99 }) => p99 ?? []))
    if (own.p99 === undefined || median === undefined) return undefined
    return { met: own.p99 < median, figure: `${figure(own.p99)} ms, median peer ${figure(median)} ms` }
  })

const atMost = (name: string, what: string, most: number, unit: string): Target =>
  target(name, `${what} at most ${most} ${unit}`, ({ value = Number.NaN }) => ({
    met: value <= most,
    figure: `${figure(value)} ${unit}`
  }))

const below = (name: string, what: string, limit: number, unit: string): Target =>
  target(name, `${what} below ${limit} ${unit}`, ({ value = Number.NaN }) => ({
    met: value < limit,
    figure: `${figure(value)} ${unit}`
  }))

const fair = (name: string, least: number): Target =>
  target(name, `Jain's index of all clients at least ${least}`, ({ jain, more }) =>
    jain === undefined
      ? undefined
      : { met: jain >= least, figure: `${jain.toFixed(3)}, without the greedy one ${more["jainOrdinary"]?.toFixed(3)}` }
  )

/** All are held to the end, and a new client is served in at most so many times the time an empty server takes. */
const unnoticed = (name: string, sessions: number, slower: number): Target =>
  target(
    name,
    `${sessions} sessions held, login beside them at most ${slower} × its time on an empty server (p50)`,
    ({ more }, { scale }) => {
      if ((scale.clients ?? scale.manySessions) < sessions) return undefined
      const { heldSessions = 0, loginP50Alone: alone, loginP50Crowded: crowded } = more
      if (alone === undefined || crowded === undefined) return undefined
      const times = `${figure(crowded / alone)} × (${figure(crowded)} ms, empty ${figure(alone)} ms)`
      return { met: heldSessions >= sessions && crowded <= slower * alone, figure: `${heldSessions} held, ${times}` }
    }
  )

/**
 * What Weft is to reach, the only place where that is written down. Ratios are to peers of the same run.
 *
 * @since 0.1.0
 * @category table
 */
export const all: ReadonlyArray<Target> = [
  best("download-1", 1),
  cheaper("download-1", "vsftpd"),
  best("download-16", 1),
  cheaper("download-16", "vsftpd"),
  best("files-1m", 1),
  best("files-4k", 1),
  best("login", 1),
  best("noop", 1),
  prompter("noop"),
  best("list", 0.6),
  best("upload", 1),
  best("mix", 1.5),
  atMost("idle", "an idle session", 12, "KiB"),
  unnoticed("idle-many", 10_000, 1.2),
  below("busy", "p99 of a NOOP", 20, "ms"),
  fair("fairness", 0.95)
]
