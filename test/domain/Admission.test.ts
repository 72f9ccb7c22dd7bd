import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Admission from "../../src/domain/Admission.ts"

interface Size {
  readonly pools: number
  readonly room: number
  readonly queue: number
}

type Step =
  | ({ readonly op: "add"; readonly shard: number } & Size)
  | { readonly op: "remove"; readonly shard: number }
  | { readonly op: "admit"; readonly address: string }
  | { readonly op: "release"; readonly nth: number }
  | { readonly op: "move"; readonly nth: number }
  | { readonly op: "spare"; readonly shards: ReadonlyArray<number> }
  | { readonly op: "ban"; readonly address: string; readonly time: number }
  | { readonly op: "lift"; readonly address: string }
  | { readonly op: "wait"; readonly time: number }

const shard = FastCheck.integer({ min: 0, max: 2 })
const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  FastCheck.record({
    op: FastCheck.constant("add" as const),
    shard,
    pools: FastCheck.integer({ min: 1, max: 3 }),
    room: FastCheck.integer({ min: 0, max: 4 }),
    queue: FastCheck.integer({ min: 0, max: 2 })
  }),
  FastCheck.record({ op: FastCheck.constant("remove" as const), shard }),
  FastCheck.record({ op: FastCheck.constant("admit" as const), address: FastCheck.constantFrom("a", "b", "c") }),
  FastCheck.record({ op: FastCheck.constant("admit" as const), address: FastCheck.constantFrom("a", "b", "c") }),
  FastCheck.record({ op: FastCheck.constant("release" as const), nth: FastCheck.nat(40) }),
  FastCheck.record({ op: FastCheck.constant("move" as const), nth: FastCheck.nat(40) }),
  FastCheck.record({ op: FastCheck.constant("spare" as const), shards: FastCheck.uniqueArray(shard) }),
  FastCheck.record({
    op: FastCheck.constant("ban" as const),
    address: FastCheck.constantFrom("a", "b"),
    time: FastCheck.nat(9)
  }),
  FastCheck.record({ op: FastCheck.constant("lift" as const), address: FastCheck.constantFrom("a", "b") }),
  FastCheck.record({ op: FastCheck.constant("wait" as const), time: FastCheck.nat(9) })
)
const limits = FastCheck.record({
  maxClients: FastCheck.integer({ min: 0, max: 8 }),
  maxClientsPerAddress: FastCheck.integer({ min: 0, max: 4 })
})
const none: Admission.Limits = { maxClients: 0, maxClientsPerAddress: 0 }

interface Inside {
  readonly id: number
  readonly address: string
  readonly shard: number
  readonly pool: number
}

const run = (limits: Admission.Limits, steps: ReadonlyArray<Step>, check: (world: World) => void) => {
  const admission = Admission.make(limits)
  const world: World = { admission, inside: [], shards: new Map(), seen: new Set(), bans: new Map(), spare: [], now: 0 }
  for (const one of steps) {
    take(world, one, limits)
    check(world)
  }
  return world
}

interface World {
  readonly admission: Admission.Admission
  inside: Array<Inside>
  readonly shards: Map<number, Size>
  readonly seen: Set<number>
  readonly bans: Map<string, number>
  spare: ReadonlyArray<number>
  now: number
}

const take = (world: World, one: Step, limits: Admission.Limits) => {
  const { admission, bans, shards } = world
  switch (one.op) {
    case "add": {
      admission.addShard(one.shard, one)
      shards.set(one.shard, one)
      world.inside = world.inside.filter((client) => client.shard !== one.shard)
      break
    }
    case "remove": {
      const expected = world.inside.filter((client) => client.shard === one.shard).length
      assert.strictEqual(admission.removeShard(one.shard), expected)
      shards.delete(one.shard)
      world.inside = world.inside.filter((client) => client.shard !== one.shard)
      break
    }
    case "admit": {
      const rooms = roomsOf(world)
      const open = mostOf(rooms.filter(({ hasSlot, shard }) => hasSlot && !world.spare.includes(shard)))
      const most = open > 0 ? open : mostOf(rooms)
      const same = world.inside.filter((client) => client.address === one.address).length
      const verdict = admission.admit(one.address, world.now)
      const { maxClients, maxClientsPerAddress: limit } = limits
      if ((bans.get(one.address) ?? 0) > world.now) assert.strictEqual(verdict, "Banned")
      else if (maxClients > 0 && world.inside.length >= maxClients) assert.strictEqual(verdict, "TooManyClients")
      else if (most === 0) assert.strictEqual(verdict, "Full")
      else if (limit > 0 && same >= limit) assert.strictEqual(verdict, "TooManyFromAddress")
      else {
        if (typeof verdict === "string") return assert.fail(`refused: ${verdict}`)
        assert.strictEqual(rooms.find((room) => room.shard === verdict.shard && room.pool === verdict.pool)?.left, most)
        assert.isFalse(world.seen.has(verdict.id))
        world.seen.add(verdict.id)
        world.inside.push({ ...verdict, address: one.address })
      }
      break
    }
    case "release": {
      const client = world.inside[one.nth]
      assert.strictEqual(admission.release(client?.id ?? -1), client !== undefined)
      if (client !== undefined) {
        world.inside.splice(one.nth, 1)
        assert.isFalse(admission.release(client.id))
      }
      break
    }
    case "move": {
      const nth = one.nth % Math.max(1, world.inside.length)
      const client = world.inside[nth]
      const place = admission.move(client?.id ?? -1)
      if (client === undefined || place === undefined) {
        assert.strictEqual(place, client)
        break
      }
      const rooms = roomsOf(world).filter(
        ({ hasSlot, shard }) => hasSlot && shard !== client.shard && !world.spare.includes(shard)
      )
      const most = mostOf(rooms)
      assert.strictEqual(place.id, client.id)
      if (most === 0) assert.deepStrictEqual([place.shard, place.pool], [client.shard, client.pool])
      else assert.strictEqual(rooms.find((room) => room.shard === place.shard && room.pool === place.pool)?.left, most)
      world.inside[nth] = { ...place, address: client.address }
      break
    }
    case "spare":
      admission.spare(new Set(one.shards))
      world.spare = one.shards
      break
    case "ban":
      admission.ban(one.address, world.now + one.time)
      bans.set(one.address, world.now + one.time)
      break
    case "lift":
      admission.lift(one.address)
      bans.delete(one.address)
      break
    case "wait":
      world.now += one.time
  }
}

