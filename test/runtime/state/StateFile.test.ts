import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Queue, Stream } from "effect"
import * as StateFile from "../../../src/runtime/state/StateFile.ts"
import * as StateLock from "../../../src/runtime/state/StateLock.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-state-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

const reason = <A>(effect: Effect.Effect<A, StateFile.StateFileError>) =>
  Effect.map(Effect.flip(effect), ({ reason }) => reason)

describe("StateFile", () => {
  it.scopedLive("puts a text in whole, for its owner alone, and leaves nothing beside it", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const file = Path.join(cwd, "state")
      yield* StateFile.replace(file, "one")
      Fs.chmodSync(file, 0o644)
      assert.deepStrictEqual(yield* StateFile.load(file), { text: "one", mode: 0o644 })
      const before = Fs.statSync(file).ino
      yield* StateFile.replace(file, "two")
      assert.deepStrictEqual(yield* StateFile.load(file), { text: "two", mode: 0o600 })
      assert.notStrictEqual(Fs.statSync(file).ino, before)
      assert.deepStrictEqual(Fs.readdirSync(cwd), ["state"])
    })
  )

  it.scopedLive("follows a link, and refuses one to nothing", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      Fs.mkdirSync(Path.join(cwd, "real"))
      Fs.symlinkSync("real/state", Path.join(cwd, "link"))
      assert.strictEqual(yield* reason(StateFile.replace(Path.join(cwd, "link"), "x")), "Dangling")
      Fs.writeFileSync(Path.join(cwd, "real/state"), "one")
      yield* StateFile.replace(Path.join(cwd, "link"), "two")
      assert.strictEqual(Fs.readFileSync(Path.join(cwd, "real/state"), "utf8"), "two")
      assert.isTrue(Fs.lstatSync(Path.join(cwd, "link")).isSymbolicLink())
    })
  )

  it.scopedLive("says why a file cannot be read", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      Fs.writeFileSync(Path.join(cwd, "latin"), Uint8Array.of(0xe9))
      assert.strictEqual(yield* reason(StateFile.read(Path.join(cwd, "none"))), "NotFound")
      assert.strictEqual(yield* reason(StateFile.read(cwd)), "NotAFile")
      assert.strictEqual(yield* reason(StateFile.read(Path.join(cwd, "latin"))), "NotText")
      assert.strictEqual(yield* reason(StateFile.replace(Path.join(cwd, "none/x"), "")), "NotFound")
      assert.strictEqual(yield* reason(StateFile.replace(cwd, "")), "NotAFile")
    })
  )

  it.scopedLive("tells of every way a file can change", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const inside = Path.join(cwd, "inside")
      const file = Path.join(inside, "state")
      Fs.mkdirSync(inside)
      const changes = yield* Queue.sliding<string>(16)
      const look = Effect.sync(() => (Fs.existsSync(file) ? Fs.readFileSync(file, "utf8") : "missing"))
      yield* StateFile.watch(file).pipe(
        Stream.runForEach(() => Effect.flatMap(look, (text) => changes.offer(text))),
        Effect.forkScoped
      )
      const seen = (text: string) => Effect.repeat(Queue.take(changes), { until: (found) => found === text })
      yield* seen("missing")
      Fs.writeFileSync(file, "made")
      yield* seen("made")
      yield* StateFile.replace(file, "replaced")
      yield* seen("replaced")
      Fs.appendFileSync(file, "+")
      yield* seen("replaced+")
      Fs.rmSync(file)
      yield* seen("missing")
      Fs.renameSync(inside, Path.join(cwd, "away"))
      Fs.mkdirSync(inside)
      Fs.writeFileSync(file, "anew")
      yield* seen("anew")
      yield* StateFile.replace(file, "again")
      yield* seen("again")
    })
  )

  it.scopedLive("tells of a link that is turned, as a mounted volume does", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      for (const version of ["v1", "v2"]) {
        Fs.mkdirSync(Path.join(cwd, version))
        Fs.writeFileSync(Path.join(cwd, version, "state"), version)
      }
      Fs.symlinkSync("v1", Path.join(cwd, "data"))
      Fs.symlinkSync("data/state", Path.join(cwd, "state"))
      const file = Path.join(cwd, "state")
      const changes = yield* Queue.sliding<string>(16)
      yield* StateFile.watch(file).pipe(
        Stream.runForEach(() => changes.offer(Fs.readFileSync(file, "utf8"))),
        Effect.forkScoped
      )
      const seen = (text: string) => Effect.repeat(Queue.take(changes), { until: (found) => found === text })
      yield* seen("v1")
      Fs.symlinkSync("v2", Path.join(cwd, "data.new"))
      Fs.renameSync(Path.join(cwd, "data.new"), Path.join(cwd, "data"))
      yield* seen("v2")
    })
  )
})

