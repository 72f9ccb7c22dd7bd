import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Esbuild from "esbuild"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { temporary } from "./fixtures.ts"
import * as Generated from "./generated.ts"

/** One file starts in a fraction of the time that all the modules of Effect take. */
const bundle = (folder: string) =>
  Effect.promise(() =>
    Esbuild.build({
      entryPoints: [Path.join(import.meta.dirname, "crashingWriter.ts")],
      outfile: `${folder}/writer.mjs`,
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "error"
    })
  ).pipe(Effect.as(`${folder}/writer.mjs`))

const ready = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    child.stdout?.once("data", () => resume(Effect.void))
    child.once("exit", () => resume(Effect.void))
  })

const killed = (child: ChildProcess) =>
  Effect.async<NodeJS.Signals | null>((resume) => {
    child.once("exit", (_, signal) => resume(Effect.succeed(signal)))
    child.kill("SIGKILL")
  })

const moment = (millis: number) => Effect.async<void>((resume) => void setTimeout(() => resume(Effect.void), millis))

const rounds = 26
const longest = 120
/** The starting of a process is what a round costs: one that is killed leaves four folders to look at. */
const houses = ["one", "two", "three", "four"]

describe.each(["discard", "keep"] as const)(
  "a server that is killed in mid-upload (%s)",
  { concurrent: true },
  (partial) => {
    it.scoped(
      "leaves old files whole or new files whole, and nothing else after the sweep",
      () =>
        Effect.gen(function* () {
          const folder = yield* temporary
          const roots = houses.map((house) => `${folder}/${house}`)
          for (const root of roots) {
            Fs.mkdirSync(root)
            for (const [index, name] of Generated.names.entries())
              Fs.writeFileSync(`${root}/${name}`, Generated.content(index))
          }
          const writer = yield* bundle(folder)
          let swept = 0
          const start = (round: number) =>
            spawn(process.execPath, [writer, String(round * 1000), partial, ...roots], {
              stdio: ["ignore", "pipe", "inherit"]
            })
          for (let round = 0; round < rounds; round++) {
            const child = start(round)
            yield* ready(child)
            yield* moment(Math.random() * longest)
            assert.strictEqual(yield* killed(child), "SIGKILL")
            for (const root of roots) {
              for (const name of Generated.names) {
                assert.isTrue(Generated.isWhole(Fs.readFileSync(`${root}/${name}`)), `${name} in round ${round}`)
              }
              swept += yield* LocalStorage.sweep({ root, partial })
              const left = Fs.readdirSync(root).filter((name) => name.startsWith("."))
              if (partial === "discard") assert.deepStrictEqual(left, [])
              for (const name of left) {
                assert.match(name, /^\.weft-partial-/)
                assert.isTrue(Generated.isFront(Fs.readFileSync(`${root}/${name}`)))
              }
            }
          }
          // Or the kills came at moments that prove nothing.
          assert.isAbove(swept, (rounds * houses.length) / 13)
        }),
      400_000
    )
  }
)
