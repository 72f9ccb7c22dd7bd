import { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as FairQueue from "../../domain/accounts/FairQueue.ts"
import type { Answer, Question } from "./HasherProtocol.ts"
import * as Password from "./Password.ts"

/**
 * Why a password was not compared: too many wait (`Full`), or the thread died over it (`Died`).
 *
 * @since 0.1.0
 * @category errors
 */
export class HasherError extends Schema.TaggedError<HasherError>()("HasherError", {
  reason: Schema.Literal("Full", "Died"),
  cause: Schema.optional(Schema.Defect)
}) {}

/**
 * Compares passwords one after the other on a thread of its own, which leaves the others the processor. Who waits are served by
 * turns of `key`, so that one who tries many keeps nobody else waiting for more than one of them; nor does it keep others out where all
 * places are taken, for then the newest of whoever has most is `Full`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hasher {
  readonly verify: (
    key: string,
    given: Redacted.Redacted<string>,
    password: Password.Password
  ) => Effect.Effect<boolean, HasherError>
}

/** @since 0.1.0 @category models */
export interface Options {
  /** The thread's built module, where this code does not run from there itself. */
  readonly entry?: URL | undefined
  /** Passwords that may wait in all, 4,096 unless said otherwise. */
  readonly capacity?: number | undefined
  /** And of one key, 512. */
  readonly share?: number | undefined
}

const full = Effect.fail(new HasherError({ reason: "Full" }))

interface Job {
  readonly given: Redacted.Redacted<string>
  readonly password: Password.Password
  readonly answer: (result: Effect.Effect<boolean, HasherError>) => void
}

/**
 * Starts the thread when it is first needed, and anew when it has died; ends it with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Hasher, never, Scope.Scope> =>
  Effect.gen(function* () {
    const entry = options.entry ?? new URL("./hasherThread.js", import.meta.url)
    let waiting = FairQueue.make<Job>({ capacity: options.capacity ?? 4096, share: options.share ?? 512 })
    let thread: Worker | undefined
    let current: Job | undefined
    let closed = false

    const settle = (result: Effect.Effect<boolean, HasherError>) => {
      const job = current
      current = undefined
      job?.answer(result)
      next()
    }

    const start = (): Worker => {
      const started = new Worker(entry, { name: "weft passwords", env: {} })
      const over = (cause: unknown) => {
        if (thread !== started) return
        thread = undefined
        settle(Effect.fail(new HasherError({ reason: "Died", cause })))
      }
      started.on("message", ({ matches }: Answer) => settle(Effect.succeed(matches)))
      started.on("error", over)
      started.on("exit", (code) => over(new Error(`the thread ended with ${code}`)))
      return started
    }

    const next = () => {
      if (closed || current !== undefined) return
      const taken = Option.getOrUndefined(FairQueue.take(waiting))
      if (taken === undefined) return
      const [job, rest] = taken
      waiting = rest
      current = job
      thread ??= start()
      const question: Question = { given: Password.bytes(job.given), password: job.password }
      thread.postMessage(question)
    }

    /** Where all places are taken, the one who tries most makes room. */
    const enqueue = (key: string, job: Job): boolean => {
      const displaced = Option.getOrUndefined(FairQueue.displace(waiting, key))
      const longer = Option.getOrUndefined(FairQueue.offer(displaced?.[1] ?? waiting, key, job))
      if (longer === undefined) return false
      waiting = longer
      displaced?.[0].answer(full)
      return true
    }

    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        closed = true
        const last = thread
        thread = undefined
        await last?.terminate()
        while (current !== undefined || waiting.size > 0) {
          current?.answer(Effect.fail(new HasherError({ reason: "Died" })))
          current = undefined
          const taken = Option.getOrUndefined(FairQueue.take(waiting))
          if (taken !== undefined) [current, waiting] = taken
        }
      })
    )

    return {
      verify: (key, given, password) =>
        Effect.async((resume) => {
          const job: Job = { given, password, answer: resume }
          if (closed || !enqueue(key, job)) return resume(full)
          next()
          return Effect.sync(() => {
            waiting = FairQueue.remove(waiting, key, job)
          })
        })
    }
  })