describe("StateLock.update", () => {
  it.scopedLive("loses nothing of what many change at once", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const file = Path.join(cwd, "state")
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, number) => number),
        (number) => StateLock.update(file, (text = "") => Effect.succeed(`${text}${number}\n`)),
        { concurrency: "unbounded" }
      )
      const lines = (yield* StateFile.read(file)).trimEnd().split("\n").map(Number)
      assert.sameMembers(
        lines,
        Array.from({ length: 20 }, (_, number) => number)
      )
      assert.deepStrictEqual(Fs.readdirSync(cwd), ["state"])
    })
  )

  it.scopedLive("takes over from the dead, writes nothing where the change fails, and is free again then", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const file = Path.join(cwd, "state")
      Fs.writeFileSync(Path.join(cwd, ".state.lock"), `2147483647 ${Os.hostname()} x`)
      yield* StateLock.update(file, (text) => Effect.succeed(`was ${text}`))
      assert.strictEqual(yield* StateFile.read(file), "was undefined")
      assert.strictEqual(yield* Effect.flip(StateLock.update(file, () => Effect.fail("no"))), "no")
      assert.strictEqual(yield* StateFile.read(file), "was undefined")
      assert.deepStrictEqual(Fs.readdirSync(cwd), ["state"])
    })
  )

  it.scopedLive("gives back its own lock and no other's", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const lock = Path.join(cwd, ".state.lock")
      const another = `1 elsewhere x`
      yield* StateLock.withLock(
        Path.join(cwd, "state"),
        Effect.sync(() => Fs.writeFileSync(lock, another))
      )
      assert.strictEqual(Fs.readFileSync(lock, "utf8"), another)
    })
  )

  it.scopedLive("puts back a lock that somebody took while a dead one was being cleared", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const lock = Path.join(cwd, ".state.lock")
      Fs.writeFileSync(lock, "theirs")
      yield* Effect.promise(() => StateLock.takeAway(lock, "dead"))
      assert.strictEqual(Fs.readFileSync(lock, "utf8"), "theirs")
      assert.deepStrictEqual(Fs.readdirSync(cwd), [".state.lock"])
      yield* Effect.promise(() => StateLock.takeAway(lock, "theirs"))
      assert.deepStrictEqual(Fs.readdirSync(cwd), [])
    })
  )

  it.scopedLive("takes no living holder for dead because the clock was set", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const file = Path.join(cwd, "state")
      const lock = Path.join(cwd, ".state.lock")
      const held = yield* Deferred.make<void>()
      const free = yield* Deferred.make<void>()
      const holder = yield* Effect.fork(
        StateLock.withLock(file, Effect.zipRight(Deferred.succeed(held, undefined), Deferred.await(free)))
      )
      yield* Deferred.await(held)
      Fs.utimesSync(lock, 0, 0)
      const token = Fs.readFileSync(lock, "utf8")
      const waiter = yield* Effect.fork(StateLock.withLock(file, Effect.succeed("mine")))
      yield* Effect.sleep("300 millis")
      assert.strictEqual(Fs.readFileSync(lock, "utf8"), token)
      yield* Deferred.succeed(free, undefined)
      yield* Fiber.join(holder)
      assert.strictEqual(yield* Fiber.join(waiter), "mine")
    })
  )

  it.scopedLive("removes what a crash left half done, and nothing else", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const others = [".other.0123456789ab.tmp", ".state.bak.0123456789ab.tmp", ".state.tmp"]
      for (const name of [".state.0123456789ab.tmp", ...others]) Fs.writeFileSync(Path.join(cwd, name), "hash")
      yield* StateLock.update(Path.join(cwd, "state"), () => Effect.succeed("new"))
      assert.sameMembers(Fs.readdirSync(cwd), ["state", ...others])
    })
  )
})
