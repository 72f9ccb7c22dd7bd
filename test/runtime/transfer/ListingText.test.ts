import { assert, describe, it } from "@effect/vitest"
import type { Entry } from "../../../src/domain/Entry.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as ListingText from "../../../src/runtime/transfer/ListingText.ts"
import { at } from "../storage/fixtures.ts"

describe("MLSD", () => {
  it("says of a folder with rights of its own what may be done there, and of the others what may be done here", () => {
    const names = ["free", "locked"]
    const folder = {
      kind: "directory",
      mode: 0o755,
      size: 0,
      modified: 0,
      links: 1,
      owner: "o",
      group: "g",
      unique: "1-1"
    }
    const entries = names.map((name) => ({ ...folder, name }) as Entry)
    const storage = { unsafeList: () => entries } as unknown as Storage["Type"]
    const rights = {
      ...Rights.readWrite,
      prefixes: [{ path: at("/there/locked"), permissions: Rights.readOnly.permissions }]
    }
    const payload = { _tag: "Facts", path: at("/there"), facts: new Set(["Perm"] as const) } as const
    const text = ListingText.unsafeText(storage, payload, { now: 0, rights })
    assert.strictEqual(text, "Perm=cdeflmp; free\r\nPerm=el; locked\r\n")
  })
})
