import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Either, Exit, Fiber, Layer, Redacted, Scope, TestClock } from "effect"
import * as FastCheck from "effect/FastCheck"
import type { Account } from "../../../src/domain/Account.ts"
import { type Amount, nothing } from "../../../src/domain/limits/Quotas.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import { Accounts, AccountsError, layerAnonymous } from "../../../src/runtime/accounts/Accounts.ts"
import type { LoginError } from "../../../src/runtime/limits/Ledger.ts"
import * as LedgerClient from "../../../src/runtime/limits/LedgerClient.ts"
import * as LedgerDesk from "../../../src/runtime/limits/LedgerDesk.ts"
import * as LedgerOwner from "../../../src/runtime/limits/LedgerOwner.ts"
import { Events } from "../../../src/runtime/observe/Events.ts"
import * as Weft from "../../../src/runtime/Weft.ts"

const settle = Effect.repeatN(Effect.yieldNow(), 50)

/** Whoever says "right" is let in; "slow" waits for the gate first; "broken" is a defect. */
const accounts = (limits: Account["limits"] = {}, gate?: Deferred.Deferred<void>) =>
  Layer.succeed(Accounts, {
    authenticate: ({ name, password }) =>
      Effect.gen(function* () {
        yield* Effect.yieldNow()
        const said = Redacted.value(password)
        if (said.startsWith("slow") && gate !== undefined) yield* Deferred.await(gate)
        if (said === "broken") return yield* Effect.dieMessage("accounts are broken")
        if (!said.endsWith("right")) return yield* new AccountsError({ reason: "Refused" })
        return { name, home: "/home", rights: Rights.readWrite, limits }
      }),
    recognise: ({ name }) =>
      name === "team"
        ? Effect.succeed({ name, home: "/home", rights: Rights.readWrite, limits })
        : new AccountsError({ reason: "Refused" })
  })

const credentials = (password: string, peer = "198.51.100.7", name = "team") => ({
  name,
  password: Redacted.make(password),
  peer
})

const make = (
  given: Parameters<typeof Weft.config>[0] = {},
  limits: Account["limits"] = {},
  gate?: Deferred.Deferred<void>
) =>
  Effect.gen(function* () {
    const told: Array<ServerEvent> = []
    const owner = yield* LedgerOwner.make(Weft.config(given)).pipe(
      Effect.provideService(Events, { unsafeTell: (event) => void told.push(event) }),
      Effect.provide(accounts(limits, gate))
    )
    return { ...owner, told }
  })

const outcome = Either.match({
  onLeft: ({ limit, reason }: LoginError) => limit ?? reason,
  onRight: () => "in"
})

/** A shard's end of the ledger, with everything that passes going through the protocol's schemas. */
const shard = (owner: LedgerOwner.LedgerOwner) =>
  Effect.gen(function* () {
    const scope = yield* Scope.make()
    const desk = yield* Scope.extend(
      LedgerDesk.make(owner, (message) => client.unsafeHear(message)),
      scope
    )
    const client: LedgerClient.LedgerClient = LedgerClient.make((message) => desk.unsafeHear(message))
    return { ...client.ledger, die: Scope.close(scope, Exit.void) }
  })

