import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Context, Effect, FastCheck, Layer } from "effect"
import * as Facts from "../../../src/domain/Facts.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as ListingText from "../../../src/runtime/transfer/ListingText.ts"
import * as Source from "../../../src/runtime/transfer/Source.ts"
import { at, onDisk, temporary } from "../storage/fixtures.ts"

const now = Date.UTC(2026, 5, 1)

const forms = (path: string): ReadonlyArray<ListingText.Listed> => [
  { _tag: "Listing", path: at(path), itself: false, style: "Long", written: "" },
  { _tag: "Listing", path: at(path), itself: false, style: "Names", written: "" },
  { _tag: "Listing", path: at(path), itself: false, style: "Names", written: "some/where" },
  { _tag: "Facts", path: at(path), facts: new Set(Facts.names) }
]

const ordinary = (storage: Storage["Type"], payload: ListingText.Listed, rights: Rights.Rights) =>
  Effect.scoped(
    Effect.gen(function* () {
      const source = yield* Source.open(storage, payload, { representation: "A", rights, now })
      const pull = yield* source.bytes
      const parts: Array<Uint8Array> = []
      for (let chunk = yield* pull; chunk !== undefined; chunk = yield* pull) {
        for (const bytes of Chunk.toReadonlyArray(chunk)) parts.push(bytes.slice())
      }
      return Buffer.concat(parts).toString()
    })
  )

const open = (folder: string) =>
  Effect.map(Layer.build(LocalStorage.layer({ root: folder })), (context) => Context.get(context, Storage))

/** Storage over a folder, of which the owners' names were asked for once. */
const over = (folder: string) => Effect.tap(open(folder), (storage) => storage.stat(at("/")))

const name = FastCheck.stringMatching(/^[a-zäß .~-]{0,6}[a-z]$/)

describe.skipIf(ffi === undefined || !Fs.existsSync("/dev/shm"))("a short listing in one turn", () => {
  it.effect.prop(
    "is the ordinary one, whatever is there and may be seen",
    [FastCheck.uniqueArray(name, { maxLength: 12 }), FastCheck.nat({ max: 2 }), FastCheck.boolean()],
    ([names, folders, isDenied]) =>
      Effect.gen(function* () {
        const folder = yield* temporary
        Fs.mkdirSync(`${folder}/there`)
        names.forEach((name, index) => {
          const path = `${folder}/there/${name}`
          if (index < folders) Fs.mkdirSync(path)
          else Fs.writeFileSync(path, "x".repeat(index * 7))
          Fs.utimesSync(path, 1_700_000_000 + index, 1_700_000_000 + index * 1e6)
        })
        Fs.writeFileSync(`${folder}/there/.weft-upload-x`, "the server's own")
        const rights = { ...Rights.readWrite, denied: isDenied ? ["*a*"] : [] }
        const storage = yield* over(folder)
        for (const path of ["/there", "/"]) {
          for (const payload of forms(path)) {
            const text = ListingText.unsafeText(storage, payload, { now, rights })
            assert.strictEqual(text, yield* ordinary(storage, payload, rights))
          }
        }
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 40 } }
  )

  it.scoped("is left to the ordinary one where that has more to do, or to refuse", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.mkdirSync(`${folder}/many`)
      for (let index = 0; index < 1000; index++) Fs.writeFileSync(`${folder}/many/${index}`, "")
      Fs.mkdirSync(`${folder}/links`)
      Fs.symlinkSync("nowhere", `${folder}/links/one`)
      Fs.writeFileSync(`${folder}/file`, "")
      Fs.mkdirSync(`${folder}/.weft-hidden`)
      const storage = yield* over(folder)
      const [long] = forms("/")
      assert.isString(long && ListingText.unsafeText(storage, long, { now, rights: Rights.readWrite }))
      for (const path of ["/many", "/links", "/file", "/missing", "/.weft-hidden", "/a\0b", "/.."]) {
        for (const payload of forms(path)) {
          assert.isUndefined(ListingText.unsafeText(storage, payload, { now, rights: Rights.readWrite }), path)
        }
      }
      const itself = { ...long, itself: true } as ListingText.Listed
      assert.isUndefined(ListingText.unsafeText(storage, itself, { now, rights: Rights.readWrite }))
    })
  )

  it.scoped("is left to the ordinary one where a disk may have to be waited for", () =>
    Effect.gen(function* () {
      const storage = yield* over(yield* onDisk)
      assert.isUndefined(storage.unsafeList?.(at("/")))
    })
  )

  it.scoped("waits for the owners' names to be known", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const storage = yield* open(folder)
      assert.isUndefined(storage.unsafeList?.(at("/")))
      yield* storage.stat(at("/"))
      assert.deepStrictEqual(storage.unsafeList?.(at("/")), [])
    })
  )
})