const roomsOf = (world: World) =>
  [...world.shards].flatMap(([shard, { pools, queue, room }]) =>
    Array.from({ length: pools }, (_, pool) => {
      const left = room - inPool(world, shard, pool)
      return { shard, pool, left, hasSlot: left > queue }
    })
  )

const mostOf = (rooms: ReadonlyArray<{ readonly left: number }>) => Math.max(0, ...rooms.map((room) => room.left))

const inPool = (world: World, shard: number, pool: number) =>
  world.inside.filter((client) => client.shard === shard && client.pool === pool).length

describe("Admission", () => {
  it.prop(
    "agrees with a list of who is inside, after every step",
    [limits, FastCheck.array(step, { maxLength: 60 })],
    ([limits, steps]) => {
      run(limits, steps, ({ admission, bans, inside, now, shards }) => {
        const { maxClients, maxClientsPerAddress: limit } = limits
        if (maxClients > 0) assert.isAtMost(inside.length, maxClients)
        for (const address of ["a", "b", "c"]) {
          const until = bans.get(address) ?? 0
          assert.strictEqual(admission.bannedUntil(address, now), until > now ? until : undefined)
        }
        assert.strictEqual(admission.size(), inside.length)
        assert.strictEqual(admission.shards(), shards.size)
        for (const address of ["a", "b", "c"]) {
          const count = inside.filter((client) => client.address === address).length
          assert.strictEqual(admission.sizeOfAddress(address), count)
          if (limit > 0) assert.isAtMost(count, limit)
        }
        for (const [shard, { pools, room }] of shards) {
          assert.strictEqual(admission.sizeOfShard(shard), inside.filter((client) => client.shard === shard).length)
          for (let pool = 0; pool < pools; pool++) {
            assert.isAtMost(inside.filter((client) => client.shard === shard && client.pool === pool).length, room)
          }
        }
      })
    }
  )

  it.prop(
    "is empty again when everybody left",
    [limits, FastCheck.array(step, { maxLength: 60 })],
    ([limits, steps]) => {
      const { admission, inside } = run(limits, steps, () => {})
      for (const client of inside) assert.isTrue(admission.release(client.id))
      assert.strictEqual(admission.size(), 0)
      for (const address of ["a", "b", "c"]) assert.strictEqual(admission.sizeOfAddress(address), 0)
      for (const shard of [0, 1, 2]) assert.strictEqual(admission.sizeOfShard(shard), 0)
    }
  )

  it("lets nobody wait at an open shard, or move there to wait, while a spare one has slots", () => {
    const admission = Admission.make(none)
    admission.addShard(0, { pools: 1, room: 3, queue: 2 })
    admission.addShard(1, { pools: 1, room: 4, queue: 2 })
    admission.spare(new Set([1]))
    const places = Array.from({ length: 3 }, () => admission.admit("a", 0))
    assert.deepStrictEqual(
      places.map((place) => (typeof place === "string" ? place : place.shard)),
      [0, 1, 1]
    )
    assert.strictEqual(admission.move(2)?.shard, 1)
    admission.release(1)
    assert.strictEqual(admission.move(2)?.shard, 0)
  })

  it("takes a place with each move, and gives the one before back", () => {
    const admission = Admission.make(none)
    for (const shard of [0, 1]) admission.addShard(shard, { pools: 1, room: 1 })
    admission.admit("a", 0)
    for (const shard of [1, 0, 1]) {
      assert.strictEqual(admission.move(1)?.shard, shard)
      assert.deepStrictEqual([0, 1].map(admission.sizeOfShard), shard === 1 ? [0, 1] : [1, 0])
    }
    admission.admit("a", 0)
    assert.strictEqual(admission.move(1)?.shard, 1)
    assert.strictEqual(admission.admit("a", 0), "Full")
  })

  it("spreads clients over shards before it fills pools", () => {
    const admission = Admission.make(none)
    admission.addShard(7, { pools: 2, room: 3 })
    admission.addShard(8, { pools: 2, room: 3 })
    const places = Array.from({ length: 4 }, () => admission.admit("a", 0))
    assert.deepStrictEqual(
      places.map((place) => (typeof place === "string" ? place : [place.shard, place.pool])),
      [
        [7, 0],
        [8, 0],
        [7, 1],
        [8, 1]
      ]
    )
  })

  it("refuses everybody once it drains, and still takes places back", () => {
    const admission = Admission.make(none)
    admission.addShard(0, { pools: 1, room: 2 })
    const inside = admission.admit("a", 0)
    admission.drain()
    assert.strictEqual(admission.admit("a", 0), "Draining")
    assert.isTrue(typeof inside !== "string" && admission.release(inside.id))
    assert.strictEqual(admission.size(), 0)
  })
})
