import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Gathering from "../../src/domain/Gathering.ts"

const reading: FastCheck.Arbitrary<Gathering.Reading | undefined> = FastCheck.option(
  FastCheck.record({
    idle: FastCheck.double({ min: 0, max: 8, noNaN: true }),
    used: FastCheck.double({ min: 0, max: 8, noNaN: true }),
    heard: FastCheck.double({ min: 0, max: 1e6, noNaN: true })
  }),
  { nil: undefined, freq: 8 }
)

const readings = FastCheck.array(reading, { minLength: 1, maxLength: 200 })

/** What comes of the same load, by how many shards are open; 1 % more or less. */
type Load = (open: number) => Gathering.Reading | undefined

/** How many were open in each period. */
const follow = (shards: number, load: Load, periods: number, from = Gathering.spread(shards)) => {
  let gathering = from
  const open: Array<number> = []
  for (let period = 0; period < periods; period++) {
    gathering = Gathering.next(gathering, shards, load(gathering.open))
    open.push(gathering.open)
  }
  return { gathering, open }
}

/** Two shards and their clients on two processors: short commands, of which one shard hears more. */
const short = (open: number): Gathering.Reading =>
  open === 1 ? { idle: 0.2, used: 0.98, heard: 190_000 } : { idle: 0.22, used: 1.12, heard: 145_000 }

/** The same where one shard hears fewer. */
const vain: Load = (open) => ({ ...short(open), heard: open === 1 ? 120_000 : 145_000 })

/** Small files, which two shards send faster. */
const files: Load = (open) =>
  open === 1 ? { idle: 0.45, used: 0.98, heard: 18_000 } : { idle: 0.31, used: 1.04, heard: 22_000 }

/** Long listings: a shard has the one processor all to itself. */
const listings: Load = (open) =>
  open === 1 ? { idle: 0.8, used: 1, heard: 50 } : { idle: 0.02, used: 1.7, heard: 100 }

const silence = () => undefined

