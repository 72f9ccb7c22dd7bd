import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, Option } from "effect"
import { type Epoll, events } from "../../../src/runtime/platform/Epoll.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as LoopPoller from "../../../src/runtime/platform/LoopPoller.ts"
import * as Poller from "../../../src/runtime/platform/Poller.ts"
import * as Descriptors from "../../support/Descriptors.ts"

const libc = ffi?.libc
const socketpair = libc?.func("int socketpair(int, int, int, void *)")
const close = libc?.func("int close(int)")
const dup = libc?.func("int dup(int)") as ((descriptor: number) => number) | undefined
const send = libc?.func("long send(int, const char *, size_t, int)")
const nonBlocking = 1 | 0o4000

/** Both ends of a connection, each closed at most once. */
class Pair {
  readonly near: number
  readonly far: number
  readonly #open: Set<number>

  constructor() {
    const ends = new Int32Array(2)
    assert.strictEqual(socketpair?.(1, nonBlocking, 0, ends), 0)
    this.near = ends[0] ?? -1
    this.far = ends[1] ?? -1
    this.#open = new Set(ends)
  }

  send(): void {
    assert.strictEqual(send?.(this.far, "x", 1, 0), 1)
  }

  close(descriptor: number): void {
    if (this.#open.delete(descriptor)) close?.(descriptor)
  }

  end(): void {
    for (const descriptor of [this.near, this.far]) this.close(descriptor)
  }
}

const pair = Effect.acquireRelease(
  Effect.sync(() => new Pair()),
  (one) => Effect.sync(() => one.end())
)

const poller = Effect.map(LoopPoller.make, Option.getOrThrow)

const turns = Effect.forEach(Array.from({ length: 5 }), () => Descriptors.turn, { discard: true })

describe.skipIf(ffi === undefined)("Poller", () => {
  it.scoped("tells nothing of a descriptor that is gone to one that has its number", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const [one, other] = [yield* pair, yield* pair]
      let fresh: Pair | undefined
      let told = 0
      const ready = (victim: Pair) => ({
        unsafeReady: () => {
          self.forget(victim.near)
          if (fresh !== undefined) return
          victim.close(victim.near)
          fresh = new Pair()
          assert.strictEqual(fresh.near, victim.near)
          self.watch(fresh.near, { unsafeReady: () => void told++ }, false)
        }
      })
      self.watch(one.near, ready(other), false)
      self.watch(other.near, ready(one), false)
      one.send()
      other.send()
      yield* Descriptors.until(() => fresh !== undefined)
      yield* turns
      assert.strictEqual(told, 0)
      ;(fresh as unknown as Pair).send()
      yield* Descriptors.until(() => told > 0)
      self.forget((fresh as unknown as Pair).near)
      ;(fresh as unknown as Pair).end()
    })
  )

