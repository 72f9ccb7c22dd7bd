import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Alarms from "../../../src/runtime/platform/Alarms.ts"
import { epollCalls } from "../../../src/runtime/platform/Epoll.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as LoopPoller from "../../../src/runtime/platform/LoopPoller.ts"
import * as Descriptors from "../../support/Descriptors.ts"

const poller = Effect.map(LoopPoller.make, Option.getOrThrow)

const alarms = (over: Effect.Effect.Success<typeof poller>) =>
  Effect.acquireRelease(
    Effect.sync(() => Alarms.unsafeMake(over) ?? assert.fail("the system has no timerfd")),
    ({ close }) => Effect.sync(close)
  )

/** Waits here until so many milliseconds have passed: what is due then is due together. */
const linger = (milliseconds: number): void => {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

const orders = <A>(all: ReadonlyArray<A>): ReadonlyArray<ReadonlyArray<A>> =>
  all.length < 2
    ? [all]
    : all.flatMap((first, index) =>
        orders([...all.slice(0, index), ...all.slice(index + 1)]).map((rest) => [first, ...rest])
      )

const timers = (): number =>
  Fs.readdirSync("/proc/self/fd").filter((descriptor) => {
    try {
      return Fs.readlinkSync(`/proc/self/fd/${descriptor}`).includes("timerfd")
    } catch {
      return false
    }
  }).length

describe.skipIf(ffi === undefined)("Alarms", () => {
  it.scoped("ring the earliest first, whatever the order they were set in", () =>
    Effect.gen(function* () {
      const { after } = yield* alarms(yield* poller)
      for (const order of orders([0.2, 0.4, 2])) {
        const rung: Array<number> = []
        for (const milliseconds of order) after(milliseconds, () => void rung.push(milliseconds))
        yield* Descriptors.until(() => rung.length === 3)
        assert.deepStrictEqual(rung, [0.2, 0.4, 2], `set as ${order}`)
      }
    })
  )

  it.scoped("ring before one that was set to ring much later", () =>
    Effect.gen(function* () {
      const { after } = yield* alarms(yield* poller)
      const rung: Array<string> = []
      const callOff = after(5000, () => void rung.push("late"))
      after(0.2, () => void rung.push("soon"))
      yield* Descriptors.until(() => rung.length > 0)
      assert.deepStrictEqual(rung, ["soon"])
      callOff()
    })
  )

  it.scoped("know fractions of a millisecond", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const [one, other] = [yield* alarms(self), yield* alarms(self)]
      for (let rounds = 0; rounds < 5; ) {
        const rung: Array<string> = []
        const begun = performance.now()
        one.after(0.9, () => void rung.push("late"))
        other.after(0.2, () => void rung.push("soon"))
        const isPrompt = performance.now() - begun < 0.5
        yield* Descriptors.until(() => rung.length === 2)
        // The machine may have been busy between the two.
        if (!isPrompt) continue
        assert.deepStrictEqual(rung, ["soon", "late"])
        rounds++
      }
    })
  )

  it.scoped("ring once, and not when they were called off", () =>
    Effect.gen(function* () {
      const { after } = yield* alarms(yield* poller)
      const rung: Array<string> = []
      const note = (name: string) => () => void rung.push(name)
      const callOff = [after(0.2, note("first")), after(0.3, note("middle")), after(0.5, note("last"))]
      const early = after(0.1, note("early"))
      after(0.4, note("other"))
      for (const call of callOff) call()
      early()
      early()
      after(1, note("end"))
      yield* Descriptors.until(() => rung.includes("end"))
      assert.deepStrictEqual(rung, ["other", "end"])
      for (const call of callOff) call()
      after(0.2, note("more"))
      yield* Descriptors.until(() => rung.includes("more"))
      assert.deepStrictEqual(rung, ["other", "end", "more"])
    })
  )

  it.scoped("are called off also by one that is due with them", () =>
    Effect.gen(function* () {
      const { after } = yield* alarms(yield* poller)
      const rung: Array<string> = []
      let callOff = () => {}
      after(0.1, () => {
        rung.push("first")
        callOff()
      })
      callOff = after(0.2, () => void rung.push("called off"))
      after(0.3, () => void rung.push("last"))
      linger(1)
      yield* Descriptors.until(() => rung.includes("last"))
      assert.deepStrictEqual(rung, ["first", "last"])
    })
  )

  it.scoped("ring also behind one that throws", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const thrown: Array<unknown> = []
      const { after } = yield* alarms({
        ...self,
        later: (task) =>
          self.later(() => {
            try {
              task()
            } catch (error) {
              thrown.push(error)
            }
          })
      })
      const rung: Array<string> = []
      after(0.1, () => {
        throw new Error("one upload's")
      })
      after(0.2, () => void rung.push("another's"))
      linger(1)
      yield* Descriptors.until(() => rung.length > 0)
      assert.deepStrictEqual([rung, thrown.length], [["another's"], 1])
    })
  )

  it.scoped("may be set by one that rings", () =>
    Effect.gen(function* () {
      const { after } = yield* alarms(yield* poller)
      const rung: Array<string> = []
      const note = (name: string) => () => void rung.push(name)
      after(0.1, () => {
        rung.push("first")
        after(0.1, note("inner"))
        after(0, note("at once"))
      })
      after(5, note("last"))
      yield* Descriptors.until(() => rung.length === 4)
      assert.deepStrictEqual(rung, ["first", "at once", "inner", "last"])
    })
  )

  it.scoped("ring behind what is ready", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const { after } = yield* alarms(self)
      const [near, far] = epollCalls?.pair() ?? assert.fail("there is no FFI")
      const told: Array<string> = []
      self.watch(near, { unsafeReady: () => void told.push("byte") }, false)
      yield* Descriptors.turn
      after(0.1, () => void told.push("alarm"))
      // The kernel has the alarm first.
      linger(1)
      Fs.writeSync(far, "x")
      yield* Descriptors.until(() => told.length === 2)
      assert.deepStrictEqual(told, ["byte", "alarm"])
      self.forget(near)
      for (const end of [near, far]) Fs.closeSync(end)
    })
  )

  it.scoped("are gone with their timer", () =>
    Effect.gen(function* () {
      const self = yield* poller
      const before = timers()
      const { after, close } = Alarms.unsafeMake(self) ?? assert.fail("the system has no timerfd")
      assert.strictEqual(timers(), before + 1)
      let rung = 0
      after(0.1, () => void rung++)
      close()
      assert.strictEqual(timers(), before)
      const other = yield* alarms(self)
      let isOver = false
      other.after(1, () => {
        isOver = true
      })
      yield* Descriptors.until(() => isOver)
      assert.strictEqual(rung, 0)
    })
  )
})
