import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Redacted } from "effect"
import * as FastCheck from "effect/FastCheck"
import * as Rights from "../../../src/domain/Rights.ts"
import {
  Accounts,
  layerAnonymous,
  layerOpen,
  type Passwordless,
  passwordless
} from "../../../src/runtime/accounts/Accounts.ts"
import * as Door from "../../../src/runtime/accounts/Door.ts"
import * as LastBan from "../../../src/runtime/limits/LastBan.ts"
import { type Ledger, LoginError } from "../../../src/runtime/limits/Ledger.ts"
import * as LedgerLocal from "../../../src/runtime/limits/LedgerLocal.ts"
import * as LedgerOwner from "../../../src/runtime/limits/LedgerOwner.ts"
import * as Weft from "../../../src/runtime/Weft.ts"

const credentials = (name: string) => ({ name, password: Redacted.make("secret"), peer: "198.51.100.7" })

/** An owner who lets in "member" alone and notes what it is asked. */
const world = (passwordless: Passwordless | undefined, door?: SharedArrayBuffer) => {
  const asked: Array<string> = []
  const account = { name: "member", rights: Rights.readWrite, limits: {} }
  const owner: Ledger["Type"] = {
    login: (session, { name }) =>
      Effect.suspend(() => {
        asked.push(`login ${session} ${name}`)
        return name === "member"
          ? Effect.succeed({ account, upload: undefined, download: undefined })
          : new LoginError({ reason: "Refused" })
      }),
    recognise: (session, { name }) =>
      Effect.suspend(() => {
        asked.push(`recognise ${session} ${name}`)
        return new LoginError({ reason: "Refused" })
      }),
    unsafeLogout: (session) => void asked.push(`logout ${session}`),
    reserve: () => Effect.succeed(true),
    unsafeSettle: (session) => void asked.push(`settle ${session}`),
    usage: () => Effect.succeed(undefined)
  }
  const lastBan = LastBan.make(new SharedArrayBuffer(LastBan.sharedBytes))
  const clock = { now: 1_000_000 }
  const ledger = LedgerLocal.over(owner, {
    local: passwordless && { passwordless, door },
    lastBan,
    unsafeNow: () => clock.now
  })
  const login = (session: number, name: string) =>
    Effect.map(Effect.either(ledger.login(session, credentials(name))), (verdict) =>
      Either.match(verdict, { onLeft: ({ reason }) => reason, onRight: ({ account }) => account.name })
    )
  return { asked, clock, lastBan, ledger, login, owner }
}

