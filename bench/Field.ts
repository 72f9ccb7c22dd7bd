import * as ChildProcess from "node:child_process"
import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { BenchError } from "./BenchError.ts"
import type { Scale } from "./Scale.ts"

/**
 * The folder of the clone; what runs is in `bench/build`.
 *
 * @since 0.1.0
 * @category constants
 */
export const repository = Path.resolve(import.meta.dirname, "../..")

/**
 * A certificate and its key, in PEM.
 *
 * @since 0.1.0
 * @category models
 */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

/**
 * What every server serves, and where the harness keeps what it needs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Field {
  /** The folder served. */
  readonly root: string
  /** Where guests may upload, inside `root`. */
  readonly uploads: string
  /** Configurations, pid files and the like of the servers. */
  readonly state: string
  /** The compiled load generator. */
  readonly load: string
  /** The compiled library that makes a folder the home of guests. */
  readonly guest: string
  /** The compiled keeper of servers. */
  readonly keep: string
  /** What all servers prove themselves with. */
  readonly certificate: Certificate
  /** Why there is no TLS, if there is none. */
  readonly withoutTls: string | undefined
}

const MIB = 1024 * 1024
const PREFIX = "weft-bench-"

/** Random bytes, each MiB of them with its own number in front, so that no part of the file is like another. */
const writeFile = (path: string, bytes: number) => {
  const block = Crypto.randomBytes(Math.min(bytes, MIB))
  const file = Fs.openSync(path, "w", 0o644)
  try {
    for (let at = 0; at < bytes; at += block.length) {
      if (block.length >= 8) block.writeBigUInt64LE(BigInt(at), 0)
      Fs.writeSync(file, block, 0, Math.min(block.length, bytes - at))
    }
  } finally {
    Fs.closeSync(file)
  }
}

const isAlive = (pid: number): boolean => Fs.existsSync(`/proc/${pid}`)

/** Folders of runs that were killed. */
const removeStale = (parent: string) => {
  for (const name of Fs.readdirSync(parent)) {
    if (name.startsWith(PREFIX) && !isAlive(Number(name.slice(PREFIX.length)))) {
      Fs.rmSync(Path.join(parent, name), { recursive: true, force: true })
    }
  }
}

const call = (file: string, args: ReadonlyArray<string>) =>
  ChildProcess.execFileSync(file, args, { stdio: "pipe", timeout: 60_000 })

const compile = (name: string, sources: ReadonlyArray<string>, flags: ReadonlyArray<string> = []): string => {
  const program = Path.join(import.meta.dirname, name)
  const paths = sources.map((source) => Path.join(repository, "bench", source))
  // Libraries are looked at after what needs them.
  call("cc", ["-O2", "-Wall", "-o", program, ...paths, ...flags])
  return program
}

/** With TLS where OpenSSL's headers are, and without where they are not. */
const compileLoad = (): Pick<Field, "load" | "withoutTls"> => {
  const sources = ["load.c", "tls.c"]
  try {
    return { load: compile("load", sources, ["-DWITH_TLS", "-lssl", "-lcrypto"]), withoutTls: undefined }
  } catch {
    return { load: compile("load", sources), withoutTls: "OpenSSL's headers (libssl-dev) are not there" }
  }
}

/** RSA with 2048 bits: what every server takes, and a handshake costs all of them the same signature. */
const makeCertificate = (paths: Certificate): string | undefined => {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
  const output = ["-keyout", paths.key, "-out", paths.certificate]
  try {
    call("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", ...subject, ...output])
    Fs.chmodSync(paths.key, 0o600)
    return undefined
  } catch {
    return "the program openssl is not there to make a certificate"
  }
}

const make = (parent: string, scale: Scale): Field => {
  removeStale(parent)
  const { bavail, bsize } = Fs.statfsSync(parent)
  const needed = scale.bigBytes + scale.uploadBytes * 20
  if (bavail * bsize < needed) {
    throw new Error(`${parent} needs ${Math.ceil(needed / MIB)} MiB free: choose another --folder, or --quick`)
  }
  const base = Path.join(parent, `${PREFIX}${process.pid}`)
  const state = Path.join(base, "state")
  const field = {
    root: Path.join(base, "files"),
    uploads: Path.join(base, "files", "uploads"),
    state,
    guest: compile("guest", ["guest.c"], ["-shared", "-fPIC"]),
    keep: compile("keep", ["keep.c"]),
    certificate: { certificate: Path.join(state, "certificate.pem"), key: Path.join(state, "key.pem") },
    ...compileLoad()
  }
  const entries = Path.join(field.root, "entries")
  for (const folder of [base, field.root, field.state, entries, field.uploads]) {
    Fs.mkdirSync(folder)
    Fs.chmodSync(folder, folder === field.uploads ? 0o777 : 0o755)
  }
  writeFile(Path.join(field.root, "big"), scale.bigBytes)
  writeFile(Path.join(field.root, "upload"), scale.uploadBytes)
  writeFile(Path.join(field.root, "1m"), MIB)
  writeFile(Path.join(field.root, "4k"), 4096)
  for (let i = 0; i < scale.entries; i++) {
    Fs.writeFileSync(Path.join(entries, `entry-${String(i).padStart(6, "0")}.txt`), String(i))
  }
  return { ...field, withoutTls: field.withoutTls ?? makeCertificate(field.certificate) }
}

const remove = (parent: string) =>
  Effect.sync(() => Fs.rmSync(Path.join(parent, `${PREFIX}${process.pid}`), { recursive: true, force: true }))

/**
 * Compiles the programs and lays out the files, in memory where the system has a place for that; all of it is removed
 * when the scope closes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const layOut = (scale: Scale, folder: string | undefined) => {
  const parent = folder ?? (Fs.existsSync("/dev/shm") ? "/dev/shm" : Os.tmpdir())
  return Effect.acquireRelease(
    Effect.try({
      try: () => make(parent, scale),
      catch: (cause) => {
        Fs.rmSync(Path.join(parent, `${PREFIX}${process.pid}`), { recursive: true, force: true })
        return new BenchError({ reason: "Setup", detail: cause instanceof Error ? cause.message : String(cause) })
      }
    }),
    () => remove(parent)
  )
}

/**
 * Removes what the last uploads left.
 *
 * @since 0.1.0
 * @category combinators
 */
export const sweep = (field: Field) =>
  Effect.sync(() => {
    for (const name of Fs.readdirSync(field.uploads)) Fs.rmSync(Path.join(field.uploads, name), { force: true })
  })
