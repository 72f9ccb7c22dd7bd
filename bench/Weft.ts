import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { BenchError } from "./BenchError.ts"
import type { Command, Place, Server } from "./Server.ts"

const writer = { user: "bench", password: "a long password for uploads" }

const run = (main: string, args: ReadonlyArray<string>, input = ""): string =>
  ChildProcess.execFileSync(process.execPath, [main, ...args], { encoding: "utf8", input, timeout: 30_000 })

/** An accounts file with one account that may write, made by the program itself. */
const makeAccounts = (main: string, place: Place, name: string): string => {
  const file = Path.join(place.field.state, `${name}.accounts`)
  if (!Fs.existsSync(file)) {
    const home = ["--home", place.field.root, "--permissions", "read-write"]
    run(main, ["account", "add", writer.user, "--accounts", file, ...home, "--password-stdin"], writer.password)
  }
  return file
}

const tlsFlags = ({ field }: Place): ReadonlyArray<string> => {
  const { certificate, key } = field.certificate
  return ["--tls-cert", certificate, "--tls-key", key]
}

/** Limits are out of the way: one thread has room for all. */
const room = ({ clients }: Place): string => String(Math.max(8000, clients + 1000))

const configure = (main: string, name: string, flags: ReadonlyArray<string>, place: Place): Command => ({
  file: process.execPath,
  args: [
    ...[main, "serve", "--root", place.field.root, "--host", "127.0.0.1", "--port", String(place.port)],
    ...["--passive-ports", `${place.passive.first}-${place.passive.last}`],
    ...["--clients-per-thread", room(place), "--queue", room(place), "--log-level", "none"],
    ...(place.writing ? ["--accounts", makeAccounts(main, place, name)] : []),
    ...(place.tls ? tlsFlags(place) : []),
    ...flags
  ],
  ...(place.writing && { login: writer })
})

/**
 * What is added to Weft's name, and the flags it stands for.
 *
 * @since 0.1.0
 * @category models
 */
export type Shape = readonly [suffix: string, flags: ReadonlyArray<string>]

/**
 * As Weft comes, and with every session on the main thread.
 *
 * @since 0.1.0
 * @category constants
 */
export const usual: ReadonlyArray<Shape> = [
  ["", []],
  ["-main", ["--shards", "0"]]
]

/**
 * With one shard and with two.
 *
 * @since 0.1.0
 * @category constants
 */
export const sharded: ReadonlyArray<Shape> = [
  ["-1", ["--shards", "1"]],
  ["-2", ["--shards", "2"]]
]

/**
 * The Weft of a folder, once in each shape. Its `dist` has to be built.
 *
 * @since 0.1.0
 * @category constructors
 */
export const at = (name: string, folder: string, flags: ReadonlyArray<string>, shapes: ReadonlyArray<Shape>) =>
  Effect.try({
    try: (): ReadonlyArray<Server> => {
      const main = Path.resolve(folder, "dist/main.js")
      const version = /\d+\.\d+\.\d+/.exec(run(main, ["--version"]))?.[0] ?? "?"
      const canWrite = /^ +account /m.test(run(main, ["--help"]))
      const one = (title: string, own: ReadonlyArray<string>): Server => ({
        name: title,
        version: `${version}, Node ${process.versions.node}`,
        isWeft: true,
        configure: (place) =>
          place.writing && !canWrite
            ? Effect.fail(new BenchError({ reason: "Unsupported", detail: "this build has no accounts" }))
            : Effect.try({
                try: () => configure(main, title, [...own, ...flags], place),
                catch: (cause) => new BenchError({ reason: "ServerFailed", detail: String(cause) })
              })
      })
      return shapes.map(([suffix, own]) => one(`${name}${suffix}`, own))
    },
    catch: (cause) => new BenchError({ reason: "Setup", detail: `no Weft in ${folder}: ${String(cause)}` })
  })