describe("LedgerLocal", () => {
  it.effect("welcomes by itself whom no limit is about, and tells nobody of their going", () =>
    Effect.gen(function* () {
      const { asked, ledger, login } = world("anonymous")
      assert.strictEqual(yield* login(1, "FTP"), "ftp")
      assert.strictEqual(ledger.unsafeLogin?.(2, credentials("anonymous"))?.account.name, "anonymous")
      ledger.unsafeLogout(1)
      ledger.unsafeLogout(2)
      assert.deepStrictEqual(asked, [])
    })
  )

  it.effect("leaves everybody else to the owner, and tells it of their going once", () =>
    Effect.gen(function* () {
      const { asked, ledger, login } = world("anonymous")
      assert.isUndefined(ledger.unsafeLogin?.(1, credentials("member")))
      assert.strictEqual(yield* login(1, "member"), "member")
      assert.strictEqual(yield* login(2, "guess"), "Refused")
      yield* Effect.either(ledger.recognise(3, { name: "member", peer: "198.51.100.7" }))
      for (const session of [1, 2, 3, 1]) ledger.unsafeLogout(session)
      const logouts = ["logout 1", "logout 2", "logout 3"]
      assert.deepStrictEqual(asked, ["login 1 member", "login 2 guess", "recognise 3 member", ...logouts])
    })
  )

  it.effect("an earlier login that the owner has in its books is over with the next", () =>
    Effect.gen(function* () {
      const { asked, login } = world("anonymous")
      yield* login(1, "member")
      assert.strictEqual(yield* login(1, "anonymous"), "anonymous")
      assert.deepStrictEqual(asked, ["login 1 member", "logout 1"])
    })
  )

  it.effect("asks the owner of everybody while an address may be banned", () =>
    Effect.gen(function* () {
      const { asked, clock, lastBan, ledger, login } = world("anybody")
      lastBan.ban("198.51.100.7", clock.now + 5000)
      assert.isUndefined(ledger.unsafeLogin?.(1, credentials("guest")))
      assert.strictEqual(yield* login(1, "guest"), "Refused")
      assert.deepStrictEqual(asked, ["login 1 guest"])
      clock.now += 5000
      assert.strictEqual(yield* login(1, "guest"), "guest")
    })
  )

  it.effect("asks the owner of everybody while the door is shut", () =>
    Effect.gen(function* () {
      const shared = new SharedArrayBuffer(Door.sharedBytes)
      const door = Door.of(shared)
      const { asked, ledger, login } = world("anonymous", shared)
      assert.strictEqual(yield* login(1, "anonymous"), "Refused")
      door.unsafeSet(true)
      assert.strictEqual(yield* login(1, "anonymous"), "anonymous")
      assert.strictEqual(yield* login(2, "ftp"), "ftp")
      door.unsafeSet(false)
      assert.isUndefined(ledger.unsafeLogin?.(3, credentials("ftp")))
      assert.strictEqual(yield* login(3, "ftp"), "Refused")
      assert.deepStrictEqual(asked, ["login 1 anonymous", "logout 1", "login 3 ftp"])
    })
  )

  it("is the owner's own where nobody is welcome without a password", () => {
    const { ledger, owner } = world(undefined)
    assert.strictEqual(ledger, owner)
  })

  it.effect(
    "decides only where no limit counts sessions or attempts, and the accounts say whom they always welcome",
    () =>
      Effect.gen(function* () {
        const who = (given: Parameters<typeof Weft.config>[0], accounts = layerOpen) =>
          Effect.map(Effect.provide(Accounts, accounts), (found) => LedgerLocal.deciding(Weft.config(given), found))
        assert.deepStrictEqual(yield* who({}), { passwordless: "anybody", door: undefined })
        assert.deepStrictEqual(yield* who({}, layerAnonymous), { passwordless: "anonymous", door: undefined })
        assert.isUndefined(yield* who({ maxSessionsPerAccount: 3 }))
        assert.isUndefined(yield* who({ loginRate: 3 }))
        const own = Layer.succeed(Accounts, { authenticate: () => Effect.die("not asked") })
        assert.isUndefined(yield* who({}, own))
        const door = new SharedArrayBuffer(Door.sharedBytes)
        const both = Layer.succeed(Accounts, {
          authenticate: () => Effect.die("not asked"),
          passwordless: "anonymous",
          door
        })
        assert.deepStrictEqual(yield* who({}, both), { passwordless: "anonymous", door })
        assert.isUndefined(yield* who({ loginRate: 3 }, both))
      })
  )

  it.scoped("decides as the owner does, whatever the name", () =>
    Effect.gen(function* () {
      for (const layer of [layerOpen, layerAnonymous]) {
        const accounts = yield* Effect.provide(Accounts, layer)
        const { ledger } = yield* Effect.provide(LedgerOwner.make(Weft.config()), layer)
        const name = FastCheck.oneof(FastCheck.constantFrom("anonymous", "Ftp", "ftpd", ""), FastCheck.string())
        for (const one of FastCheck.sample(name, { numRuns: 30, seed: 7 })) {
          const local = accounts.passwordless && passwordless(accounts.passwordless, one)
          if (local === undefined) assert.strictEqual(accounts.passwordless, "anonymous")
          else assert.deepStrictEqual((yield* ledger.login(1, credentials(one))).account, local)
        }
      }
    })
  )
})

describe("LastBan", () => {
  it.prop(
    "is never over while a ban holds, on any thread, and a second after the last at most",
    [FastCheck.array(FastCheck.nat(10_000_000), { minLength: 1 }), FastCheck.nat(12_000_000)],
    ([ends, now]) => {
      const shared = new SharedArrayBuffer(LastBan.sharedBytes)
      const [owner, other] = [LastBan.make(shared), LastBan.make(shared)]
      assert.isTrue(other.unsafeIsOver(now))
      for (const end of ends) owner.ban("198.51.100.7", end)
      const last = Math.max(...ends)
      if (now < last) assert.isFalse(other.unsafeIsOver(now))
      if (now >= last + 1000) assert.isTrue(other.unsafeIsOver(now))
    }
  )

  it("a ban without an end is never over", () => {
    const lastBan = LastBan.make(new SharedArrayBuffer(LastBan.sharedBytes))
    lastBan.ban("198.51.100.7", Number.POSITIVE_INFINITY)
    assert.isFalse(lastBan.unsafeIsOver(Number.MAX_SAFE_INTEGER))
  })
})
