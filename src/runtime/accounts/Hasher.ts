import * as Os from "node:os"
import { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TwoLines from "../../domain/accounts/TwoLines.ts"
import type { Answer, Question } from "./HasherProtocol.ts"
import * as Password from "./Password.ts"

/**
 * Why a password was not compared: too many wait in all (`Full`) or of its key (`ShareTaken`), with their number in `limit`, or the
 * thread died over it (`Died`).
 *
 * @since 0.1.0
 * @category errors
 */
export class HasherError extends Schema.TaggedError<HasherError>()("HasherError", {
  reason: Schema.Literal("Full", "ShareTaken", "Died"),
  limit: Schema.optional(Schema.Number),
  cause: Schema.optional(Schema.Defect)
}) {}

/**
 * Compares passwords on threads of their own, fewer than there are processors, which leaves the others some. Who wait are served by
 * turns of the ticket's key, suspects behind the others, so that one who tries many keeps nobody else waiting for more than one of them;
 * nor does it keep others out where all places are taken, for then the newest of whoever has most is `Full`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hasher {
  readonly verify: (
    ticket: TwoLines.Ticket,
    given: Redacted.Redacted<string>,
    password: Password.Password
  ) => Effect.Effect<boolean, HasherError>
}

/** @since 0.1.0 @category models */
export interface Options {
  /** The threads' built module, where this code does not run from there itself. */
  readonly entry?: URL | undefined
  /** Passwords that may wait in each of the two lines, 4,096 unless said otherwise. */
  readonly capacity?: number | undefined
  /** And of one key, 512. */
  readonly share?: number | undefined
  /** Passwords compared at once: half as many as there are processors, four at most, for each takes 32 MiB. */
  readonly threads?: number | undefined
}

const mostThreads = 4

interface Job {
  readonly given: Redacted.Redacted<string>
  readonly password: Password.Password
  readonly answer: (result: Effect.Effect<boolean, HasherError>) => void
}

/** A thread, once it is needed, and what it is at. */
interface Desk {
  thread: Worker | undefined
  job: Job | undefined
}

const died = (cause?: unknown) => Effect.fail(new HasherError({ reason: "Died", cause }))

/**
 * Starts a thread when it is first needed, and anew when it has died; ends them with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Hasher, never, Scope.Scope> =>
  Effect.gen(function* () {
    const entry = options.entry ?? new URL("./hasherThread.js", import.meta.url)
    const { capacity = 4096, share = 512 } = options
    const threads = options.threads ?? Math.min(mostThreads, Math.max(1, Math.floor(Os.availableParallelism() / 2)))
    const desks = Array.from({ length: threads }, (): Desk => ({ thread: undefined, job: undefined }))
    let waiting = TwoLines.make<Job>({ capacity, share })
    let closed = false

    const full = Effect.fail(new HasherError({ reason: "Full", limit: capacity }))
    const shareTaken = Effect.fail(new HasherError({ reason: "ShareTaken", limit: share }))

    const settle = (desk: Desk, result: Effect.Effect<boolean, HasherError>) => {
      const { job } = desk
      desk.job = undefined
      job?.answer(result)
      next()
    }

    const start = (desk: Desk): Worker => {
      const started = new Worker(entry, { name: "weft passwords", env: {} })
      const over = (cause: unknown) => {
        if (desk.thread !== started) return
        desk.thread = undefined
        settle(desk, died(cause))
      }
      started.on("message", ({ matches }: Answer) => settle(desk, Effect.succeed(matches)))
      started.on("error", over)
      started.on("exit", (code) => over(new Error(`the thread ended with ${code}`)))
      return started
    }

    /** A thread that runs already before one that would have to be started. */
    const free = (): Desk | undefined =>
      desks.find(({ job, thread }) => job === undefined && thread !== undefined) ??
      desks.find(({ job }) => job === undefined)

    const next = () => {
      const desk = closed ? undefined : free()
      if (desk === undefined) return
      const taken = Option.getOrUndefined(TwoLines.take(waiting))
      if (taken === undefined) return
      const [job, rest] = taken
      waiting = rest
      desk.job = job
      desk.thread ??= start(desk)
      const question: Question = { given: Password.bytes(job.given), password: job.password }
      desk.thread.postMessage(question)
    }

    /** Where all places are taken, the one who tries most makes room. Answers why there is none. */
    const enqueue = (ticket: TwoLines.Ticket, job: Job): typeof full | undefined => {
      const displaced = Option.getOrUndefined(TwoLines.displace(waiting, ticket))
      const before = displaced?.[1] ?? waiting
      const longer = Option.getOrUndefined(TwoLines.offer(before, ticket, job))
      if (longer === undefined) return TwoLines.isFull(before, ticket) ? full : shareTaken
      waiting = longer
      displaced?.[0].answer(full)
      return undefined
    }

    const end = async () => {
      closed = true
      const running = desks.flatMap(({ thread }) => thread ?? [])
      for (const desk of desks) desk.thread = undefined
      await Promise.all(running.map((thread) => thread.terminate()))
      for (const desk of desks) {
        desk.job?.answer(died())
        desk.job = undefined
      }
      for (let taken = TwoLines.take(waiting); Option.isSome(taken); taken = TwoLines.take(waiting)) {
        waiting = taken.value[1]
        taken.value[0].answer(died())
      }
    }
    yield* Effect.addFinalizer(() => Effect.promise(end))

    return {
      verify: (ticket, given, password) =>
        Effect.async((resume) => {
          const job: Job = { given, password, answer: resume }
          const refusal = closed ? full : enqueue(ticket, job)
          if (refusal !== undefined) return resume(refusal)
          next()
          return Effect.sync(() => {
            waiting = TwoLines.remove(waiting, ticket, job)
          })
        })
    }
  })
