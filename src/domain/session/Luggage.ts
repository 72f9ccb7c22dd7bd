import * as Schema from "effect/Schema"
import { Account } from "../Account.ts"
import { Algorithm } from "../Digest.ts"
import * as Facts from "../Facts.ts"
import { HostPort } from "../HostPort.ts"
import { VirtualPath } from "../VirtualPath.ts"
import * as State from "./State.ts"

/**
 * What a session takes along when it moves to another thread: all that its client has said and settled, in clear and at rest. Times are in
 * milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export const Luggage = Schema.Struct({
  startedAt: Schema.Number,
  account: Account,
  failedLogins: Schema.Number,
  directory: VirtualPath,
  representation: Schema.Literal("A", "I"),
  mode: Schema.Literal("S", "Z"),
  restart: Schema.Number,
  range: Schema.UndefinedOr(Schema.Struct({ start: Schema.Number, end: Schema.Number })),
  renaming: Schema.UndefinedOr(VirtualPath),
  sized: Schema.UndefinedOr(VirtualPath),
  algorithm: Algorithm,
  /** Where the next transfer connects to. */
  target: Schema.UndefinedOr(HostPort),
  epsvAll: Schema.Boolean,
  facts: Schema.ReadonlySetFromSelf(Schema.Literal(...Facts.names))
})

/** @since 0.1.0 @category models */
export type Luggage = typeof Luggage.Type

/**
 * What there is to take along; `undefined` while the session cannot go: nobody is logged in, something is under way, a port is open for
 * the next transfer, TLS is on the control connection, or the end is near.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pack = (state: State.State, startedAt: number): Luggage | undefined => {
  const { account, closed, data, deferred, draining, protection, settings: _, user, work, ...kept } = state
  if (account === undefined || user !== undefined || work !== undefined || deferred.length > 0) return undefined
  if (protection.control || protection.data === "P" || data?._tag === "Passive") return undefined
  return draining || closed ? undefined : { ...kept, startedAt, account, target: data?.target }
}

/**
 * The session it was packed in, to go on with these settings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unpack = ({ startedAt: _, target, ...kept }: Luggage, settings: State.Settings): State.State => ({
  ...State.initial(settings),
  ...kept,
  data: target && { _tag: "Active", target }
})