  it.scoped("tells each change once, and of what is still so where it is asked anew", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const one = yield* pair
      const told: Array<readonly [boolean, boolean, boolean, boolean]> = []
      const watched: Poller.Watched = { unsafeReady: (...what) => void told.push(what) }
      assert.isTrue(self.watch(one.near, watched, false))
      one.send()
      yield* Descriptors.until(() => told.length > 0)
      yield* turns
      assert.deepStrictEqual(told.splice(0), [[true, false, false, false]])
      self.watch(one.near, watched, true)
      yield* turns
      assert.deepStrictEqual(told.splice(0), [[true, true, false, false]])
      one.close(one.far)
      yield* Descriptors.until(() => told.length > 0)
      assert.deepStrictEqual(told.splice(0), [[true, true, true, true]])
      self.forget(one.near)
      self.forget(one.near)
      yield* turns
      assert.deepStrictEqual(told, [])
    })
  )

  it.scoped("hears nothing more of a descriptor that is dropped, though somebody has a copy of it", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const [one, other] = [yield* pair, yield* pair]
      let told = 0
      self.watch(one.near, { unsafeReady: () => void told++ }, false)
      const copy = dup?.(one.near) ?? -1
      self.drop(one.near)
      one.close(one.near)
      // The number is somebody else's now, and what the copy brings is not for it.
      const next = dup?.(other.near) ?? -1
      assert.strictEqual(next, one.near)
      self.watch(next, { unsafeReady: () => void told++ }, false)
      one.send()
      yield* turns
      assert.strictEqual(told, 0)
      other.send()
      yield* Descriptors.until(() => told > 0)
      assert.strictEqual(told, 1)
      self.forget(next)
      for (const descriptor of [copy, next]) close?.(descriptor)
    })
  )

  it.scoped("runs what was put off while it tells without a turn of the event loop for it", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const one = yield* pair
      let turnsGone = 0
      const gone: Array<number> = []
      const again = () => {
        gone.push(turnsGone)
        if (gone.length < 3) self.later(again)
      }
      self.watch(
        one.near,
        {
          unsafeReady: () => {
            setImmediate(() => void turnsGone++)
            self.later(again)
          }
        },
        false
      )
      one.send()
      yield* Descriptors.until(() => gone.length === 3)
      assert.deepStrictEqual(gone.slice(0, 2), [0, 0])
      self.forget(one.near)
    })
  )

  it.scoped("says where the kernel will not watch", () =>
    Effect.gen(function* () {
      const self = yield* poller
      assert.isFalse(self.watch(1_000_000, { unsafeReady: () => {} }, false))
    })
  )

  for (const isWatching of [false, true]) {
    it.scoped(
      `runs what was put off, ${isWatching ? "while it waits for a silent peer" : "though it watches nothing"}`,
      () =>
        Effect.gen(function* () {
          const self = yield* poller
          const one = yield* pair
          if (isWatching) self.watch(one.near, { unsafeReady: () => {} }, false)
          yield* turns
          const done: Array<string> = []
          self.unhurried(() => void done.push("unhurried"))
          self.later(() => {
            done.push("later")
            self.later(() => void done.push("again"))
          })
          assert.deepStrictEqual(done, [])
          yield* Descriptors.until(() => done.length === 3)
          assert.strictEqual(done[0], "later")
          self.forget(one.near)
        })
    )
  }

  it.scoped("tells what is unhurried whether it has the thread to itself", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const one = yield* pair
      const told: Array<boolean> = []
      let ready = () => {}
      const watched: Poller.Watched = { unsafeReady: () => ready() }
      self.watch(one.near, watched, false)
      yield* turns
      const note = (isAlone: boolean) => void told.push(isAlone)
      self.unhurried(note)
      yield* Descriptors.until(() => told.length === 1)
      self.unhurried(note)
      yield* Descriptors.until(() => told.length === 2)
      self.unhurried(note)
      self.unhurried(note)
      yield* Descriptors.until(() => told.length === 4)
      // Asked for anew, it is told that it can be written.
      ready = () => self.unhurried(note)
      self.watch(one.near, watched, true)
      yield* Descriptors.until(() => told.length === 5)
      assert.deepStrictEqual(told.slice(1), [true, false, false, false])
      self.forget(one.near)
    })
  )

  it.scoped("lets what is unhurried come up in the end, however much else is ready", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const one = yield* pair
      let rounds = 0
      let isDone = false
      const watched: Poller.Watched = {
        unsafeReady: () => {
          if (isDone || ++rounds === 1000) return
          // Asked anew, it is ready again at once.
          self.watch(one.near, watched, true)
        }
      }
      self.watch(one.near, watched, true)
      self.unhurried(() => {
        isDone = true
      })
      yield* Descriptors.until(() => isDone || rounds === 1000)
      assert.isBelow(rounds, 1000)
      self.forget(one.near)
    })
  )

  it.scoped("goes on within a turn as long as something is ready, and lets the event loop on after a while", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const one = yield* pair
      let told = 0
      const watched: Poller.Watched = {
        unsafeReady: () => {
          told++
          self.watch(one.near, watched, true)
        }
      }
      self.watch(one.near, watched, true)
      yield* Descriptors.until(() => told > 0)
      const before = told
      yield* Descriptors.turn
      yield* Descriptors.turn
      assert.isAbove(told - before, 8)
      assert.isBelow(told - before, 100)
      self.forget(one.near)
    })
  )
})

