import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type Amount, nothing } from "../../domain/limits/Quotas.ts"
import type { Ledger, LoginError, Welcome } from "./Ledger.ts"
import type { FromShard, ToShard } from "./LedgerProtocol.ts"

/**
 * The ledger as a shard's sessions see it: each call is a message to the owner.
 *
 * @since 0.1.0
 * @category models
 */
export interface LedgerClient {
  readonly ledger: Ledger["Type"]
  /** What the owner said. */
  readonly unsafeHear: (message: ToShard) => void
}

const failed = (answer: ToShard) => Effect.dieMessage(`the owner of the ledger answered ${answer._tag}`)

const isNothing = ({ bytes, files }: Amount): boolean => bytes === 0 && files === 0

/** Milliseconds in which changes are gathered. */
const gathering = 5

/** @since 0.1.0 @category constructors */
export const make = (send: (message: FromShard) => void): LedgerClient => {
  /** What has changed in homes lately, where nothing was reserved: many small files are told of at once. */
  const changes = new Map<string, { readonly session: number; readonly changed: Amount }>()

  const tellChanges = (): void => {
    for (const [home, { changed, session }] of changes) {
      send({ _tag: "Settle", session, home, reserved: nothing, changed })
    }
    changes.clear()
  }

  const change = (session: number, home: string, more: Amount): void => {
    if (changes.size === 0) setTimeout(tellChanges, gathering)
    const { changed } = changes.get(home) ?? { changed: nothing }
    changes.set(home, { session, changed: { bytes: changed.bytes + more.bytes, files: changed.files + more.files } })
  }

  const post = (message: FromShard): void => {
    tellChanges()
    send(message)
  }

  const waiting = new Map<number, (answer: ToShard) => void>()
  let last = 0

  const exchange = (message: Extract<FromShard, { readonly id: number }>): Effect.Effect<ToShard> =>
    Effect.async<ToShard>((resume) => {
      waiting.set(message.id, (answer) => {
        waiting.delete(message.id)
        resume(Effect.succeed(answer))
      })
      post(message)
      return Effect.sync(() => waiting.delete(message.id))
    })

  /** Measures whenever it is asked to, until the answer is there. */
  const converse = (
    message: Extract<FromShard, { readonly id: number }>,
    measure: Effect.Effect<Amount>
  ): Effect.Effect<ToShard> =>
    Effect.flatMap(exchange(message), (answer) =>
      answer._tag === "Measure"
        ? Effect.flatMap(measure, (amount) => converse({ _tag: "Measured", id: message.id, amount }, measure))
        : Effect.succeed(answer)
    )

  /** An answer that its asker did not live to use is cancelled as well. */
  const ask = <A, E>(
    session: number,
    make: (id: number) => Extract<FromShard, { readonly id: number }>,
    use: (answer: ToShard) => Effect.Effect<A, E>,
    measure: Effect.Effect<Amount> = Effect.never
  ): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      const id = ++last
      return Effect.onError(Effect.flatMap(converse(make(id), measure), use), (cause) =>
        Cause.isFailure(cause) ? Effect.void : Effect.sync(() => post({ _tag: "Cancel", id, session }))
      )
    })

  const admitted = (answer: ToShard): Effect.Effect<Welcome, LoginError> => {
    if (answer._tag === "Denied") return Effect.fail(answer.error)
    if (answer._tag !== "Welcome") return failed(answer)
    const { account, download, upload } = answer
    return Effect.succeed({ account, upload, download })
  }

  return {
    ledger: {
      login: (session, { name, password, peer }) =>
        ask(session, (id) => ({ _tag: "Login", id, session, name, password, peer }), admitted),
      recognise: (session, { name, peer }) =>
        ask(session, (id) => ({ _tag: "Recognise", id, session, name, peer }), admitted),
      unsafeLogout: (session) => post({ _tag: "Logout", session }),
      reserve: (session, amount, measure, patient = false) =>
        ask(
          session,
          (id) => ({ _tag: "Reserve", id, session, amount, patient }),
          (answer) => (answer._tag === "Granted" ? Effect.succeed(answer.granted) : failed(answer)),
          measure
        ),
      unsafeSettle: (session, settlement) => {
        const { changed, home, reserved } = settlement
        if (isNothing(reserved)) change(session, home, changed)
        else post({ _tag: "Settle", session, ...settlement })
      },
      usage: (session, measure) =>
        ask(
          session,
          (id) => ({ _tag: "Usage", id, session }),
          (answer) => (answer._tag === "Used" ? Effect.succeed(answer.amount) : failed(answer)),
          measure
        )
    },
    unsafeHear: (answer) => waiting.get(answer.id)?.(answer)
  }
}
