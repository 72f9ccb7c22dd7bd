import { Context, Effect, Layer } from "effect"
import type { Account } from "../../../src/domain/Account.ts"
import { type Amount, nothing } from "../../../src/domain/limits/Quotas.ts"
import * as TokenBucket from "../../../src/domain/TokenBucket.ts"
import { Ledger, LoginError, type Settlement } from "../../../src/runtime/limits/Ledger.ts"

/** What the ledger has in its books. */
export interface Entries {
  readonly sessions: Map<number, Account>
  readonly used: Map<string, Amount>
  readonly reserved: Map<string, Amount>
  /** All that was settled, one after the other. */
  readonly settled: Array<Settlement>
}

/** The books, for a test to look into. */
export class Books extends Context.Tag("test/Books")<Books, Entries>() {}

const add = (book: Map<string, Amount>, name: string, { bytes, files }: Amount, sign = 1) => {
  const before = book.get(name) ?? nothing
  book.set(name, { bytes: before.bytes + sign * bytes, files: before.files + sign * files })
}

/** Books of one thread: any password but "wrong" will do, and the name "crowd" is always over a limit. */
export const layer = (accounts: (name: string) => Account): Layer.Layer<Ledger | Books> =>
  Layer.sync(Books, (): Entries => ({ sessions: new Map(), used: new Map(), reserved: new Map(), settled: [] })).pipe(
    Layer.flatMap((context) => {
      const books = Context.get(context, Books)
      const { reserved, sessions, settled, used } = books
      const buckets = new Map<string, SharedArrayBuffer>()
      const bucket = (key: string) => {
        const found = buckets.get(key) ?? TokenBucket.make()
        buckets.set(key, found)
        return found
      }
      const known = (name: string, measure: Effect.Effect<Amount>) =>
        Effect.suspend(() => {
          const there = used.get(name)
          return there === undefined ? Effect.tap(measure, (amount) => used.set(name, amount)) : Effect.succeed(there)
        })
      const ledger: Ledger["Type"] = {
        login: (session, { name }) =>
          Effect.suspend(() => {
            if (name === "crowd") return new LoginError({ reason: "Limited", limit: "Too many sessions of crowd." })
            if (name === "nobody") return new LoginError({ reason: "Refused" })
            const account = accounts(name)
            sessions.set(session, account)
            return Effect.succeed({ account, upload: bucket(`${name} up`), download: bucket(`${name} down`) })
          }),
        recognise: () => new LoginError({ reason: "Refused" }),
        unsafeLogout: (session) => void sessions.delete(session),
        reserve: (session, amount, measure) =>
          Effect.suspend(() => {
            const account = sessions.get(session)
            if (account === undefined) return Effect.succeed(false)
            const { name } = account
            const { quotaBytes = Number.POSITIVE_INFINITY, quotaFiles = Number.POSITIVE_INFINITY } = account.limits
            return Effect.map(known(name, measure), (held) => {
              const asked = reserved.get(name) ?? nothing
              const granted =
                held.bytes + asked.bytes + amount.bytes <= quotaBytes &&
                held.files + asked.files + amount.files <= quotaFiles
              if (granted) add(reserved, name, amount)
              return granted
            })
          }),
        unsafeSettle: (session, settlement) => {
          settled.push(settlement)
          const account = sessions.get(session)
          if (account === undefined) return
          add(reserved, account.name, settlement.reserved, -1)
          if (used.has(account.name)) add(used, account.name, settlement.changed)
        },
        usage: (session, measure) =>
          Effect.suspend(() => {
            const account = sessions.get(session)
            return account === undefined ? Effect.succeed(undefined) : known(account.name, measure)
          })
      }
      return Layer.succeedContext(Context.add(context, Ledger, ledger))
    })
  )