/** A poller over an epoll that has what the test says; `asks` hears how often it was asked whether the event loop would wake. */
const pretended = (wouldWake: (asks: number) => boolean) => {
  const ready: Array<number> = []
  let taken: Array<number> = []
  let asks = 0
  const calls: Epoll = {
    create: () => -1,
    add: () => 0,
    modify: () => 0,
    remove: () => {},
    take: () => {
      taken = ready.splice(0)
      return taken.length
    },
    told: () => events.in,
    data: (index) => taken[index] ?? -1,
    generation: () => 1,
    isReady: () => false,
    pair: () => undefined
  }
  const made = Poller.unsafeMake(
    calls,
    -1,
    () => {},
    () => wouldWake(++asks)
  )
  return { ...made, ready, asks: () => asks }
}

describe("Poller, before the event loop sleeps", () => {
  it.effect("looks out after it has told something, and tells what comes then", () =>
    Effect.gen(function* () {
      const self = pretended((asks) => {
        if (asks === 3) self.ready.push(7)
        return self.ready.length > 0
      })
      let told = 0
      self.poller.watch(7, { unsafeReady: () => void told++ }, false)
      self.ready.push(7)
      self.turn()
      assert.strictEqual(told, 1)
      yield* Descriptors.until(() => told === 2)
      assert.strictEqual(self.asks(), 3)
    })
  )

  it.effect("asks for no turn of the event loop for what is put off while it tells", () =>
    Effect.gen(function* () {
      const self = pretended(() => true)
      const turn = vi.spyOn(globalThis, "setImmediate")
      yield* Effect.addFinalizer(() => Effect.sync(() => turn.mockRestore()))
      const asked: Array<number> = []
      const unsafeReady = () => {
        self.poller.later(() => void asked.push(turn.mock.calls.length))
        asked.push(turn.mock.calls.length)
      }
      self.poller.watch(7, { unsafeReady }, false)
      self.ready.push(7)
      self.turn()
      assert.deepStrictEqual(asked, [0, 0])
    }).pipe(Effect.scoped)
  )

  it.effect("lets those who were told do all they do at once, before", () =>
    Effect.gen(function* () {
      const done: Array<string> = []
      const self = pretended((asks) => {
        if (asks === 1) done.push("asked")
        return true
      })
      const answer = async () => {
        for (let step = 0; step < 50; step++) await undefined
        done.push("answered")
      }
      self.poller.watch(7, { unsafeReady: () => void answer() }, false)
      self.ready.push(7)
      self.turn()
      yield* Descriptors.until(() => done.length === 2)
      assert.deepStrictEqual(done, ["answered", "asked"])
    })
  )

  it.effect("does not look out while something was put off, or where nobody was told anything", () =>
    Effect.gen(function* () {
      const self = pretended(() => true)
      const done: Array<string> = []
      self.poller.watch(7, { unsafeReady: () => {} }, false)
      self.ready.push(7)
      self.turn()
      yield* Effect.promise(() => Promise.resolve())
      self.poller.later(() => void done.push("later"))
      yield* Descriptors.until(() => done.length === 1)
      self.turn()
      yield* turns
      assert.strictEqual(self.asks(), 0)
    })
  )

  it.effect("goes to sleep in the end where nobody answers", () =>
    Effect.gen(function* () {
      const self = pretended(() => false)
      self.poller.watch(7, { unsafeReady: () => {} }, false)
      self.ready.push(7)
      self.turn()
      yield* turns
      const { asks } = self
      const before = asks()
      assert.isAbove(before, 0)
      yield* turns
      assert.strictEqual(asks(), before)
    })
  )

  it.effect("asks nothing once it is closed, and does what is put off all the same", () =>
    Effect.gen(function* () {
      const self = pretended(() => true)
      const done: Array<string> = []
      self.poller.watch(7, { unsafeReady: () => void done.push("told") }, false)
      self.ready.push(7)
      self.turn()
      self.close()
      self.ready.push(7)
      yield* turns
      self.poller.later(() => void done.push("later"))
      yield* Descriptors.until(() => done.includes("later"))
      assert.deepStrictEqual(done, ["told", "later"])
      assert.strictEqual(self.asks(), 0)
    })
  )
})
