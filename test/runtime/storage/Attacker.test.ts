import * as Fs from "node:fs"
import { Worker } from "node:worker_threads"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Either, Stream } from "effect"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import { at, locals, temporary } from "./fixtures.ts"

/** Swaps a directory and a file for links that lead out, and back, as fast as it can. */
const swapper = `
  const fs = require("node:fs")
  const { workerData: { root, flags } } = require("node:worker_threads")
  const swap = (name, target) => {
    fs.renameSync(root + "/" + name, root + "/." + name)
    // Where others write, they may have been quicker.
    try { fs.symlinkSync(target, root + "/" + name) } catch {}
    Atomics.add(flags, 1, 1)
    try { fs.unlinkSync(root + "/" + name) } catch {}
    fs.renameSync(root + "/." + name, root + "/" + name)
  }
  while (Atomics.load(flags, 0) === 0) {
    swap("folder", "../outside")
    swap("file", "../outside/file")
  }
`

const attack = (root: string) =>
  Effect.acquireRelease(
    Effect.async<{ readonly flags: Int32Array; readonly worker: Worker }>((resume) => {
      const flags = new Int32Array(new SharedArrayBuffer(8))
      const worker = new Worker(swapper, { eval: true, workerData: { root, flags } })
      worker.once("online", () => resume(Effect.succeed({ flags, worker })))
    }),
    ({ flags, worker }) =>
      Effect.async<void>((resume) => {
        worker.once("exit", () => resume(Effect.void))
        Atomics.store(flags, 0, 1)
      })
  )

const rounds = 400

/** Where only names can be compared, a race remains: `PortableRoot.make` says which. */
const proof = locals.filter(({ name }) => name !== "portable by name")

describe.each(proof)("an attacker who swaps names for links ($name)", ({ over }) => {
  it.scoped("never gets a byte from outside", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const [root, outside] = [`${folder}/root`, `${folder}/outside`]
      for (const made of [root, outside, `${root}/folder`]) Fs.mkdirSync(made)
      for (const file of ["file", "folder/file"]) Fs.writeFileSync(`${root}/${file}`, "inside")
      Fs.writeFileSync(`${outside}/file`, "secret!")
      Fs.writeFileSync(`${outside}/secret`, "")

      yield* Effect.gen(function* () {
        const storage = yield* Storage
        const { flags } = yield* attack(root)
        const seen = { refused: 0, served: 0 }
        const read = (path: string) =>
          Effect.scoped(
            Effect.gen(function* () {
              const file = yield* storage.open(at(path))
              const bytes = yield* Stream.runFold(
                file.bytes(0),
                "",
                (all, chunk) => all + Buffer.from(chunk).toString()
              )
              return { size: file.entry.size, bytes }
            })
          ).pipe(Effect.either)

        while (seen.served + seen.refused < rounds || Atomics.load(flags, 1) < rounds) {
          for (const path of ["/folder/file", "/file"]) {
            const result = yield* read(path)
            if (Either.isLeft(result)) seen.refused += 1
            else {
              seen.served += 1
              assert.deepStrictEqual(result.right, { size: 6, bytes: "inside" })
            }
          }
          for (const path of ["/folder/file", "/file"]) {
            const status = yield* Effect.either(storage.stat(at(path)))
            if (Either.isRight(status)) assert.deepInclude(status.right, { kind: "file", size: 6 })
          }
          const list = yield* Effect.either(Stream.runCollect(storage.list(at("/folder"))))
          if (Either.isRight(list)) {
            assert.deepStrictEqual(
              Chunk.toReadonlyArray(list.right).map(({ name, size }) => [name, size]),
              [["file", 6]]
            )
          }
        }
        assert.isAbove(seen.served, 0)
        assert.isAbove(seen.refused, 0)
      }).pipe(Effect.scoped, Effect.provide(over(root)))
    })
  )
})

/** All that can be seen of a folder. */
const picture = (folder: string) =>
  Fs.readdirSync(folder).map((name) => {
    const { mode, mtimeMs, nlink } = Fs.lstatSync(`${folder}/${name}`)
    return { name, mode, mtimeMs, nlink, content: Fs.readFileSync(`${folder}/${name}`, "utf8") }
  })

describe.each(proof)("an attacker who swaps names for links under those who write ($name)", ({ over }) => {
  it.scoped("never has anything changed outside", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const [root, outside] = [`${folder}/root`, `${folder}/outside`]
      for (const made of [root, outside, `${root}/folder`]) Fs.mkdirSync(made)
      for (const file of ["file", "folder/file", "folder/victim"]) Fs.writeFileSync(`${root}/${file}`, "inside")
      for (const file of ["file", "victim", "hollow"]) Fs.writeFileSync(`${outside}/${file}`, "outside")
      const before = picture(outside)

      yield* Effect.gen(function* () {
        const storage = yield* Storage
        const { flags } = yield* attack(root)
        const seen = { refused: 0, done: 0 }
        const store = (path: string, offset: 0 | "end") =>
          Effect.scoped(
            Effect.gen(function* () {
              const upload = yield* storage.store(at(path), {
                offset,
                create: true,
                replace: true,
                partial: "keep",
                digest: "none",
                sync: false
              })
              yield* upload.write(Buffer.from("!"))
              yield* upload.commit
            })
          )
        const rename = (from: string, to: string) => storage.rename(at(from), at(to), { replace: true })
        const changes = [
          store("/folder/new", 0),
          store("/folder/file", "end"),
          store("/file", "end"),
          store("/folder/victim", 0),
          storage.setAttributes(at("/file"), { mode: 0o666, modified: 1000 }),
          storage.setAttributes(at("/folder/victim"), { mode: 0o666, modified: 1000 }),
          rename("/folder/victim", "/folder/moved"),
          rename("/folder/moved", "/folder/victim"),
          storage.makeDirectory(at("/folder/made")),
          storage.removeDirectory(at("/folder/made")),
          storage.remove(at("/folder/victim")),
          storage.remove(at("/folder/new"))
        ]
        while (seen.done < rounds || seen.refused < rounds / 10 || Atomics.load(flags, 1) < rounds) {
          for (const change of changes) {
            const result = yield* Effect.either(change)
            if (Either.isRight(result)) seen.done += 1
            else seen.refused += 1
          }
          assert.deepStrictEqual(picture(outside), before)
        }
      }).pipe(Effect.scoped, Effect.provide(over(root)))
      assert.deepStrictEqual(picture(outside), before)
    })
  )
})