describe("LedgerOwner", () => {
  it.scoped("lets one of 10,000 in where one is allowed, however many shards they come from", () =>
    Effect.gen(function* () {
      const owner = yield* make({ maxSessionsPerAccount: 1 })
      const shards = yield* Effect.replicateEffect(shard(owner), 3)
      const ledgers = [owner.ledger, ...shards]
      const verdicts = yield* Effect.forEach(
        Array.from({ length: 10_000 }, (_, session) => session),
        (session) =>
          Effect.either(
            (ledgers[session % ledgers.length] ?? owner.ledger).login(session, credentials("right", `host ${session}`))
          ),
        { concurrency: "unbounded" }
      )
      const said = verdicts.map(outcome)
      assert.strictEqual(said.filter((one) => one === "in").length, 1)
      assert.strictEqual(said.filter((one) => one === "Too many sessions of this account: 1 is allowed.").length, 9999)
      const inside = said.indexOf("in")
      owner.ledger.unsafeLogout(inside)
      assert.strictEqual(outcome(yield* Effect.either(owner.ledger.login(1, credentials("right")))), "in")
    })
  )

  it.scoped("what the account says of its sessions comes before what the server says", () =>
    Effect.gen(function* () {
      const { ledger } = yield* make({ maxSessionsPerAccount: 1 }, { sessions: 2 })
      const said = yield* Effect.forEach([1, 2, 3], (session) =>
        Effect.either(ledger.login(session, credentials("right")))
      )
      assert.deepStrictEqual(said.map(outcome), ["in", "in", "Too many sessions of this account: 2 are allowed."])
    })
  )

  it.scoped("whom the accounts know at once is counted in the turn that asks, and a ban holds for them too", () =>
    Effect.gen(function* () {
      const config = Weft.config({ maxSessionsPerAccount: 2 })
      const { bans, ledger } = yield* Effect.provide(LedgerOwner.make(config), layerAnonymous)
      const now = yield* Clock.currentTimeMillis
      const enter = (session: number, peer?: string) =>
        outcome(Effect.runSync(Effect.either(ledger.login(session, credentials("", peer, "ftp")))))
      const full = "Too many sessions of this account: 2 are allowed."
      assert.deepStrictEqual([enter(1), enter(2), enter(3)], ["in", "in", full])
      bans.unsafeBan("198.51.100.7", now + 600_000)
      ledger.unsafeLogout(1)
      assert.match(enter(3), /banned/)
      assert.strictEqual(enter(3, "198.51.100.8"), "in")
    })
  )

  it.scoped("a login by certificate counts as one by password does, and one that opens no account is no guess", () =>
    Effect.gen(function* () {
      const owner = yield* make({ maxSessionsPerAccount: 2, banAfter: 2, loginRate: 4 })
      const peer = "198.51.100.7"
      for (const ledger of [owner.ledger, yield* shard(owner)]) {
        const said = (session: number, name = "team") =>
          Effect.map(Effect.either(ledger.recognise(session, { name, peer })), outcome)
        for (let times = 0; times < 20; times++) assert.strictEqual(yield* said(9, "nobody"), "Refused")
        assert.strictEqual(yield* said(1), "in")
        assert.strictEqual(outcome(yield* Effect.either(ledger.login(2, credentials("right")))), "in")
        assert.strictEqual(yield* said(3), "Too many sessions of this account: 2 are allowed.")
        ledger.unsafeLogout(1)
        assert.strictEqual(yield* said(3), "in")
        assert.match(yield* said(4), /logins/)
        ledger.unsafeLogout(2)
        ledger.unsafeLogout(3)
        yield* TestClock.adjust("1 minute")
      }
      const guesses = yield* Effect.fork(
        Effect.forEach([5, 6, 7], (session) => Effect.either(owner.ledger.login(session, credentials("wrong"))))
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(guesses)
      assert.match(
        outcome(yield* Effect.either(owner.ledger.recognise(8, { name: "team", peer }))),
        /Too many failed logins|banned|wrong/i
      )
    })
  )

  it.scoped("a session that logs in again gives its place back first, and one that left meanwhile enters nobody", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { ledger } = yield* make({ maxSessionsPerAccount: 1 }, {}, gate)
      yield* ledger.login(1, credentials("right"))
      yield* ledger.login(1, credentials("right"))
      const late = yield* Effect.fork(Effect.either(ledger.login(1, credentials("slow right"))))
      yield* settle
      ledger.unsafeLogout(1)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(outcome(yield* Fiber.join(late)), "Unavailable")
      assert.strictEqual(outcome(yield* Effect.either(ledger.login(2, credentials("right")))), "in")
    })
  )

  it.scoped("delays wrong passwords longer and longer and bans their address, while others log in at once", () =>
    Effect.gen(function* () {
      const { bans, ledger, told } = yield* make({ banAfter: 4, banTime: Duration.minutes(10) })
      const wrong = (session: number) => Effect.fork(Effect.either(ledger.login(session, credentials("wrong"))))
      for (const [session, delay] of [250, 500, 1000].entries()) {
        const guess = yield* wrong(session)
        yield* settle
        yield* TestClock.adjust(delay - 1)
        assert.isTrue((yield* Fiber.poll(guess))._tag === "None", `answered before ${delay} ms`)
        const other = yield* Effect.either(ledger.login(100 + session, credentials("right", "192.0.2.9")))
        assert.strictEqual(outcome(other), "in")
        yield* TestClock.adjust(1)
        assert.strictEqual(outcome(yield* Fiber.join(guess)), "Refused")
      }
      const banned = "Your address is banned for 10 minutes after too many wrong passwords."
      assert.strictEqual(outcome(yield* Fiber.join(yield* wrong(5))), banned)
      assert.strictEqual(outcome(yield* Effect.either(ledger.login(6, credentials("right")))), banned)
      assert.deepStrictEqual(told, [{ _tag: "AddressBanned", peer: "198.51.100.7", at: 1750, until: 601_750 }])
      const heard: Array<unknown> = []
      bans.unsafeHear({ ban: (...one) => heard.push(one), lift: () => {} })
      assert.deepStrictEqual(heard, [["198.51.100.7", 601_750]])
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(outcome(yield* Effect.either(ledger.login(6, credentials("right")))), "in")
    })
  )

  it.scoped("a right password that was tried beside too many wrong ones is worth nothing", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const { ledger } = yield* make({ banAfter: 3 }, {}, gate)
      const guesses = yield* Effect.forEach(
        ["slow wrong", "slow wrong", "slow wrong", "slow right"],
        (password, index) => Effect.fork(Effect.either(ledger.login(index, credentials(password))))
      )
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      yield* TestClock.adjust("5 seconds")
      const said = yield* Effect.forEach(guesses, Fiber.join)
      assert.match(said.map(outcome)[3] ?? "", /^Your address is banned/)
    })
  )

  it.scoped("a ban ends the logins of its address whose passwords wait, and no more reach whoever compares them", () =>
    Effect.gen(function* () {
      let compared = 0
      let abandoned = 0
      const slow = Layer.succeed(Accounts, {
        authenticate: ({ password }) => {
          compared++
          return Redacted.value(password) === "wrong"
            ? Effect.fail(new AccountsError({ reason: "Refused" }))
            : Effect.onInterrupt(Effect.never, () => Effect.sync(() => void abandoned++))
        }
      })
      const { ledger } = yield* LedgerOwner.make(Weft.config({ banAfter: 1 })).pipe(Effect.provide(slow))
      const wait = (session: number, peer: string) =>
        Effect.fork(Effect.either(ledger.login(session, credentials("waits", peer))))
      const mine = yield* Effect.forEach([1, 2], (session) => wait(session, "198.51.100.7"))
      const other = yield* wait(3, "192.0.2.9")
      yield* settle
      yield* Effect.either(ledger.login(4, credentials("wrong")))
      const said = yield* Effect.forEach(mine, Fiber.join)
      for (const one of said) assert.match(outcome(one), /^Your address is banned/)
      assert.deepStrictEqual([compared, abandoned], [4, 2])
      assert.match(outcome(yield* Effect.either(ledger.login(5, credentials("right")))), /^Your address is banned/)
      assert.strictEqual(compared, 4)
      assert.strictEqual((yield* Fiber.poll(other))._tag, "None")
      yield* Fiber.interrupt(other)
    })
  )

  it.scoped("a clock that is set back neither refuses logins nor remembers wrong passwords for longer", () =>
    Effect.gen(function* () {
      const test = yield* Effect.clock
      let offset = 3_600_000
      const settable: Clock.Clock = {
        [Clock.ClockTypeId]: Clock.ClockTypeId,
        currentTimeMillis: Effect.sync(() => test.unsafeCurrentTimeMillis() + offset),
        currentTimeNanos: Effect.sync(() => test.unsafeCurrentTimeNanos()),
        sleep: (duration) => test.sleep(duration),
        unsafeCurrentTimeMillis: () => test.unsafeCurrentTimeMillis() + offset,
        unsafeCurrentTimeNanos: () => test.unsafeCurrentTimeNanos()
      }
      const owner = make({ loginRate: 1, banAfter: 2, banTime: Duration.minutes(10) })
      const { ledger } = yield* Effect.withClock(owner, settable)
      const attempt = (password: string) =>
        Effect.fork(Effect.withClock(Effect.either(ledger.login(1, credentials(password))), settable))
      const first = yield* attempt("wrong")
      yield* settle
      offset = 0
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(outcome(yield* Fiber.join(first)), "Refused")
      const second = yield* attempt("wrong")
      yield* settle
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual(outcome(yield* Fiber.join(second)), "Refused")
      assert.strictEqual(outcome(yield* Fiber.join(yield* attempt("right"))), "in")
    })
  )

  it.scoped("takes no more logins of an address in a second than it may try, and tells the limit", () =>
    Effect.gen(function* () {
      const { ledger } = yield* make({ loginRate: 2 })
      const attempt = (peer?: string) => Effect.map(Effect.either(ledger.login(1, credentials("right", peer))), outcome)
      const said = yield* Effect.replicateEffect(attempt("2001:db8::1"), 3)
      assert.deepStrictEqual(said, ["in", "in", "Too many logins from your address: 2 a second are allowed."])
      assert.match(yield* attempt("2001:db8::2"), /^Too many logins/)
      assert.strictEqual(yield* attempt("2001:db8:1::2"), "in")
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* attempt("2001:db8::2"), "in")
    })
  )

  it.scoped("an account's buckets are the same for all of its sessions, and gone with the last", () =>
    Effect.gen(function* () {
      const { ledger } = yield* make({}, { uploadRate: 1000 })
      const [one, two] = yield* Effect.forEach([1, 2], (session) => ledger.login(session, credentials("right")))
      assert.isDefined(one?.upload)
      assert.strictEqual(one?.upload, two?.upload)
      assert.isUndefined(one?.download)
      ledger.unsafeLogout(1)
      ledger.unsafeLogout(2)
      assert.notStrictEqual((yield* ledger.login(1, credentials("right"))).upload, one?.upload)
    })
  )
})

