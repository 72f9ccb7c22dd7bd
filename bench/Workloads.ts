import * as Effect from "effect/Effect"
import { BenchError } from "./BenchError.ts"
import * as Cost from "./Cost.ts"
import * as Load from "./Load.ts"
import type { Scale } from "./Scale.ts"
import type { Workload } from "./Workload.ts"
import { common, count, faults, fileOptions, plain, settle, size, warmUp } from "./Workload.ts"

const MIB = 1024 * 1024
const KIB = 1024

const download = (name: string, clients: number, tls: boolean): Workload =>
  plain({
    name,
    tls,
    work: "download",
    title: (scale) => `${tls ? "TLS: " : ""}download of ${size(scale.bigBytes)}`,
    clients: () => clients,
    counted: "bytes",
    unit: "MiB/s",
    options: (server) => fileOptions(server, "big")
  })

const upload = (name: string, clients: number, tls: boolean): Workload =>
  plain({
    name,
    tls,
    work: "upload",
    title: (scale) => `${tls ? "TLS: " : ""}upload of ${size(scale.uploadBytes)}`,
    clients: () => clients,
    counted: "bytes",
    unit: "MiB/s",
    options: (server) => ({
      ...fileOptions(server, "upload"),
      "upload-path": "uploads",
      "upload-folder": server.place.field.uploads
    })
  })

/** What a session over TLS costs to begin: with a handshake of its own, or one that resumes the client's last. */
const handshake = (name: string, resume: 0 | 1): Workload =>
  plain({
    name,
    tls: true,
    work: "login",
    title: () => `TLS: connect, ${resume === 1 ? "resume" : "shake hands"}, log in, quit`,
    clients: () => 16,
    counted: "operations",
    unit: "sessions/s",
    options: () => ({ resume })
  })

/** Sessions that do nothing: what each costs in memory, and whether a new client and they themselves are served. */
const idle = (name: string, sessions: (scale: Scale) => number, weftOnly: boolean): Workload => ({
  name,
  title: (scale) => `memory of an idle session, ${count(scale.clients ?? sessions(scale))}`,
  unit: "KiB",
  cpuPer: undefined,
  better: "less",
  writing: false,
  tls: false,
  weftOnly,
  clients: (scale) => scale.clients ?? sessions(scale),
  measure: Effect.fnUntraced(function* (server, scale) {
    const one = common(server, scale, 1)
    const newClient = Effect.scoped(
      Effect.gen(function* () {
        const load = yield* Load.open(server.place.field, "login", { ...one, seconds: Math.min(1, scale.seconds) })
        return yield* load.go
      })
    )
    // A server that compiles while it runs is to be done with that: what follows is compared with itself.
    yield* warmUp(server, "login", common(server, scale, 16), scale)
    const alone = yield* newClient
    yield* settle
    const empty = Cost.memory(server.keeper)
    const options = { ...common(server, scale, scale.clients ?? sessions(scale)), "setup-seconds": 60, ramp: 16 }
    const load = yield* Load.open(server.place.field, "idle", { ...options, seconds: 10 })
    if (load.sessions === 0) return yield* new BenchError({ reason: "LoadFailed", detail: "no session was opened" })
    yield* settle
    const full = Cost.memory(server.keeper)
    const crowded = yield* newClient
    const held = yield* load.go
    return {
      value: (full.kib - empty.kib) / load.sessions,
      p50: held.latencyMs.p50,
      p99: held.latencyMs.p99,
      loadShare: Math.max(alone.cpuShare, crowded.cpuShare),
      memory: full.kib,
      ...faults(held),
      more: {
        baseKib: empty.kib,
        processes: full.processes,
        sessions: load.sessions,
        heldSessions: held.operations,
        loginP50Alone: alone.latencyMs.p50,
        loginP50Crowded: crowded.latencyMs.p50,
        loginP99Alone: alone.latencyMs.p99,
        loginP99Crowded: crowded.latencyMs.p99
      }
    }
  })
})

