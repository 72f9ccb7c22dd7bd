import type * as Argument from "./Argument.ts"
import type { Permission } from "./Permission.ts"

/**
 * One row of the command table: everything the server says or checks about a verb before its handler is asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row<A> {
  readonly argument: Argument.Argument<A>
  /** What HELP and the command reference say it does. */
  readonly help: string
  /** Where it is defined. */
  readonly rfc: string
  /** The codes its handling may end in, beside the ones any command may get (see `Command.anyTime`). */
  readonly replies: ReadonlyArray<number>
  /** May be given before login. */
  readonly beforeLogin?: true
  /** There only where TLS is offered. */
  readonly needsTls?: true
  /** Answered while a transfer runs; anything else waits for its end. */
  readonly duringTransfer?: true
  /** What the account must be allowed to do to the files it names; `Needs` says where an argument makes it more or other. */
  readonly permission?: Permission
  /** The older spellings that mean the same (RFC 775, RFC 1123 section 4.1.3.1). */
  readonly aliases?: ReadonlyArray<string>
  /** Its lines in the FEAT reply (RFC 2389); those of MLST and HASH are made from what the session selected. */
  readonly features?: ReadonlyArray<string>
}

type Extra = Omit<Row<never>, "argument" | "help" | "rfc" | "replies">

/** @since 0.1.0 @category constructors */
export const row = <A>(
  argument: Argument.Argument<A>,
  help: string,
  rfc: string,
  replies: ReadonlyArray<number>,
  extra: Extra = {}
): Row<A> => ({ argument, help, rfc, replies, ...extra })
