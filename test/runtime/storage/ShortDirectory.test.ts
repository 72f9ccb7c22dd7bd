import { assert, describe, it } from "@effect/vitest"
import type * as Status from "../../../src/runtime/platform/Status.ts"
import * as DirectoryListing from "../../../src/runtime/storage/DirectoryListing.ts"
import * as RecentNames from "../../../src/runtime/storage/RecentNames.ts"
import type { Prompt } from "../../../src/runtime/storage/Root.ts"
import * as ShortDirectory from "../../../src/runtime/storage/ShortDirectory.ts"

const status: Status.Status = { mode: 0o100644, size: 1, modified: 0, links: 1, uid: 0, gid: 0, unique: "1-1" }

const version: RecentNames.Version = { directory: "1-2", state: "3-4" }

const directory = (given: Partial<Prompt>): Prompt => ({
  reach: "/nowhere",
  descriptor: { fd: -1, hold: () => false, release: () => {}, unsafeClose: () => {} },
  look: () => status,
  ask: () => status,
  unsafeNames: undefined,
  unsafeVersion: () => undefined,
  unsafeWaits: undefined,
  ...given
})

let waited = 0

const owners = { user: String, group: String }

const many = (count: number) => Array.from({ length: count }, (_, index) => String(index).padStart(4, "0"))

const entries = (of: Prompt, recent: RecentNames.RecentNames | undefined, unsafeNow = () => 0) =>
  ShortDirectory.unsafeEntries(of, { root: "/root", owners, recent, unsafeNow })?.map(({ name }) => name)

describe("a short directory", () => {
  it("is listed in order, without the server's own names and what has vanished", () => {
    const names = ["b", ".weft-part", "gone", "a"]
    const look = (name: string) => (name === "gone" ? undefined : status)
    assert.deepStrictEqual(entries(directory({ unsafeNames: () => names, look }), undefined), ["a", "b"])
    const looked = directory({ unsafeNames: () => names, look: () => assert.fail("looked") })
    assert.deepStrictEqual(ShortDirectory.unsafeNames(looked, undefined), ["a", "b", "gone"])
    assert.deepStrictEqual(names, ["b", ".weft-part", "gone", "a"], "they are not ours")
  })

  it("has no more names than a turn has time for, wherever they are from", () => {
    const recent = RecentNames.make(10_000)
    const read = (count: number) => directory({ unsafeNames: () => many(count) })
    assert.strictEqual(entries(read(ShortDirectory.most), undefined)?.length, ShortDirectory.most)
    assert.isUndefined(entries(read(ShortDirectory.most + 1), undefined))
    recent.unsafeSet(version, many(ShortDirectory.most + 1))
    assert.isUndefined(entries(directory({ unsafeVersion: () => version }), recent))
  })

  it("is known from before where it cannot be read, as long as it is the same", () => {
    const recent = RecentNames.make(10_000)
    const same = directory({ unsafeVersion: () => version })
    assert.isUndefined(entries(same, recent), "never read")
    recent.unsafeSet(version, ["a", "b"])
    for (let times = 0; times < 3; times++) assert.deepStrictEqual(entries(same, recent), ["a", "b"])
    assert.isUndefined(entries(directory({ unsafeVersion: () => ({ ...version, state: "5-6" }) }), recent), "changed")
    assert.isUndefined(entries(directory({ unsafeVersion: () => undefined }), recent), "nobody can tell")
  })

  for (const [name, waits, isGivenUp] of [
    ["a disk has to be waited for", { unsafeWaits: () => waited++ }, true],
    ["nobody can tell what it waits for", {}, true],
    ["there was merely no processor", { unsafeWaits: () => 7 }, false],
    ["there is no disk", { unsafeNames: () => many(100) }, false]
  ] as const) {
    it(`is ${isGivenUp ? "given up" : "not given up"} where looking at it takes more than a turn, and ${name}`, () => {
      let now = 0
      let looked = 0
      const look = () => {
        looked += 1
        now += DirectoryListing.turnMillis
        return status
      }
      const recent = RecentNames.make(10_000)
      recent.unsafeSet(version, many(100))
      const listed = entries(directory({ unsafeVersion: () => version, look, ...waits }), recent, () => now)
      assert.strictEqual(listed?.length, isGivenUp ? undefined : 100)
      if (isGivenUp) assert.isAtMost(looked, 2)
    })
  }
})
