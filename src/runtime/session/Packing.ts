import * as Schema from "effect/Schema"
import * as Luggage from "../../domain/session/Luggage.ts"
import type { Client } from "../server/Client.ts"
import type { Actor } from "./Actor.ts"

const encode = Schema.encodeSync(Luggage.Luggage)
const decode = Schema.decodeUnknownSync(Luggage.Luggage)

/** In the books of its shard alone, without a home that is open here or rates that are counted. */
const isLight = ({ client, house, lodging }: Actor): boolean => {
  const { welcome } = lodging
  if (welcome === undefined || welcome.account.home !== undefined || lodging.isLeaving) return false
  if (welcome.upload !== undefined || welcome.download !== undefined) return false
  return house.config.commandRate === 0 && house.ledger.unsafeIsKnown?.(client.id) === false
}

/**
 * What a session takes along to another thread, as data; `undefined` while it has to stay where it is. `startedAt` is in milliseconds since
 * the epoch.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafePack = (actor: Actor, startedAt: number): unknown => {
  const { begun, client, control, errand, lease, progress, state, tlsContext } = actor
  if (lease !== undefined || begun !== undefined || errand !== undefined || progress !== undefined) return undefined
  // Where TLS has been, there is more between the session and its descriptor.
  if (tlsContext !== undefined || control.connection !== client.connection || !control.unsafeIsIdle()) return undefined
  if (!isLight(actor)) return undefined
  const luggage = Luggage.pack(state, startedAt)
  return luggage && encode(luggage)
}

/**
 * What a client has come with from another thread; `undefined` where it is new.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeUnpack = ({ luggage }: Client): Luggage.Luggage | undefined =>
  luggage === undefined ? undefined : decode(luggage)
