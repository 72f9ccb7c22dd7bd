import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Turns from "../../../src/runtime/platform/Turns.ts"
import { HandClock } from "./HandClock.ts"

const KIB = 1024
const { portion } = Turns

/** Sessions that fetch files, and one that is sent a long one. */
const stage = () => {
  const clock = new HandClock()
  const turns = new Turns.Turns(clock)
  const came = new Map<number, number>()
  const got = new Map<number, number>()
  let due = 0
  let sent = 0
  let isHeld = false
  const release = (from: number) => {
    isHeld = false
    due = from
  }
  /** Bytes of the long one that go out now. */
  const goOn = (most: number): number => {
    const before = sent
    while (!isHeld && sent - before < most) {
      isHeld = turns.unsafeIsAwaiting() && turns.unsafeHolds(due, release)
      if (isHeld) break
      sent += portion
      due = turns.unsafeDue(due, portion)
    }
    return sent - before
  }
  return {
    clock,
    turns,
    goOn,
    fetch: (session: number, bytes: number) => {
      came.set(session, turns.unsafeServed(came.get(session) ?? 0, bytes))
      got.set(session, (got.get(session) ?? 0) + bytes)
    },
    mean: () => [...got.values()].reduce((sum, bytes) => sum + bytes, 0) / got.size,
    sent: () => sent,
    isHeld: () => isHeld
  }
}

const size = FastCheck.integer({ min: portion, max: 4 * portion })

describe("a long transfer", () => {
  it("is never held while nobody else comes, nor by other long ones", () => {
    const at = stage()
    assert.strictEqual(at.goOn(1000 * portion), 1000 * portion)
    at.clock.time += 1000
    assert.strictEqual(at.goOn(1000 * portion), 1000 * portion)
  })

  it("is never held by those who come for a file once in a while", () => {
    const pauses = FastCheck.array(FastCheck.integer({ min: 0, max: 300 }), { minLength: 1 })
    FastCheck.assert(
      FastCheck.property(FastCheck.integer({ min: 1, max: 7 }), pauses, (some, pauses) => {
        const at = stage()
        const last = new Map<number, number>()
        pauses.forEach((pause, index) => {
          at.clock.time += pause
          const session = index % some
          if (at.clock.time - (last.get(session) ?? 0) < 75) return
          last.set(session, at.clock.time)
          at.fetch(session, 4 * portion)
          assert.strictEqual(at.goOn(100 * portion), 100 * portion)
        })
      })
    )
  })

  it("is not held by those who fetch small files", () => {
    const at = stage()
    for (let file = 0; file < 100; file++) at.fetch(file % 5, 4 * KIB)
    assert.strictEqual(at.goOn(100 * portion), 100 * portion)
  })

  it("is held no longer than a moment after the last of the others was served", () => {
    const at = stage()
    for (let file = 0; file < 20; file++) at.fetch(file % 5, portion)
    at.clock.time += 2
    assert.isBelow(at.goOn(100 * portion), 100 * portion)
    at.clock.ring()
    at.clock.time += 1
    assert.strictEqual(at.goOn(100 * portion), 100 * portion)
  })

  it("is sent a portion at least each time it was held", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(size, { minLength: 3 }),
        FastCheck.integer({ min: 1, max: 50 }),
        (sizes, some) => {
          const at = stage()
          sizes.forEach((bytes, index) => void at.fetch(index % some, bytes))
          at.goOn(100 * portion)
          FastCheck.pre(at.isHeld())
          for (let time = 0; time < 5; time++) {
            at.clock.ring()
            assert.isFalse(at.isHeld())
            assert.isAtLeast(at.goOn(100 * portion), portion)
            assert.isTrue(at.isHeld() && at.clock.isSet)
          }
        }
      )
    )
  })

  it("goes on as soon as the others have caught up, and the alarm is off then", () => {
    const at = stage()
    for (let file = 0; file < 8; file++) at.fetch(file % 4, portion)
    at.goOn(100 * portion)
    let files = 0
    while (at.isHeld() && files < 100) at.fetch(files++ % 4, portion)
    assert.isAtMost(files, 5)
    assert.isFalse(at.clock.isSet)
  })

  it("that could take all gets about twice what a regular gets", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.integer({ min: 2, max: 60 }),
        FastCheck.array(size, { minLength: 1, maxLength: 10 }),
        (some, sizes) => {
          const at = stage()
          for (let file = 0; file < some * 50; file++) {
            at.fetch(file % some, sizes[file % sizes.length] ?? portion)
            at.clock.time += Math.min(1, 10 / some)
            if (file >= 2 * some) at.goOn(100 * portion)
          }
          assert.isAtMost(at.sent(), 2.2 * at.mean())
          assert.isAtLeast(at.sent(), at.mean())
        }
      )
    )
  })
})
