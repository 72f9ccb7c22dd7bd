import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import type { Change } from "../../../src/domain/session/Action.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import type { Actor } from "../../../src/runtime/session/Actor.ts"
import * as Changes from "../../../src/runtime/session/Changes.ts"
import type { Storage } from "../../../src/runtime/storage/Storage.ts"
import { path } from "./Fixture.ts"

type Answer = ReturnType<NonNullable<Storage["Type"]["unsafeChange"]>>

/** One change that storage answers like this, and everything that became of it. */
const make = (answer: Answer, change: Change = { _tag: "Delete", path: path("/name") }) => {
  const events: Array<Event> = []
  const news: Array<ServerEvent> = []
  const settled: Array<unknown> = []
  let asked = 0
  let started = 0
  const actor = {
    house: {
      timers: { unsafeNow: () => 1000 },
      ledger: { unsafeSettle: (_: unknown, { changed }: { changed: unknown }) => void settled.push(changed) },
      unsafeTell: (event: ServerEvent) => void news.push(event)
    },
    client: { id: 7 },
    state: { settings: { peer: "192.0.2.2" }, account: { name: "a" } },
    lodging: {
      storage: {
        unsafeChange: () => {
          asked++
          return answer
        }
      }
    },
    unsafeTell: (event: Event) => void events.push(event),
    unsafeStart: () => void started++
  } as unknown as Actor
  Changes.unsafeMake(actor, change)
  return { asked, events, news, settled, started }
}

const told = {
  _tag: "FilesChanged",
  session: 7,
  peer: "192.0.2.2",
  account: "a",
  at: 1000,
  path: path("/name")
} as const

const refused = Either.left("Exists" as const)

describe("a change that storage makes in the turn that asks for it", () => {
  it("is in the books and told of before its reply", () => {
    const { events, news, settled, started } = make(Either.right(5))
    assert.deepStrictEqual(settled, [{ bytes: -5, files: -1 }])
    assert.deepStrictEqual(news, [{ ...told, change: "Delete" }])
    assert.deepStrictEqual(events, [{ _tag: "Changed", result: Either.right(undefined) }])
    assert.strictEqual(started, 0)
  })

  it("is not in the books where it took no file's place", () => {
    const change = { _tag: "Rename", path: path("/name"), to: path("/other"), replace: true } as const
    const { news, settled } = make(Either.right(undefined), change)
    assert.deepStrictEqual(settled, [])
    assert.deepStrictEqual(news, [{ ...told, change: "Rename", to: path("/other") }])
  })

  it("is told only to its client where it is refused", () => {
    const { events, news, settled, started } = make(refused)
    assert.deepStrictEqual([news, settled, started], [[], [], 0])
    assert.deepStrictEqual(events, [{ _tag: "Changed", result: refused }])
  })

  it("is started where it takes longer, and nobody told of it yet", () => {
    const { events, news, settled, started } = make(undefined)
    assert.deepStrictEqual([events, news, settled, started], [[], [], [], 1])
  })

  it("is none of attributes, nor of what is combined", () => {
    for (const change of [
      { _tag: "SetAttributes", path: path("/name"), mode: 0o600 },
      { _tag: "Combine", path: path("/name"), sources: [path("/other")], create: true, replace: true }
    ] as const) {
      const { asked, started } = make(Either.right(1), change)
      assert.deepStrictEqual([asked, started], [0, 1])
    }
  })
})
