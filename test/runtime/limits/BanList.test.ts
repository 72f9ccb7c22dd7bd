import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Either, Exit, Logger, Queue, Scope, Stream } from "effect"
import * as FastCheck from "effect/FastCheck"
import { layerOpen } from "../../../src/runtime/accounts/Accounts.ts"
import * as BanFile from "../../../src/runtime/limits/BanFile.ts"
import * as BanList from "../../../src/runtime/limits/BanList.ts"
import * as LedgerOwner from "../../../src/runtime/limits/LedgerOwner.ts"
import * as Weft from "../../../src/runtime/Weft.ts"

const settle = Effect.repeatN(Effect.yieldNow(), 50)
const until = 1_000_000
const text = (...blocks: ReadonlyArray<string>) =>
  BanFile.render(blocks.map((address) => ({ address, until: new Date(until) })))

/** A file that exists only in the test. */
const memory = (contents: { text: string | undefined }) =>
  Effect.map(Queue.unbounded<void>(), (changes) => ({
    held: {
      read: Effect.sync(() => contents.text),
      update: (change) =>
        Effect.map(
          Effect.suspend(() => change(contents.text)),
          (after) => {
            contents.text = after
          }
        ),
      changes: Stream.fromQueue(changes)
    } satisfies BanList.Held,
    edit: (text: string) =>
      Effect.suspend(() => {
        contents.text = text
        return Effect.zipRight(Queue.offer(changes, undefined), settle)
      })
  }))

const start = (contents: { text: string | undefined }) =>
  Effect.gen(function* () {
    const { edit, held } = yield* memory(contents)
    const list = yield* BanList.make(held)
    const heard: Array<string> = []
    list.unsafeHear({ ban: (block) => heard.push(`ban ${block}`), lift: (block) => heard.push(`lift ${block}`) })
    return { edit, heard, list }
  })

describe("BanFile", () => {
  it.prop(
    "reads back what it wrote",
    [FastCheck.array(FastCheck.tuple(FastCheck.ipV4(), FastCheck.date({ noInvalidDate: true })))],
    ([pairs]) => {
      const bans = pairs.map(([address, until]) => ({ address, until }))
      assert.deepStrictEqual(BanFile.parse(BanFile.render(bans)), Either.right(bans))
    }
  )

  it("says where a file is broken, and takes an empty one for an empty list", () => {
    assert.deepStrictEqual(BanFile.parse("\n"), Either.right([]))
    assert.match(
      Either.getOrElse(Either.flip(BanFile.parse('{"bans":[{"address":"1.2.3.4","until":"soon"}]}')), () => ""),
      /^bans\.0\.until: /
    )
    for (const text of ["{", '{"bans":[{"address":""}]}', '{"ban":[]}', "[]"]) {
      assert.isTrue(Either.isLeft(BanFile.parse(text)), text)
    }
  })
})

describe("BanList", () => {
  it.scoped("a ban outlasts the server in its file", () =>
    Effect.gen(function* () {
      const contents: { text: string | undefined } = { text: undefined }
      const scope = yield* Scope.make()
      const { list } = yield* Scope.extend(start(contents), scope)
      list.unsafeBan("1.2.3.4", until)
      yield* settle
      assert.strictEqual(contents.text, text("1.2.3.4"))
      yield* Scope.close(scope, Exit.void)
      const again = yield* start(contents)
      assert.strictEqual(again.list.unsafeUntil("1.2.3.4", 0), until)
      assert.deepStrictEqual(again.heard, ["ban 1.2.3.4"])
    })
  )

  it.scoped("takes up what somebody else lifts and bans, also IPv6 addresses", () =>
    Effect.gen(function* () {
      const { edit, heard, list } = yield* start({ text: text("1.2.3.4", "2.2.2.2") })
      yield* edit(text("2.2.2.2", "2001:db8::77"))
      assert.deepStrictEqual(heard, ["ban 1.2.3.4", "ban 2.2.2.2", "lift 1.2.3.4", "ban 2001:db8::/64"])
      assert.isUndefined(list.unsafeUntil("1.2.3.4", 0))
    })
  )

  it.scoped("a broken file is left alone, and so is the list, until it is mended", () =>
    Effect.gen(function* () {
      const contents = { text: text("1.2.3.4") }
      const lines: Array<string> = []
      const logger = Logger.make(({ cause, logLevel, message }) =>
        lines.push(`${logLevel._tag} ${String(message)} ${JSON.stringify(cause)}`)
      )
      const { edit, list } = yield* start(contents).pipe(Effect.provide(Logger.replace(Logger.defaultLogger, logger)))
      yield* edit("{oh")
      assert.strictEqual(list.unsafeUntil("1.2.3.4", 0), until)
      list.unsafeBan("3.3.3.3", until)
      yield* settle
      assert.strictEqual(contents.text, "{oh")
      assert.isTrue(lines.length > 0 && lines.every((line) => /^Error .*broken/.test(line)), lines.join("\n"))
      yield* edit(text())
      assert.strictEqual(contents.text, text("3.3.3.3"))
      assert.isUndefined(list.unsafeUntil("1.2.3.4", 0))
    })
  )

  it.scoped("a ban that is not written yet is not lifted by an older file", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const contents = { text: text("1.1.1.1") as string | undefined }
      const { held } = yield* memory(contents)
      const slow: BanList.Held = {
        ...held,
        update: (change) => Effect.zipRight(Deferred.await(gate), held.update(change))
      }
      const list = yield* BanList.make(slow)
      list.unsafeBan("2.2.2.2", until)
      yield* settle
      list.unsafeBan("3.3.3.3", until)
      yield* Deferred.succeed(gate, undefined)
      yield* settle
      assert.deepStrictEqual(
        ["1.1.1.1", "2.2.2.2", "3.3.3.3"].map((block) => list.unsafeUntil(block, 0)),
        [until, until, until]
      )
      assert.strictEqual(contents.text, text("1.1.1.1", "2.2.2.2", "3.3.3.3"))
    })
  )

  it.scopedLive("keeps the bans of a server in the file of its configuration, and lifts what is taken out there", () =>
    Effect.gen(function* () {
      const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-bans-"))
      yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(folder, { recursive: true })))
      const bans = Path.join(folder, "bans.json")
      const open = Effect.provide(LedgerOwner.make(Weft.config({ bans })), layerOpen)
      const scope = yield* Scope.make()
      const first = yield* Scope.extend(open, scope)
      const later = Date.now() + 3_600_000
      const written = Effect.sync(() => Fs.existsSync(bans) && Fs.readFileSync(bans, "utf8").includes("1.2.3.4"))
      first.bans.unsafeBan("1.2.3.4", later)
      yield* written.pipe(Effect.tap(Effect.sleep("5 millis")), Effect.repeat({ until: (met) => met }))
      assert.strictEqual(Fs.statSync(bans).mode & 0o777, 0o600)
      yield* Scope.close(scope, Exit.void)

      const second = yield* open
      assert.strictEqual(second.bans.unsafeUntil("1.2.3.4", Date.now()), later)
      const lifted = yield* Deferred.make<string>()
      second.bans.unsafeHear({ ban: () => {}, lift: (block) => Deferred.unsafeDone(lifted, Effect.succeed(block)) })
      Fs.writeFileSync(`${bans}.new`, '{"bans":[]}')
      Fs.renameSync(`${bans}.new`, bans)
      assert.strictEqual(yield* Deferred.await(lifted), "1.2.3.4")
    })
  )
})
