import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as AddressBlock from "../../domain/limits/AddressBlock.ts"
import * as LimitText from "../../domain/limits/LimitText.ts"
import * as StateFile from "../state/StateFile.ts"
import { Accounts, AccountsError, anonymousAccount } from "./Accounts.ts"
import * as AccountsFile from "./AccountsFile.ts"
import * as Door from "./Door.ts"
import * as Hasher from "./Hasher.ts"
import * as Password from "./Password.ts"

/**
 * How accounts are taken from a file.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly file: string
  /** Whether `anonymous` and `ftp` may look and fetch with any password; an account of that name in the file comes first. */
  readonly anonymous?: boolean
  /** When to read the file again, beside whenever it changes. */
  readonly reload?: Stream.Stream<void>
  readonly hasher?: Hasher.Options
}

interface State {
  readonly book: AccountsFile.Book
  readonly text: string
  /** What the password of somebody unknown is compared with. */
  readonly dummy: Password.Password
}

/** The parameters most accounts have, so that an unknown name takes as long as a known one. */
const commonest = (book: AccountsFile.Book): Password.Parameters => {
  const counts = new Map<string, { readonly parameters: Password.Parameters; count: number }>()
  for (const { password } of book.values()) {
    const key = `${password.ln} ${password.r} ${password.p}`
    const found = counts.get(key) ?? { parameters: password, count: 0 }
    found.count += 1
    counts.set(key, found)
  }
  return [...counts.values()].sort((a, b) => b.count - a.count)[0]?.parameters ?? Password.defaults
}

const toAccountsError = (cause: Hasher.HasherError) => {
  const { limit = 0, reason } = cause
  switch (reason) {
    case "Died":
      return new AccountsError({ reason: "Unavailable", cause })
    case "Full":
      return new AccountsError({ reason: "Limited", limit: LimitText.passwords(limit), cause })
    case "ShareTaken":
      return new AccountsError({ reason: "Limited", limit: LimitText.passwordsOfAddress(limit), cause })
  }
}

/** An account of that name, in whatever letter case and even a disabled one, is asked for its own password. */
const hasGuest = (book: AccountsFile.Book): boolean =>
  [...book.keys()].some((name) => anonymousAccount(name) !== undefined)

const load = (file: string): Effect.Effect<State, AccountsFile.AccountsFileError> =>
  AccountsFile.load(file).pipe(
    Effect.tap(({ isOpen }) =>
      isOpen
        ? Effect.logWarning("others may read the accounts file: chmod 600 it").pipe(Effect.annotateLogs({ file }))
        : Effect.void
    ),
    Effect.map(({ book, text }) => ({ book, text, dummy: Password.dummy(commonest(book)) }))
  )

/**
 * The accounts of a file, their passwords compared by a hasher of the host's. Whenever it changes, or `reload` says so, it is read
 * again: a broken one is logged and changes nothing, a good one counts for logins from then on, on all threads. Sessions that are
 * logged in stay as they are. Unknown names, wrong passwords and disabled accounts are refused alike, and after the same work. Fails
 * where the file is broken to begin with.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options,
  hasher: Hasher.Hasher
): Effect.Effect<Accounts["Type"], AccountsFile.AccountsFileError, Scope.Scope> =>
  Effect.gen(function* () {
    const { file } = options
    let state = yield* load(file)
    const door = new SharedArrayBuffer(Door.sharedBytes)
    const { unsafeSet } = Door.of(door)

    const unsafeTakeUp = (found: State) => {
      state = found
      unsafeSet(options.anonymous === true && !hasGuest(found.book))
    }
    unsafeTakeUp(state)

    const reload = Effect.matchEffect(load(file), {
      onFailure: ({ message }) =>
        Effect.logError("the accounts file is broken; the accounts stay as they were").pipe(
          Effect.annotateLogs({ problem: message })
        ),
      onSuccess: (found) => {
        if (found.text === state.text) return Effect.void
        unsafeTakeUp(found)
        return Effect.logInfo("accounts read anew").pipe(Effect.annotateLogs({ file, accounts: found.book.size }))
      }
    })
    yield* StateFile.watch(file).pipe(
      Stream.merge(options.reload ?? Stream.empty),
      Stream.runForEach(() => reload),
      Effect.forkScoped
    )

    return Accounts.of({
      authenticate: ({ name, password, peer, suspect = false }) => {
        const { book, dummy } = state
        const entry = book.get(name)
        const anonymous = options.anonymous === true && entry === undefined ? anonymousAccount(name) : undefined
        if (anonymous !== undefined) return Effect.succeed(anonymous)
        return Effect.gen(function* () {
          const matches = yield* hasher
            .verify({ key: AddressBlock.of(peer), suspect }, password, entry?.password ?? dummy)
            .pipe(Effect.mapError(toAccountsError))
          if (!matches || entry === undefined || entry.disabled) return yield* new AccountsError({ reason: "Refused" })
          return entry.account
        })
      },
      recognise: ({ name }) =>
        Effect.suspend(() => {
          const entry = state.book.get(name)
          return entry?.certificate === true && !entry.disabled
            ? Effect.succeed(entry.account)
            : new AccountsError({ reason: "Refused" })
        }),
      ...(options.anonymous === true ? { passwordless: "anonymous", door } : {})
    })
  })

/**
 * The accounts of a file, their passwords compared on a thread of their own; see {@link make}.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Accounts, AccountsFile.AccountsFileError> =>
  Layer.scoped(
    Accounts,
    Effect.flatMap(Hasher.make(options.hasher), (hasher) => make(options, hasher))
  )