describe("Gathering", () => {
  it.prop(
    "keeps one shard open at least, and opens and spares one at a time",
    [FastCheck.integer({ min: 1, max: 8 }), readings],
    ([shards, readings]) => {
      let gathering = Gathering.spread(shards)
      for (const one of readings) {
        const next = Gathering.next(gathering, shards, one)
        assert.isAtLeast(next.open, 1)
        assert.isAtMost(next.open, shards)
        assert.isAtMost(Math.abs(next.open - gathering.open), 1)
        gathering = next
      }
    }
  )

  it.prop("leaves all open where processors are idle", [FastCheck.integer({ min: 1, max: 8 }), readings], (given) => {
    const [shards, readings] = given
    let gathering = Gathering.spread(shards)
    for (const one of readings) {
      gathering = Gathering.next(gathering, shards, one && { ...one, idle: one.idle + 0.4 })
      assert.strictEqual(gathering.open, shards)
    }
  })

  it("gathers short commands where fewer threads hear more of them, and stays", () => {
    const { gathering, open } = follow(2, short, 400)
    assert.deepStrictEqual(new Set(open.slice(8)), new Set([1]))
    assert.deepStrictEqual(new Set(follow(2, silence, 50, gathering).open), new Set([1]))
  })

  it("tries ever more seldom what did not help", () => {
    const { open } = follow(2, vain, 4000)
    const tries = open.flatMap((now, period) => (now === 1 && open[period - 1] === 2 ? [period] : []))
    assert.isAtLeast(tries.length, 5)
    const pauses = tries.slice(1).map((period, index) => period - (tries[index] ?? 0))
    for (let index = 1; index < pauses.length; index++) assert.isAtLeast(pauses[index] ?? 0, pauses[index - 1] ?? 0)
    assert.isAbove(pauses.at(-1) ?? 0, 20 * (pauses[0] ?? 0))
    assert.isBelow(open.filter((now) => now === 1).length, 60)
  })

  it("never tries for what needs all of them", () => {
    assert.deepStrictEqual(new Set(follow(2, listings, 400).open), new Set([2]))
  })

  it("spreads at once for what has an idle processor beside it, however long a trial is off", () => {
    const gathered = { ...follow(2, short, 100).gathering, rest: 500, pause: 500 }
    const { open } = follow(2, listings, 8, gathered)
    assert.strictEqual(open.at(-1), 2)
  })

  it("spreads beside a whole idle processor as soon as one shard may be saturated among idle ones", () => {
    const gathered = { ...Gathering.spread(8), open: 3 }
    const uneven: Load = (open) => ({ idle: 6 - 0.1 * open, used: 1.2, heard: 120_000 })
    assert.strictEqual(follow(8, uneven, 60, gathered).open.at(-1), 8)
    const light: Load = () => ({ idle: 6, used: 0.6, heard: 120_000 })
    assert.strictEqual(follow(8, light, 60, gathered).open.at(-1), 3)
    const closer: Load = () => ({ idle: 0.8, used: 1.2, heard: 120_000 })
    assert.strictEqual(follow(8, closer, 60, gathered).open.at(-1), 3)
  })

  it("leaves alone who does not keep one processor busy", () => {
    const light: Load = () => ({ idle: 0.1, used: 0.7, heard: 10_000 })
    assert.deepStrictEqual(new Set(follow(2, light, 100).open), new Set([2]))
  })

  it("keeps no trial for a gain that may be chance", () => {
    const even: Load = (open) => ({ ...short(2), heard: open === 1 ? 104_000 : 100_000 })
    assert.strictEqual(follow(2, even, 400).open.filter((now) => now === 1).length < 60, true)
  })

  it("forgets failures once a trial was a success, and waits for no longer than it may", () => {
    const { gathering: doubtful } = follow(2, vain, 20_000)
    assert.isAtMost(doubtful.pause, 512)
    const rested = { ...Gathering.spread(2), pause: doubtful.pause }
    const { gathering } = follow(2, short, 100, rested)
    assert.strictEqual(gathering.open, 1)
    assert.strictEqual(gathering.pause, Gathering.spread(2).pause)
  })

  it("believes no single period", () => {
    const { gathering, open } = follow(2, short, 1)
    assert.deepStrictEqual(new Set(open), new Set([2]))
    const trying = Gathering.next(gathering, 2, short(2))
    assert.isDefined(trying.trial)
    assert.isDefined(follow(2, short, 2, trying).gathering.trial)
    assert.isUndefined(follow(2, short, 3, trying).gathering.trial)
  })

  it("opens all for what takes its time, and tries nothing", () => {
    const better: Load = (open) => ({
      ...short(2),
      used: open - 0.8 + (open === 1 ? 0.7 : 0),
      heard: 1e6 * 1.1 ** (8 - open)
    })
    const gathered = follow(8, better, 2000)
    assert.strictEqual(gathered.gathering.open, 1)
    assert.deepStrictEqual(new Set(follow(8, files, 400, gathered.gathering).open.slice(16)), new Set([8]))
    assert.deepStrictEqual(new Set(follow(2, files, 400).open), new Set([2]))
  })

  it("tries one more where a processor is idle, and goes back where that does not help", () => {
    const gathered = follow(2, short, 100).gathering
    const idler: Load = (open) => ({ ...short(open), idle: 0.4 })
    const { open: tried } = follow(2, idler, 60, gathered)
    assert.include(tried, 2)
    assert.strictEqual(tried.at(-1), 1)
  })

  it("spreads where sessions that cannot move are at work beside those that have", () => {
    const bound: Load = (open) => ({ ...short(open), used: 1.28, heard: open === 1 ? 190_000 : 145_000 })
    const { open } = follow(2, (open) => (open === 1 ? { ...short(open), used: 1.4 } : short(open)), 400)
    assert.isBelow(open.filter((now) => now === 1).length, 40)
    const gathered = follow(2, short, 100).gathering
    assert.strictEqual(gathered.open, 1)
    assert.deepStrictEqual(new Set(follow(2, bound, 50, gathered).open), new Set([1]))
    assert.include(follow(2, () => ({ ...short(1), used: 1.4 }), 5, gathered).open, 2)
  })

  it("takes a trial back when the work is over, and does not hold it against anybody", () => {
    let trying = Gathering.spread(2)
    while (trying.trial === undefined) trying = Gathering.next(trying, 2, short(trying.open))
    const back = Gathering.next(trying, 2, undefined)
    assert.deepStrictEqual(back, Gathering.spread(2))
  })

  it("does not count what is heard while sessions move", () => {
    let trying = Gathering.spread(2)
    while (trying.trial === undefined) trying = Gathering.next(trying, 2, short(trying.open))
    const moving = Gathering.next(trying, 2, { idle: 1, used: 0.1, heard: 1 })
    assert.strictEqual(follow(2, short, 2, moving).gathering.open, 1)
    assert.isUndefined(follow(2, short, 2, moving).gathering.trial)
  })
})
