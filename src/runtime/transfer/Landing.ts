import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Finalizer from "../platform/Finalizer.ts"
import type { Connection } from "../platform/Tcp.ts"

const ignore = () => {}

/**
 * Where one connection is waited for, by one who takes it or is told why there is none. It may come first or be waited for first.
 *
 * @since 0.1.0
 * @category models
 */
export class Landing<E> {
  readonly #gone: () => E
  #connection: Connection | undefined = undefined
  #failure: E | undefined = undefined
  #isOver = false
  #wake: () => void = ignore

  /** `gone` is why there is none where it was taken before, or nobody wants it any more. */
  constructor(gone: () => E) {
    this.#gone = gone
  }

  /** The connection, while it is here and was not taken. */
  get unsafeHere(): Connection | undefined {
    return this.#connection
  }

  /** It was taken, or will never be. */
  get isOver(): boolean {
    return this.#isOver
  }

  unsafeLand(connection: Connection): void {
    if (this.#isOver) connection.unsafeDestroy()
    else {
      this.#connection = connection
      this.#wake()
    }
  }

  unsafeTake(): void {
    this.#connection = undefined
    this.#isOver = true
  }

  /** No connection is given out any more, and one that nobody took is dropped; harmless when repeated. */
  unsafeEnd(failure?: E): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#failure = failure
    this.#connection?.unsafeDestroy()
    this.#connection = undefined
    this.#wake()
  }

  /** Completes when the connection is here, also if it was before; the scope drops it. For one caller, once. */
  get taken(): Effect.Effect<Connection, E, Scope.Scope> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        restore(this.#settled()),
        Effect.suspend(() => this.#take())
      )
    )
  }

  #settled(): Effect.Effect<void> {
    return Effect.async((resume) => {
      this.#wake = () => resume(Effect.void)
      if (this.#isOver || this.#connection !== undefined) this.#wake()
    })
  }

  #take(): Effect.Effect<Connection, E, Scope.Scope> {
    const connection = this.#connection
    if (connection === undefined) return Effect.fail(this.#failure ?? this.#gone())
    this.unsafeTake()
    return Effect.as(Finalizer.add(Effect.sync(() => connection.unsafeDestroy())), connection)
  }
}
