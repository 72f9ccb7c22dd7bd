import { assert, describe, it } from "@effect/vitest"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import type { Actor } from "../../../src/runtime/session/Actor.ts"
import * as Login from "../../../src/runtime/session/Login.ts"

/** One PASS where the ledger welcomes this account at once, in clear or not, and what became of it. */
const authenticate = (account: Account.Account | undefined, isSecured = false) => {
  const events: Array<Event> = []
  const news: Array<ServerEvent> = []
  const lodging = { welcome: undefined as unknown, knocks: 0, unsafeKnock: () => void lodging.knocks++ }
  const actor = {
    client: { id: 7 },
    house: {
      ledger: { unsafeLogin: () => account && { account, upload: undefined, download: undefined } },
      timers: { unsafeNow: () => 1000 },
      unsafeTell: (event: ServerEvent) => void news.push(event)
    },
    state: { protection: { control: isSecured }, settings: { peer: "192.0.2.2" } },
    lodging,
    unsafeTell: (event: Event) => void events.push(event)
  } as unknown as Actor
  const isDone = Login.unsafeWelcome(actor, { _tag: "Authenticate", name: "a", password: undefined as never })
  return { events, isDone, lodging, news }
}

const plain = Account.make("a", Rights.readWrite)

describe("a login in one turn", () => {
  it("moves in, and tells the session and the world", () => {
    const { events, isDone, lodging, news } = authenticate(plain)
    assert.isTrue(isDone)
    assert.deepStrictEqual(events, [{ _tag: "LoginDecided", verdict: { _tag: "Welcome", account: plain } }])
    assert.deepStrictEqual(news, [{ _tag: "LoggedIn", session: 7, peer: "192.0.2.2", at: 1000, account: "a" }])
    assert.deepInclude(lodging, { knocks: 1, welcome: { account: plain, upload: undefined, download: undefined } })
  })

  it("is where TLS is asked for and on", () => {
    assert.isTrue(authenticate({ ...plain, tls: "login" }, true).isDone)
  })

  for (const [name, account] of [
    ["the ledger has to ask somebody", undefined],
    ["there is a home to open", { ...plain, home: "/srv/a" }],
    ["TLS is asked for and not on", { ...plain, tls: "login" }]
  ] as ReadonlyArray<readonly [string, Account.Account | undefined]>) {
    it(`is not where ${name}, and nobody hears of it`, () => {
      const { events, isDone, lodging, news } = authenticate(account)
      assert.isFalse(isDone)
      assert.deepStrictEqual([events.length, news.length, lodging.knocks], [0, 0, 0])
      assert.isUndefined(lodging.welcome)
    })
  }
})
