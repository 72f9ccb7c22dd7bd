import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Admission from "../../src/domain/Admission.ts"

type Step =
  | { readonly op: "add"; readonly shard: number; readonly pools: number; readonly room: number }
  | { readonly op: "remove"; readonly shard: number }
  | { readonly op: "admit"; readonly address: string }
  | { readonly op: "release"; readonly nth: number }

const shard = FastCheck.integer({ min: 0, max: 2 })
const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  FastCheck.record({
    op: FastCheck.constant("add" as const),
    shard,
    pools: FastCheck.integer({ min: 1, max: 3 }),
    room: FastCheck.integer({ min: 0, max: 4 })
  }),
  FastCheck.record({ op: FastCheck.constant("remove" as const), shard }),
  FastCheck.record({ op: FastCheck.constant("admit" as const), address: FastCheck.constantFrom("a", "b", "c") }),
  FastCheck.record({ op: FastCheck.constant("admit" as const), address: FastCheck.constantFrom("a", "b", "c") }),
  FastCheck.record({ op: FastCheck.constant("release" as const), nth: FastCheck.nat(40) })
)
const limit = FastCheck.integer({ min: 0, max: 4 })

interface Inside {
  readonly id: number
  readonly address: string
  readonly shard: number
  readonly pool: number
}

const run = (maxClientsPerAddress: number, steps: ReadonlyArray<Step>, check: (world: World) => void) => {
  const admission = Admission.make({ maxClientsPerAddress })
  const world: World = { admission, inside: [], shards: new Map(), seen: new Set() }
  for (const one of steps) {
    take(world, one, maxClientsPerAddress)
    check(world)
  }
  return world
}

interface World {
  readonly admission: Admission.Admission
  inside: Array<Inside>
  readonly shards: Map<number, { readonly pools: number; readonly room: number }>
  readonly seen: Set<number>
}

const take = (world: World, one: Step, limit: number) => {
  const { admission, shards } = world
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
      const rooms = [...shards].flatMap(([shard, { pools, room }]) =>
        Array.from({ length: pools }, (_, pool) => ({ shard, pool, left: room - inPool(world, shard, pool) }))
      )
      const most = Math.max(0, ...rooms.map((room) => room.left))
      const same = world.inside.filter((client) => client.address === one.address).length
      const verdict = admission.admit(one.address)
      if (most === 0) assert.strictEqual(verdict, "Full")
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
    }
  }
}

const inPool = (world: World, shard: number, pool: number) =>
  world.inside.filter((client) => client.shard === shard && client.pool === pool).length

describe("Admission", () => {
  it.prop(
    "agrees with a list of who is inside, after every step",
    [limit, FastCheck.array(step, { maxLength: 60 })],
    ([limit, steps]) => {
      run(limit, steps, ({ admission, inside, shards }) => {
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

  it.prop("is empty again when everybody left", [limit, FastCheck.array(step, { maxLength: 60 })], ([limit, steps]) => {
    const { admission, inside } = run(limit, steps, () => {})
    for (const client of inside) assert.isTrue(admission.release(client.id))
    assert.strictEqual(admission.size(), 0)
    for (const address of ["a", "b", "c"]) assert.strictEqual(admission.sizeOfAddress(address), 0)
    for (const shard of [0, 1, 2]) assert.strictEqual(admission.sizeOfShard(shard), 0)
  })

  it("spreads clients over shards before it fills pools", () => {
    const admission = Admission.make({ maxClientsPerAddress: 0 })
    admission.addShard(7, { pools: 2, room: 3 })
    admission.addShard(8, { pools: 2, room: 3 })
    const places = Array.from({ length: 4 }, () => admission.admit("a"))
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
    const admission = Admission.make({ maxClientsPerAddress: 0 })
    admission.addShard(0, { pools: 1, room: 2 })
    const inside = admission.admit("a")
    admission.drain()
    assert.strictEqual(admission.admit("a"), "Draining")
    assert.isTrue(typeof inside !== "string" && admission.release(inside.id))
    assert.strictEqual(admission.size(), 0)
  })
})
