import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import * as Hasher from "../../../src/runtime/accounts/Hasher.ts"
import * as Password from "../../../src/runtime/accounts/Password.ts"

const entry = new URL("../../../dist/runtime/accounts/hasherThread.js", import.meta.url)
const cheap = { ln: 4, r: 1, p: 1 }
const right = Redacted.make("right")
const wrong = Redacted.make("wrong")

describe("Hasher", () => {
  it.scopedLive("answers in turns of the key: a storm keeps nobody waiting", () =>
    Effect.gen(function* () {
      const hasher = yield* Hasher.make({ entry, threads: 1, share: 200 })
      const password = yield* Password.hash(right, cheap)
      const order: Array<string> = []
      const verify = (key: string, given: Redacted.Redacted<string>) =>
        Effect.tap(hasher.verify({ key, suspect: false }, given, password), () =>
          Effect.sync(() => void order.push(key))
        )
      const storm = Array.from({ length: 200 }, () => verify("storm", wrong))
      const answers = yield* Effect.all([...storm, verify("calm", right)], { concurrency: "unbounded" })
      assert.deepStrictEqual(answers, [...storm.map(() => false), true])
      assert.isAtMost(order.indexOf("calm"), 2)
    })
  )

  it.scopedLive("refuses more than it has places for, and forgets who went away", () =>
    Effect.gen(function* () {
      const hasher = yield* Hasher.make({ entry, threads: 1, capacity: 4, share: 3 })
      const password = yield* Password.hash(right, cheap)
      const outcomes = (count: number, key: string) =>
        Effect.all(
          Array.from({ length: count }, () => Effect.either(hasher.verify({ key, suspect: false }, right, password))),
          { concurrency: "unbounded" }
        )
      // One is at work, three wait.
      const [of, ...rest] = [yield* outcomes(5, "a"), yield* outcomes(4, "a")]
      assert.deepStrictEqual(of.map(Either.isRight), [true, true, true, true, false])
      const refused = of.flatMap((one) => (Either.isLeft(one) ? [one.left] : []))
      assert.deepInclude(refused[0], { reason: "ShareTaken", limit: 3 })
      assert.isTrue(rest.flat().every(Either.isRight))
      const fiber = yield* Effect.fork(outcomes(4, "a"))
      yield* Effect.yieldNow()
      yield* fiber.interruptAsFork(fiber.id())
      yield* Effect.exit(fiber.await)
      assert.isTrue((yield* outcomes(4, "a")).every(Either.isRight))
    })
  )

  it.scopedLive("where all places are taken, who tries most makes room for a newcomer", () =>
    Effect.gen(function* () {
      const hasher = yield* Hasher.make({ entry, threads: 1, capacity: 6, share: 3 })
      const password = yield* Password.hash(right, cheap)
      const verify = (key: string) => Effect.either(hasher.verify({ key, suspect: false }, right, password))
      const keys = ["a", "a", "a", "a", "b", "b", "b", "calm"]
      const answers = yield* Effect.forEach(keys, verify, { concurrency: "unbounded" })
      assert.deepStrictEqual(answers[7], Either.right(true))
      assert.deepStrictEqual(
        answers.flatMap((answer) => (Either.isLeft(answer) ? [answer.left.reason] : [])),
        ["Full"]
      )
    })
  )

  it.scopedLive("who has been wrong lately goes behind who has not, from however many addresses", () =>
    Effect.gen(function* () {
      const hasher = yield* Hasher.make({ entry, threads: 1 })
      const password = yield* Password.hash(right, cheap)
      const order: Array<string> = []
      const verify = (key: string, suspect: boolean) =>
        Effect.tap(hasher.verify({ key, suspect }, wrong, password), () => Effect.sync(() => void order.push(key)))
      const guessing = Array.from({ length: 60 }, (_, index) => verify(`guessing ${index}`, true))
      yield* Effect.all([...guessing, verify("honest", false)], { concurrency: "unbounded" })
      assert.strictEqual(order.indexOf("honest"), 1)
    })
  )

  it.scopedLive("goes on with the other threads while one is busy", () =>
    Effect.gen(function* () {
      const stuck = `import { parentPort } from "node:worker_threads";
        parentPort.on("message", ({ given }) => given.length > 0 && parentPort.postMessage({ matches: true }))`
      const hasher = yield* Hasher.make({ entry: new URL(`data:text/javascript,${stuck}`), threads: 2 })
      const password = yield* Password.hash(right, cheap)
      const verify = (given: string) => hasher.verify({ key: "a", suspect: false }, Redacted.make(given), password)
      yield* Effect.fork(verify(""))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(yield* Effect.all([verify("x"), verify("y")], { concurrency: 2 }), [true, true])
    })
  )

  it.scopedLive("a thread that dies fails the one it worked for, and the next starts another", () =>
    Effect.gen(function* () {
      const hasher = yield* Hasher.make({ entry, threads: 1 })
      const password = yield* Password.hash(right, cheap)
      const deadly = { ...password, ln: 30 }
      const [died, lives] = yield* Effect.all(
        [
          Effect.flip(hasher.verify({ key: "a", suspect: false }, right, deadly)),
          hasher.verify({ key: "a", suspect: false }, right, password)
        ],
        { concurrency: "unbounded" }
      )
      assert.strictEqual(died.reason, "Died")
      assert.isTrue(lives)
    })
  )

  it.live("ends with its scope, whoever waits", () =>
    Effect.gen(function* () {
      const password = yield* Password.hash(right, cheap)
      const fiber = yield* Effect.scoped(
        Effect.gen(function* () {
          const hasher = yield* Hasher.make({ entry, threads: 1 })
          yield* hasher.verify({ key: "a", suspect: false }, right, password)
          const waits = Array.from({ length: 3 }, () =>
            Effect.flip(hasher.verify({ key: "a", suspect: false }, right, { ...password, ln: 14, r: 8 }))
          )
          const fiber = yield* Effect.forkDaemon(Effect.all(waits, { concurrency: "unbounded" }))
          yield* Effect.yieldNow()
          return fiber
        })
      )
      const errors = yield* fiber.await
      assert.strictEqual(errors._tag, "Success")
    })
  )
})
