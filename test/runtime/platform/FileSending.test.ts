import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as FileSending from "../../../src/runtime/platform/FileSending.ts"
import { TcpError } from "../../../src/runtime/platform/Tcp.ts"
import * as Turns from "../../../src/runtime/platform/Turns.ts"
import { temporary } from "../storage/fixtures.ts"
import { HandClock } from "./HandClock.ts"

const { EAGAIN, EINTR, EIO, EPIPE } = Os.constants.errno
const MIB = 1024 * 1024

interface Call {
  readonly offset: number
  readonly length: number
}

/** A connection, a pool and an event loop that do what the test says; what has no descriptor in the kernel's cache goes to the pool. */
const stage = (answer: (call: Call) => number = ({ length }) => length) => {
  const calls: Array<Call> = []
  const pooled: Array<Call & { readonly done: (sent: number) => void }> = []
  const patient: Array<(isAlone: boolean) => void> = []
  const sent: Array<number> = []
  const clock = new HandClock()
  const turns = new Turns.Turns(clock)
  let descriptor: number | undefined = 7
  let fd = -1
  let mayHold = true
  let refuses = false
  let flow: ((failure: TcpError | undefined) => void) | undefined
  const poller = {
    watch: () => true,
    forget: () => {},
    drop: () => {},
    later: (task: () => void) => void patient.push(task),
    unhurried: (task: (isAlone: boolean) => void) => void patient.push(task)
  }
  const outlet: FileSending.Outlet = {
    get descriptor() {
      return descriptor
    },
    unsafeSendFile: (_file, offset, length) => {
      calls.push({ offset, length })
      return descriptor === undefined ? -EAGAIN : answer({ offset, length })
    },
    unsafeFlow: (next) => {
      flow = next
    },
    unsafeSendFileOnPool: (_file, offset, length, done) => {
      if (mayHold) pooled.push({ offset, length, done })
      if (refuses) done(-EAGAIN)
      return mayHold
    }
  }
  const file = {
    get fd() {
      return fd
    },
    hold: () => true,
    release: () => {}
  }
  return {
    calls,
    pooled,
    sent,
    clock,
    turns,
    run: (offset: number, length: number) =>
      FileSending.run(poller, outlet, { file, offset, length, onSent: (bytes) => void sent.push(bytes) }, turns),
    tell: (failure?: TcpError) => flow?.(failure),
    answerPool: (result: number) => pooled.at(-1)?.done(result),
    turn: (isAlone = false) => {
      for (const task of patient.splice(0)) task(isAlone)
    },
    isWaited: () => flow !== undefined,
    drop: () => {
      descriptor = undefined
    },
    cache: (open: number) => {
      fd = open
    },
    refuse: (always: boolean) => {
      refuses = always
    },
    closeFile: () => {
      mayHold = false
    }
  }
}

/** A file of so many bytes that has just been written. */
const cached = (size: number) =>
  Effect.flatMap(temporary, (folder) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        Fs.writeFileSync(`${folder}/file`, new Uint8Array(size))
        return Fs.openSync(`${folder}/file`, "r")
      }),
      (fd) => Effect.sync(() => Fs.closeSync(fd))
    )
  )

const begun = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.tap(Effect.fork(effect), () => Effect.forEach([1, 2, 3], () => Effect.yieldNow()))

