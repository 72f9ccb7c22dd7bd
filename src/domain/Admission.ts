import * as AddressBlock from "./limits/AddressBlock.ts"
import * as Bans from "./limits/Bans.ts"

/**
 * Why a client is not let in. `Banned`: its address block is. `TooManyClients`: the server has all it may have. `Full`: no pool has
 * room. `TooManyFromAddress`: its address has all it may have. `Draining`: the server takes nobody any more.
 *
 * @since 0.1.0
 * @category models
 */
export type Refusal = "Banned" | "TooManyClients" | "Full" | "TooManyFromAddress" | "Draining"

/**
 * A client that was let in: its id, unique in the life of the server, and the pool that is to carry it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Admitted {
  readonly id: number
  readonly shard: number
  readonly pool: number
}

/**
 * The books of who is inside. Synchronous and without I/O, so that the thread that accepts can keep them itself: an admission and
 * its count are one step, and no two clients can take the same last place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Admission {
  /** A shard that carries `pools` pools of this size may be given clients from now on. */
  readonly addShard: (shard: number, options: Room & { readonly pools: number }) => void
  /** Forgets a shard and all of its clients; answers how many those were. */
  readonly removeShard: (shard: number) => number
  /** Lets a client in at the pool with the most room, or says why not. `now` is in milliseconds since the epoch. */
  readonly admit: (address: string, now: number) => Admitted | Refusal
  /**
   * Finds a client a slot in another shard that is not spare; where there is none, its place is the one it has. `undefined` where it has
   * none (any more).
   */
  readonly move: (id: number) => Admitted | undefined
  /** From now on these shards are spare: newcomers go to the others, as far as they have slots. */
  readonly spare: (shards: ReadonlySet<number>) => void
  /** Gives a client's place back; `false` if it had none (any more). */
  readonly release: (id: number) => boolean
  /** Nobody from this address block (see `AddressBlock`) is let in until then. Who is inside stays. */
  readonly ban: (block: string, until: number) => void
  /** Ends a ban; `false` if there was none. */
  readonly lift: (block: string) => boolean
  /** When the ban that an address is under ends; `undefined` where it is under none. */
  readonly bannedUntil: (address: string, now: number) => number | undefined
  /** From now on everybody is refused. */
  readonly drain: () => void
  /** Clients inside: all, of one shard, of one address. */
  readonly size: () => number
  readonly sizeOfShard: (shard: number) => number
  readonly sizeOfAddress: (address: string) => number
  /** Shards that may be given clients. */
  readonly shards: () => number
}

/**
 * The places in each of a shard's pools, and how many of them are in line for a slot, if any.
 *
 * @since 0.1.0
 * @category models
 */
export interface Room {
  readonly room: number
  readonly queue?: number
}

interface Shard {
  readonly pools: Array<Pool>
  clients: number
}

interface Pool {
  readonly shard: number
  readonly pool: number
  readonly of: Shard
  readonly queue: number
  room: number
}

/**
 * What is never exceeded; 0 is no limit.
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly maxClients: number
  readonly maxClientsPerAddress: number
}

const orInfinity = (limit: number) => (limit === 0 ? Number.POSITIVE_INFINITY : limit)

/**
 * Empty books.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (limits: Limits): Admission => {
  const limit = orInfinity(limits.maxClientsPerAddress)
  const most = orInfinity(limits.maxClients)
  const bans = Bans.make()
  const shards = new Map<number, Shard>()
  const clients = new Map<number, { readonly address: string; pool: Pool }>()
  const addresses = new Map<string, number>()
  let pools: Array<Pool> = []
  let spare: ReadonlySet<number> = new Set()
  let draining = false
  let next = 1

  const bannedUntil = (address: string, now: number) => bans.until(AddressBlock.of(address), now)

  const sizeOfAddress = (address: string) => addresses.get(address) ?? 0

  /** Who came there would be served at once. */
  const isOpen = (pool: Pool) => pool.room > pool.queue && !spare.has(pool.shard)

  const enter = (pool: Pool) => {
    pool.room--
    pool.of.clients++
  }

  const leave = (pool: Pool) => {
    pool.room++
    pool.of.clients--
  }

  const release = (id: number): boolean => {
    const client = clients.get(id)
    if (client === undefined) return false
    clients.delete(id)
    leave(client.pool)
    const left = sizeOfAddress(client.address) - 1
    if (left > 0) addresses.set(client.address, left)
    else addresses.delete(client.address)
    return true
  }

  const removeShard = (shard: number): number => {
    const known = shards.get(shard)
    if (known === undefined) return 0
    shards.delete(shard)
    pools = pools.filter((pool) => pool.of !== known)
    const released = [...clients].filter(([, client]) => client.pool.of === known)
    for (const [id] of released) release(id)
    return released.length
  }

  return {
    addShard: (shard, { pools: count, queue = 0, room }) => {
      removeShard(shard)
      const added: Shard = { pools: [], clients: 0 }
      for (let pool = 0; pool < count; pool++) added.pools.push({ shard, pool, of: added, queue, room })
      shards.set(shard, added)
      pools = [...pools, ...added.pools]
    },
    removeShard,
    admit: (address, now) => {
      if (draining) return "Draining"
      if (bannedUntil(address, now) !== undefined) return "Banned"
      if (clients.size >= most) return "TooManyClients"
      const best = roomiest(pools, isOpen) ?? roomiest(pools)
      if (best === undefined) return "Full"
      const same = sizeOfAddress(address)
      if (same >= limit) return "TooManyFromAddress"
      const id = next++
      enter(best)
      addresses.set(address, same + 1)
      clients.set(id, { address, pool: best })
      return { id, shard: best.shard, pool: best.pool }
    },
    move: (id) => {
      const client = clients.get(id)
      if (client === undefined) return undefined
      const { pool: from } = client
      const best = roomiest(pools, (pool) => pool.of !== from.of && isOpen(pool))
      if (best !== undefined) {
        leave(from)
        enter(best)
        client.pool = best
      }
      return { id, shard: client.pool.shard, pool: client.pool.pool }
    },
    spare: (shards) => {
      spare = shards
    },
    release,
    ban: bans.ban,
    lift: bans.lift,
    bannedUntil,
    drain: () => {
      draining = true
    },
    size: () => clients.size,
    sizeOfShard: (shard) => shards.get(shard)?.clients ?? 0,
    sizeOfAddress,
    shards: () => shards.size
  }
}

const roomiest = (pools: ReadonlyArray<Pool>, isWanted: (pool: Pool) => boolean = () => true): Pool | undefined => {
  let best: Pool | undefined
  for (const pool of pools) {
    if (pool.room <= 0 || !isWanted(pool)) continue
    if (best === undefined || pool.room > best.room || (pool.room === best.room && pool.of.clients < best.of.clients)) {
      best = pool
    }
  }
  return best
}
