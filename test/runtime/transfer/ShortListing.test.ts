import * as Fs from "node:fs"
import { assert, describe, it, vi } from "@effect/vitest"
import { Chunk, Context, Effect, FastCheck, Layer } from "effect"
import * as Facts from "../../../src/domain/Facts.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import * as ShortDirectory from "../../../src/runtime/storage/ShortDirectory.ts"
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

/** What a name stands for, and where it is a link, where that leads: inside, outside, nowhere, to itself. */
const kinds = ["file", "file", "folder", "..", "/etc", "/root/there", "nowhere", "b"] as const

const make = (root: string, name: string, kind: (typeof kinds)[number], index: number) => {
  const path = `${root}/there/${name}`
  if (kind === "file") Fs.writeFileSync(path, "x".repeat(index * 7), { mode: index % 3 === 0 ? 0o640 : 0o644 })
  else if (kind === "folder") Fs.mkdirSync(path)
  else Fs.symlinkSync(kind.startsWith("/root") ? kind.replace("/root", root) : kind, path)
  Fs.lutimesSync(path, 1_700_000_000 + index, 1_700_000_000 + index * 1e6)
}

/** All that a generated account may see, and may do to some of it. */
const rightsOf = (isDenied: boolean, special: string | undefined): Rights.Rights => ({
  ...Rights.readWrite,
  denied: isDenied ? ["*a*"] : [],
  prefixes: special === undefined ? [] : [{ path: at(`/there/${special}`), permissions: Rights.readOnly.permissions }]
})

/** Enough that what is there has settled. */
const later = 10_000

const name = FastCheck.stringMatching(/^[a-zäß .~-]{0,6}[a-z]$/)

describe.skipIf(ffi === undefined || !Fs.existsSync("/dev/shm"))("a short listing in one turn", () => {
  it.effect.prop(
    "is the ordinary one, whatever is there and may be seen",
    [
      FastCheck.uniqueArray(FastCheck.tuple(name, FastCheck.constantFrom(...kinds)), {
        maxLength: 12,
        selector: ([name]) => name
      }),
      FastCheck.boolean(),
      FastCheck.boolean()
    ],
    ([names, isDenied, isSpecial]) =>
      Effect.gen(function* () {
        const folder = yield* temporary
        Fs.mkdirSync(`${folder}/there`)
        for (const [index, [name, kind]] of names.entries()) make(folder, name, kind, index)
        Fs.writeFileSync(`${folder}/there/.weft-upload-x`, "the server's own")
        Fs.symlinkSync("there", `${folder}/link`)
        // Where the kernel has yet to write down that it was followed, it takes no short way.
        Fs.lutimesSync(`${folder}/link`, Date.now() / 1000 + 3600, 0)
        const rights = rightsOf(isDenied, isSpecial ? names[0]?.[0] : undefined)
        const storage = yield* over(folder)
        for (const path of ["/there", "/link", "/"]) {
          for (const payload of forms(path)) {
            const text = ListingText.unsafeText(storage, payload, { now, rights })
            assert.strictEqual(text, yield* ordinary(storage, payload, rights))
          }
        }
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 60 } }
  )

  it.scoped("is left to the ordinary one where that has more to do, or to refuse", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      Fs.mkdirSync(`${folder}/many`)
      for (let index = 0; index <= ShortDirectory.most; index++) Fs.writeFileSync(`${folder}/many/${index}`, "")
      Fs.symlinkSync("/", `${folder}/outside`)
      Fs.writeFileSync(`${folder}/file`, "")
      Fs.mkdirSync(`${folder}/.weft-hidden`)
      const storage = yield* over(folder)
      const [long] = forms("/")
      assert.isString(long && ListingText.unsafeText(storage, long, { now, rights: Rights.readWrite }))
      for (const path of ["/many", "/outside", "/file", "/missing", "/m*", "/.weft-hidden", "/a\0b", "/.."]) {
        for (const payload of forms(path)) {
          assert.isUndefined(ListingText.unsafeText(storage, payload, { now, rights: Rights.readWrite }), path)
        }
      }
      const itself = { ...long, itself: true } as ListingText.Listed
      assert.isUndefined(ListingText.unsafeText(storage, itself, { now, rights: Rights.readWrite }))
    })
  )

  it.scoped(
    "is left to the ordinary one where a disk may have to be waited for, until that has read what does not change",
    () =>
      Effect.gen(function* () {
        const folder = yield* onDisk
        for (const name of ["two", "one"]) Fs.writeFileSync(`${folder}/${name}`, name)
        const storage = yield* over(folder)
        const rights = Rights.readWrite
        const texts = () => forms("/").map((payload) => ListingText.unsafeText(storage, payload, { now, rights }))
        const none = texts().map(() => undefined)
        const [long] = forms("/")
        if (long === undefined) return assert.fail("nothing to ask for")
        assert.deepStrictEqual(texts(), none, "never read")
        yield* ordinary(storage, long, rights)
        assert.deepStrictEqual(texts(), none, "changed too lately")
        vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + later })
        yield* Effect.addFinalizer(() => Effect.sync(() => vi.useRealTimers()))
        yield* ordinary(storage, long, rights)
        assert.deepStrictEqual(
          texts(),
          yield* Effect.forEach(forms("/"), (payload) => ordinary(storage, payload, rights))
        )
        Fs.rmSync(`${folder}/one`)
        assert.deepStrictEqual(texts(), none, "changed")
      })
  )

  it.scoped("of names alone looks at nothing", () =>
    Effect.gen(function* () {
      const storage = yield* open(yield* temporary)
      assert.isUndefined(storage.unsafeList?.(at("/")))
      assert.deepStrictEqual(storage.unsafeNames?.(at("/")), [])
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