describe.skipIf(ffi === undefined)("a file that is in the kernel's cache", () => {
  it.scoped("is sent from where it was to begin, a turn's worth at a time, as far as the kernel takes it", () =>
    Effect.gen(function* () {
      const at = stage(({ offset }) => (offset === 10 ? 1000 : MIB))
      at.cache(yield* cached(3 * MIB))
      const running = yield* begun(at.run(10, MIB + 1000))
      at.turn()
      assert.strictEqual(yield* Fiber.join(running), 1000 + MIB)
      assert.deepStrictEqual(at.calls, [
        { offset: 10, length: MIB },
        { offset: 1010, length: MIB }
      ])
    })
  )

  it.scoped("is sent more of at a time while nobody else wants a turn", () =>
    Effect.gen(function* () {
      const at = stage()
      at.cache(yield* cached(7 * MIB))
      const running = yield* begun(at.run(0, 7 * MIB))
      at.turn(true)
      at.turn(false)
      at.turn(false)
      assert.strictEqual(yield* Fiber.join(running), 7 * MIB)
      assert.deepStrictEqual(
        at.calls.map(({ length }) => length / MIB),
        [1, 4, 1, 1]
      )
    })
  )

  it.scoped("waits for the connection to take more, and tells what it took", () =>
    Effect.gen(function* () {
      let isFull = true
      const at = stage(({ length }) => (isFull ? -EAGAIN : length))
      at.cache(yield* cached(MIB))
      const running = yield* begun(at.run(0, 5000))
      at.turn()
      assert.strictEqual(at.calls.length, 1)
      assert.isTrue(at.isWaited())
      isFull = false
      at.tell()
      assert.strictEqual(yield* Fiber.join(running), 5000)
      assert.deepStrictEqual(at.sent, [5000])
      assert.isFalse(at.isWaited())
    })
  )

  it.scoped("waits, once it has had more than others who are about to ask again, for them or the alarm", () =>
    Effect.gen(function* () {
      let isFull = true
      const at = stage(({ length }) => (isFull ? -EAGAIN : length))
      at.cache(yield* cached(16 * MIB))
      let came = at.turns.unsafeServed(0, MIB)
      const fetch = () => {
        came = at.turns.unsafeServed(came, MIB)
      }
      fetch()
      const running = yield* begun(at.run(0, 16 * MIB))
      isFull = false
      at.tell()
      const all = () => {
        for (let turn = 0; turn < 20; turn++) at.turn()
        return at.sent.reduce((sum, bytes) => sum + bytes, 0)
      }
      const first = all()
      assert.isBelow(first, 16 * MIB)
      assert.strictEqual(all(), first, "held")
      at.clock.ring()
      const second = all()
      assert.isAbove(second, first)
      assert.isTrue(at.clock.isSet, "held again")
      fetch()
      const third = all()
      assert.isAbove(third, second)
      assert.isTrue(at.clock.isSet)
      at.clock.time += 3
      at.tell()
      assert.strictEqual(all(), third, "held also where the connection takes more")
      at.clock.ring()
      assert.strictEqual(all(), 16 * MIB)
      assert.strictEqual(yield* Fiber.join(running), 16 * MIB)
    })
  )

  it.scoped("is not sent on where it was interrupted while it was held", () =>
    Effect.gen(function* () {
      const at = stage()
      at.cache(yield* cached(16 * MIB))
      at.turns.unsafeServed(at.turns.unsafeServed(0, MIB), MIB)
      const running = yield* begun(at.run(0, 16 * MIB))
      for (let turn = 0; turn < 20; turn++) at.turn()
      assert.isTrue(at.clock.isSet)
      yield* Fiber.interrupt(running)
      const calls = at.calls.length
      at.clock.ring()
      at.turn()
      assert.strictEqual(at.calls.length, calls)
    })
  )

  it.scoped("is not held where it is the only one, or has had no more than a turn", () =>
    Effect.gen(function* () {
      const at = stage()
      at.cache(yield* cached(8 * MIB))
      const alone = yield* begun(at.run(0, 6 * MIB))
      for (let turn = 0; turn < 5; turn++) at.turn()
      assert.strictEqual(yield* Fiber.join(alone), 6 * MIB)
      for (let session = 0; session < 8; session++) at.turns.unsafeServed(at.turns.unsafeServed(0, MIB), MIB)
      const short = yield* begun(at.run(0, MIB))
      for (let turn = 0; turn < 3; turn++) at.turn()
      assert.isFalse(at.clock.wasSet)
      assert.strictEqual(yield* Fiber.join(short), MIB)
    })
  )

  it.scoped("goes on by itself where a call was interrupted", () =>
    Effect.gen(function* () {
      let isFirst = true
      const at = stage(({ length }) => {
        if (!isFirst) return length
        isFirst = false
        return -EINTR
      })
      at.cache(yield* cached(MIB))
      const running = yield* begun(at.run(0, 5000))
      at.turn()
      assert.strictEqual(yield* Fiber.join(running), 5000)
    })
  )

  it.scoped("fails where the connection went while the pool was sending", () =>
    Effect.gen(function* () {
      const at = stage()
      const running = yield* begun(Effect.flip(at.run(0, 5000)))
      at.cache(yield* cached(MIB))
      at.drop()
      at.answerPool(1000)
      at.turn()
      const error = yield* Fiber.join(running)
      assert.isTrue(error instanceof TcpError && error.reason === "Closed")
    })
  )
})

