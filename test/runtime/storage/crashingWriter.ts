import * as Effect from "effect/Effect"
import type { VirtualPath } from "../../../src/domain/VirtualPath.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Generated from "./generated.ts"

/** Stores generated files over old ones, in each folder two at a time, until it is killed. */
const [, , seed = "0", partial = "discard", ...roots] = process.argv

const chunkSize = 20_000

const storeOne = (serial: number, sync: boolean) =>
  Effect.scoped(
    Effect.gen(function* () {
      const storage = yield* Storage
      const content = Generated.content(serial)
      const upload = yield* storage.store(`/${Generated.names[serial % Generated.names.length]}` as VirtualPath, {
        offset: 0,
        create: true,
        replace: true,
        partial: partial === "keep" ? "keep" : "discard",
        digest: "CRC32",
        sync
      })
      for (let at = 0; at < content.length; at += chunkSize) yield* upload.write(content.subarray(at, at + chunkSize))
      yield* upload.commit
    })
  )

const writer = (first: number) =>
  Effect.gen(function* () {
    for (let serial = first; ; serial = (serial + 4) % 99_999_999) yield* storeOne(serial, serial % 3 === 0)
  })

process.stdout.write("ready\n")

const writers = (root: string, index: number) =>
  Effect.all([writer(Number(seed) + index), writer(Number(seed) + index + 2)], { concurrency: 2 }).pipe(
    Effect.provide(LocalStorage.layer({ root }))
  )

Effect.runFork(Effect.all(roots.map(writers), { concurrency: "unbounded" }))