/** Sessions that only ask, now and then, while others transfer: how long the slowest of a hundred replies takes. */
const busy: Workload = {
  name: "busy",
  title: (scale) => `p99 of NOOP on an idle session while ${scale.clients ?? 100} clients download`,
  unit: "ms",
  cpuPer: undefined,
  better: "less",
  writing: false,
  tls: false,
  weftOnly: false,
  clients: (scale) => (scale.clients ?? 100) + 10,
  measure: Effect.fnUntraced(function* (server, scale) {
    const transfers = { ...common(server, scale, scale.clients ?? 100), ...fileOptions(server, "1m") }
    yield* warmUp(server, "download", transfers, scale)
    const downloads = yield* Load.open(server.place.field, "download", transfers)
    const asking = yield* Load.open(server.place.field, "noop", { ...common(server, scale, 10), "pause-ms": 10 })
    const [moved, asked] = yield* Effect.all([downloads.go, asking.go], { concurrency: 2 })
    return {
      value: asked.latencyMs.p99,
      p50: asked.latencyMs.p50,
      p99: asked.latencyMs.p99,
      jain: moved.jain,
      loadShare: moved.cpuShare + asked.cpuShare,
      memory: Cost.memory(server.keeper).kib,
      ...faults(moved),
      errors: moved.errors + asked.errors,
      firstError: moved.firstError || asked.firstError,
      more: { mibPerSecond: moved.bytes / MIB / moved.seconds, maxMs: asked.latencyMs.max }
    }
  })
}

/**
 * All workloads, in the order of the table.
 *
 * @since 0.1.0
 * @category table
 */
export const all: ReadonlyArray<Workload> = [
  download("download-1", 1, false),
  download("download-16", 16, false),
  plain({
    name: "files-1m",
    work: "download",
    title: () => `files of ${size(MIB)}`,
    clients: () => 16,
    counted: "bytes",
    unit: "files/s",
    options: (server) => fileOptions(server, "1m")
  }),
  plain({
    name: "files-4k",
    work: "download",
    title: () => `files of ${size(4 * KIB)}`,
    clients: () => 64,
    counted: "operations",
    unit: "files/s",
    options: (server) => fileOptions(server, "4k")
  }),
  plain({
    name: "login",
    work: "login",
    title: () => "connect, log in, quit",
    clients: () => 16,
    counted: "operations",
    unit: "sessions/s"
  }),
  plain({
    name: "noop",
    work: "noop",
    title: () => "NOOP round trips",
    clients: () => 16,
    counted: "operations",
    unit: "/s"
  }),
  plain({
    name: "list",
    work: "list",
    title: (scale) => `LIST of ${scale.entries} entries`,
    clients: () => 4,
    counted: "operations",
    unit: "/s",
    options: (_, scale) => ({ path: "entries", entries: scale.entries })
  }),
  upload("upload", 4, false),
  plain({
    name: "mix",
    work: "mix",
    title: () => `connect, log in, fetch ${size(4 * KIB)}, quit`,
    clients: (scale) => scale.crowd,
    counted: "operations",
    unit: "sessions/s",
    options: (server) => fileOptions(server, "4k")
  }),
  idle("idle", (scale) => scale.sessions, false),
  idle("idle-many", (scale) => scale.manySessions, true),
  plain({
    name: "fairness",
    work: "download",
    title: (scale) => `one client at ${size(scale.bigBytes)}, the others at ${size(MIB)}`,
    clients: () => 51,
    counted: "bytes",
    unit: "MiB/s",
    options: (server) => ({
      ...fileOptions(server, "1m"),
      "greedy-path": "big",
      "greedy-local": `${server.place.field.root}/big`
    })
  }),
  busy,
  download("tls-download-1", 1, true),
  download("tls-download-16", 16, true),
  upload("tls-upload-1", 1, true),
  upload("tls-upload-16", 16, true),
  handshake("tls-login", 0),
  handshake("tls-resume", 1)
]
