import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Rights from "../../domain/Rights.ts"
import type { Ledger, Welcome } from "../limits/Ledger.ts"
import type { Storage, StorageError } from "../storage/Storage.ts"

const none: ReadonlyArray<never> = []

const nobody: Rights.Rights = Rights.everywhere(new Set())

/**
 * What a session has of its login: the account's tree, rights and books, from the welcome until it leaves.
 *
 * @since 0.1.0
 * @category models
 */
export class Lodging {
  welcome: Welcome | undefined = undefined
  /** The tree that the account sees as "/". */
  storage: Storage["Type"]
  readonly #session: number
  readonly #ledger: Ledger["Type"]
  readonly #common: Storage["Type"]
  #scope: Scope.CloseableScope | undefined = undefined
  #left: ReadonlyArray<Scope.CloseableScope> = none
  #known = false

  constructor(session: number, house: { readonly ledger: Ledger["Type"]; readonly storage: Storage["Type"] }) {
    this.#session = session
    this.#ledger = house.ledger
    this.#common = house.storage
    this.storage = house.storage
  }

  get rights(): Rights.Rights {
    return this.welcome?.account.rights ?? nobody
  }

  /** From now on the ledger may know the session, whatever comes of it. */
  unsafeKnock(): void {
    this.#known = true
  }

  /** Moves in, as soon as the account's home is open. */
  enter(welcome: Welcome): Effect.Effect<void, StorageError> {
    const { home } = welcome.account
    if (home === undefined) {
      return Effect.sync(() => {
        this.welcome = welcome
      })
    }
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Scope.make(), (scope) =>
        restore(Scope.extend(this.#common.home(home), scope)).pipe(
          Effect.onExit((exit) => (Exit.isFailure(exit) ? Scope.close(scope, exit) : Effect.void)),
          Effect.map((storage) => this.#moveIn(welcome, storage, scope))
        )
      )
    )
  }

  #moveIn(welcome: Welcome, storage: Storage["Type"], scope: Scope.CloseableScope): void {
    this.welcome = welcome
    this.storage = storage
    this.#scope = scope
  }

  /** Logs out; the home is given back by `vacated`. */
  unsafeLeave(): void {
    if (this.#known) this.#ledger.unsafeLogout(this.#session)
    this.#known = false
    this.welcome = undefined
    this.storage = this.#common
    if (this.#scope !== undefined) this.#left = [...this.#left, this.#scope]
    this.#scope = undefined
  }

  /** There is a home to give back. */
  get isLeaving(): boolean {
    return this.#left.length > 0
  }

  get vacated(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const left = this.#left
      this.#left = none
      return Effect.forEach(left, (scope) => Scope.close(scope, Exit.void), { discard: true })
    })
  }
}