describe("LedgerDesk and LedgerClient", () => {
  const one: Amount = { bytes: 1, files: 0 }
  const holds = (bytes: number) => Effect.succeed({ bytes, files: 0 })

  it.scoped("a shard that dies gives back its places and what it had reserved", () =>
    Effect.gen(function* () {
      const owner = yield* make({ maxSessionsPerAccount: 2 }, { quotaBytes: 10 })
      const dying = yield* shard(owner)
      const living = yield* shard(owner)
      yield* dying.login(1, credentials("right"))
      yield* living.login(2, credentials("right"))
      assert.isTrue(yield* dying.reserve(1, { bytes: 6, files: 0 }, holds(4)))
      assert.isFalse(yield* living.reserve(2, one, Effect.never))
      yield* dying.die
      yield* living.login(3, credentials("right"))
      /** What the dead session did to the home nobody knows: it is measured again, and what is found there counts. */
      assert.isTrue(yield* living.reserve(2, one, holds(9)))
      assert.isFalse(yield* living.reserve(3, one, Effect.never))
    })
  )

  it.scoped("a login that a dead shard waited for enters nobody, and broken accounts fail one login only", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const owner = yield* make({ maxSessionsPerAccount: 1 }, {}, gate)
      const dying = yield* shard(owner)
      const living = yield* shard(owner)
      const waiting = yield* Effect.fork(dying.login(1, credentials("slow right")))
      yield* settle
      yield* dying.die
      yield* Deferred.succeed(gate, undefined)
      const broken = yield* Effect.exit(living.login(2, credentials("broken")))
      assert.isTrue(Exit.isFailure(broken))
      yield* living.login(2, credentials("right"))
      assert.strictEqual((yield* Fiber.poll(waiting))._tag, "None")
      yield* Fiber.interrupt(waiting)
    })
  )

  it.scoped("many wait for one measurement; if who measures dies, another does", () =>
    Effect.gen(function* () {
      const owner = yield* make({}, { quotaBytes: 10 })
      const dying = yield* shard(owner)
      const living = yield* shard(owner)
      yield* dying.login(1, credentials("right"))
      for (const session of [2, 3, 4]) yield* living.login(session, credentials("right"))
      let begun = 0
      const stuck = Effect.zipRight(
        Effect.sync(() => begun++),
        Effect.never
      )
      const first = yield* Effect.fork(dying.reserve(1, one, stuck))
      yield* settle
      const measure = Effect.sync(() => {
        begun++
        return { bytes: 8, files: 0 }
      })
      const others = yield* Effect.forEach([2, 3, 4], (session) => Effect.fork(living.reserve(session, one, measure)))
      yield* settle
      assert.strictEqual(begun, 1)
      yield* dying.die
      const granted = yield* Effect.forEach(others, Fiber.join)
      assert.deepStrictEqual([begun, granted.filter(Boolean).length], [2, 2])
      assert.deepStrictEqual(yield* living.usage(2, Effect.never), { bytes: 8, files: 0 })
      yield* Fiber.interrupt(first)
    })
  )

  it.scoped.prop(
    "of many uploads that grow at once, of which one would fit, one does",
    [FastCheck.integer({ min: 2, max: 8 }), FastCheck.array(FastCheck.nat(7), { maxLength: 100 })],
    ([count, turns]) =>
      Effect.gen(function* () {
        const owner = yield* make({}, { quotaBytes: 10 })
        const ledgers = [yield* shard(owner), yield* shard(owner)]
        const of = (session: number) => ledgers[session % 2] as (typeof ledgers)[number]
        const steps = yield* Effect.forEach(
          Array.from({ length: count }, (_, session) => session),
          (session) =>
            Effect.gen(function* () {
              const ledger = of(session)
              yield* ledger.login(session, credentials("right"))
              for (let size = 1; size <= 9; size++) {
                for (let turn = turns[size * session] ?? 0; turn > 0; turn--) yield* Effect.yieldNow()
                if (yield* ledger.reserve(session, one, holds(0), true)) continue
                // A connection is closed and a file deleted before the room is free.
                yield* settle
                ledger.unsafeSettle(session, {
                  home: "/home",
                  reserved: { bytes: size - 1, files: 0 },
                  changed: nothing
                })
                return false
              }
              const whole = { bytes: 9, files: 0 }
              ledger.unsafeSettle(session, { home: "/home", reserved: whole, changed: whole })
              return true
            }),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(steps.filter(Boolean).length, 1)
        assert.deepStrictEqual(yield* of(0).usage(0, Effect.never), { bytes: 9, files: 0 })
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.scoped("measuring that is given up, or fails, is done by the next one", () =>
    Effect.gen(function* () {
      const owner = yield* make({}, { quotaBytes: 10 })
      const ledger = yield* shard(owner)
      for (const session of [1, 2]) yield* ledger.login(session, credentials("right"))
      const first = yield* Effect.fork(ledger.reserve(1, one, Effect.never))
      yield* settle
      yield* Fiber.interrupt(first)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(ledger.reserve(1, one, Effect.dieMessage("no such disk")))))
      assert.isTrue(yield* ledger.reserve(2, one, holds(9)))
    })
  )

  it.scoped("what is granted to somebody who has gone is free again", () =>
    Effect.gen(function* () {
      const owner = yield* make({}, { quotaBytes: 10 })
      const scope = yield* Effect.scope
      const late: Array<() => void> = []
      const desk = yield* Scope.extend(
        LedgerDesk.make(owner, (message) => void late.push(() => client.unsafeHear(message))),
        scope
      )
      const client: LedgerClient.LedgerClient = LedgerClient.make((message) => desk.unsafeHear(message))
      const deliver = Effect.zipRight(
        settle,
        Effect.sync(() => {
          for (const hear of late.splice(0)) hear()
        })
      )
      const login = yield* Effect.fork(client.ledger.login(1, credentials("right")))
      yield* deliver
      yield* Fiber.join(login)
      yield* owner.ledger.login(2, credentials("right"))
      assert.isTrue(yield* owner.ledger.reserve(2, { bytes: 0, files: 0 }, holds(0)))
      const kept = yield* Effect.fork(client.ledger.reserve(1, { bytes: 3, files: 0 }, Effect.never))
      yield* deliver
      assert.isTrue(yield* Fiber.join(kept))
      const asker = yield* Effect.fork(client.ledger.reserve(1, { bytes: 6, files: 0 }, Effect.never))
      yield* settle
      assert.isFalse(yield* owner.ledger.reserve(2, { bytes: 7, files: 0 }, Effect.never))
      yield* Fiber.interrupt(asker)
      yield* deliver
      assert.isTrue(yield* owner.ledger.reserve(2, { bytes: 7, files: 0 }, Effect.never))
      assert.isFalse(yield* owner.ledger.reserve(2, one, Effect.never))
    })
  )

  it.scoped("nothing is granted to a session that has become somebody else while its home was measured", () =>
    Effect.gen(function* () {
      const { ledger } = yield* make({}, { quotaBytes: 10 })
      yield* ledger.login(1, credentials("right"))
      const found = yield* Deferred.make<Amount>()
      const asked = yield* Effect.fork(ledger.reserve(1, one, Deferred.await(found)))
      yield* settle
      yield* ledger.login(1, credentials("right", "198.51.100.7", "other"))
      yield* Deferred.succeed(found, { bytes: 0, files: 0 })
      assert.isFalse(yield* Fiber.join(asked))
    })
  )

  it.scoped("what was done for an account that has logged out counts, and so does what others do in its home", () =>
    Effect.gen(function* () {
      const { ledger } = yield* make({}, { quotaBytes: 10 })
      yield* ledger.login(1, credentials("right"))
      yield* ledger.login(2, credentials("right"))
      yield* ledger.reserve(2, one, holds(8))
      const change = (session: number, bytes: number, home = "/home") =>
        ledger.unsafeSettle(session, { home, reserved: { bytes: 0, files: 0 }, changed: { bytes, files: 0 } })
      ledger.unsafeLogout(1)
      change(1, -3)
      change(99, 1)
      change(99, 1, "/elsewhere")
      assert.deepStrictEqual(yield* ledger.usage(2, Effect.never), { bytes: 6, files: 0 })
    })
  )

  it.scoped("a home is measured anew after an hour, once nothing is reserved there", () =>
    Effect.gen(function* () {
      const { ledger } = yield* make({}, { quotaBytes: 10 })
      yield* ledger.login(1, credentials("right"))
      assert.isTrue(yield* ledger.reserve(1, one, holds(5)))
      yield* TestClock.adjust("1 hours")
      assert.deepStrictEqual(yield* ledger.usage(1, Effect.never), { bytes: 5, files: 0 })
      ledger.unsafeSettle(1, { home: "/home", reserved: one, changed: one })
      assert.deepStrictEqual(yield* ledger.usage(1, holds(2)), { bytes: 2, files: 0 })
      yield* TestClock.adjust(3_599_999)
      assert.deepStrictEqual(yield* ledger.usage(1, Effect.never), { bytes: 2, files: 0 })
    })
  )

  const step = FastCheck.record({
    op: FastCheck.constantFrom("reserve", "reserve", "settle", "logout", "lose"),
    session: FastCheck.nat(5),
    bytes: FastCheck.nat(5),
    pause: FastCheck.nat(3)
  })

  it.effect.prop(
    "no interleaving of sessions, some of them lost, brings a home over its quota",
    [FastCheck.array(FastCheck.array(step, { maxLength: 12 }), { minLength: 1, maxLength: 5 })],
    ([scripts]) =>
      Effect.gen(function* () {
        const quota = 12
        const owner = yield* make({}, { quotaBytes: quota })
        let disk = 0
        const held = new Map<number, number>()
        const measure = Effect.zipRight(
          Effect.yieldNow(),
          Effect.sync(() => ({ bytes: disk, files: 0 }))
        )
        const check = () => {
          const all = [...held.values()].reduce((sum, bytes) => sum + bytes, disk)
          assert.isAtMost(all, quota)
        }
        const act = (session: number, { bytes, op, pause }: (typeof scripts)[number][number]) =>
          Effect.gen(function* () {
            yield* Effect.repeatN(Effect.yieldNow(), pause)
            const mine = held.get(session) ?? 0
            if (op === "reserve") {
              const granted = yield* owner.ledger.reserve(session, { bytes, files: 0 }, measure)
              if (granted) held.set(session, (held.get(session) ?? 0) + bytes)
            } else if (op === "settle") {
              const reserved = Math.min(bytes, mine)
              disk += reserved
              held.set(session, mine - reserved)
              owner.ledger.unsafeSettle(session, {
                home: "/home",
                reserved: { bytes: reserved, files: 0 },
                changed: { bytes: reserved, files: 0 }
              })
            } else {
              held.delete(session)
              if (op === "lose") {
                disk += mine
                owner.unsafeLose(session)
              } else owner.ledger.unsafeLogout(session)
              yield* Effect.orDie(owner.ledger.login(session, credentials("right")))
            }
            check()
          })
        yield* Effect.forEach(
          scripts,
          (script, index) =>
            Effect.zipRight(
              Effect.orDie(owner.ledger.login(index, credentials("right"))),
              Effect.forEach(script, (step) => act(index, step))
            ),
          { concurrency: "unbounded" }
        )
        const usage = yield* owner.ledger.usage(0, measure)
        assert.strictEqual(usage?.bytes, disk)
      }).pipe(Effect.scoped),
    { fastCheck: { numRuns: 50 } }
  )
})