describe("a file that has to come from a disk", () => {
  it.scoped("is sent by the pool, part by part", () =>
    Effect.gen(function* () {
      const at = stage()
      const running = yield* begun(at.run(10, 2 * MIB))
      assert.deepInclude(at.pooled[0], { offset: 10, length: MIB })
      at.answerPool(1000)
      at.turn()
      assert.deepInclude(at.pooled[1], { offset: 1010, length: MIB })
      at.answerPool(2 * MIB - 1000)
      assert.strictEqual(yield* Fiber.join(running), 2 * MIB)
      assert.deepStrictEqual(at.sent, [1000, 2 * MIB - 1000])
    })
  )

  it.scoped("goes on where the connection could take more before the pool had said that it took none", () =>
    Effect.gen(function* () {
      const at = stage()
      const running = yield* begun(at.run(0, 5000))
      at.tell()
      assert.strictEqual(at.pooled.length, 1, "one call at a time")
      at.answerPool(-EAGAIN)
      at.turn()
      assert.strictEqual(at.pooled.length, 2)
      at.answerPool(-EAGAIN)
      at.turn()
      assert.strictEqual(at.pooled.length, 2, "what was told counts once")
      at.tell()
      at.answerPool(5000)
      assert.strictEqual(yield* Fiber.join(running), 5000)
    })
  )

  it.scoped("goes on where the pool refused at once", () =>
    Effect.gen(function* () {
      const at = stage()
      at.refuse(true)
      const running = yield* begun(at.run(0, 5000))
      assert.strictEqual(at.pooled.length, 1)
      at.refuse(false)
      at.tell()
      assert.strictEqual(at.pooled.length, 2)
      at.answerPool(5000)
      assert.strictEqual(yield* Fiber.join(running), 5000)
    })
  )

  it.scoped("and is interrupted meanwhile is not sent on", () =>
    Effect.gen(function* () {
      const at = stage()
      const running = yield* begun(at.run(0, 5000))
      yield* Fiber.interrupt(running)
      assert.isFalse(at.isWaited())
      at.answerPool(1000)
      at.turn()
      assert.deepStrictEqual([at.pooled.length, at.calls.length, at.sent.length], [1, 0, 0])
    })
  )

  it.scoped("fails with its connection, and once", () =>
    Effect.gen(function* () {
      const at = stage()
      const running = yield* begun(Effect.flip(at.run(0, 5000)))
      at.tell(new TcpError({ reason: "Reset" }))
      at.answerPool(-EPIPE)
      const error = yield* Fiber.join(running)
      assert.isTrue(error instanceof TcpError && error.reason === "Reset")
    })
  )

  it.scoped("is not touched once its scope has closed", () =>
    Effect.gen(function* () {
      const at = stage()
      at.closeFile()
      const exit = yield* Effect.exit(at.run(0, 5000))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(at.pooled.length, 0)
    })
  )

  for (const [name, errno, isOfConnection] of [
    ["a peer that is gone", EPIPE, true],
    ["a disk that fails", EIO, false]
  ] as const) {
    it.scoped(`tells ${name} from the other`, () =>
      Effect.gen(function* () {
        const at = stage()
        const running = yield* begun(Effect.flip(at.run(0, 5000)))
        at.answerPool(-errno)
        assert.strictEqual((yield* Fiber.join(running)) instanceof TcpError, isOfConnection)
      })
    )
  }

  it.scoped("is at its end where it has become shorter", () =>
    Effect.gen(function* () {
      const at = stage()
      const running = yield* begun(at.run(0, 5000))
      at.answerPool(3000)
      at.answerPool(0)
      assert.strictEqual(yield* Fiber.join(running), 3000)
    })
  )
})
