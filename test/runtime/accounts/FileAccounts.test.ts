import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Queue, Redacted, Stream } from "effect"
import * as Accounts from "../../../src/runtime/accounts/Accounts.ts"
import * as Door from "../../../src/runtime/accounts/Door.ts"
import * as FileAccounts from "../../../src/runtime/accounts/FileAccounts.ts"
import type { Hasher } from "../../../src/runtime/accounts/Hasher.ts"
import * as Password from "../../../src/runtime/accounts/Password.ts"

const entry = new URL("../../../dist/runtime/accounts/hasherThread.js", import.meta.url)
const cheap = { ln: 4, r: 1, p: 1 }

const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-accounts-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
)

const line = (name: string, password: string, more = "") =>
  Effect.map(
    Password.hash(Redacted.make(password), cheap),
    (hash) => `  - { name: ${name}, password: "${Password.print(hash)}"${more} }\n`
  )

const replace = (file: string, text: string) => {
  Fs.writeFileSync(`${file}.new`, text, { mode: 0o600 })
  Fs.renameSync(`${file}.new`, file)
}

const login = (accounts: Accounts.Accounts["Type"], name: string, password: string) =>
  accounts
    .authenticate({ name, password: Redacted.make(password), peer: "192.0.2.1" })
    .pipe(Effect.match({ onFailure: ({ reason }) => reason as string, onSuccess: (account) => account.name }))

/** Log lines as they come. */
const listen = (unsafeHear: (line: string) => void = () => {}) =>
  Effect.gen(function* () {
    const lines = yield* Queue.sliding<string>(64)
    const logger = Logger.make(({ annotations, message }) => {
      const line = `${String(message)} ${[...annotations].map(([, value]) => String(value)).join(" ")}`
      unsafeHear(line)
      lines.unsafeOffer(line)
    })
    const heard = (part: string) => Effect.repeat(Queue.take(lines), { until: (text) => text.includes(part) })
    return { heard, layer: Logger.replace(Logger.defaultLogger, logger) }
  })

const listening = listen()

const build = (options: FileAccounts.Options, logs: Layer.Layer<never>) =>
  Effect.map(
    Layer.build(Layer.provide(FileAccounts.layer({ hasher: { entry }, ...options }), logs)),
    (context) => context.unsafeMap.get(Accounts.Accounts.key) as Accounts.Accounts["Type"]
  )

describe("Accounts without a file", () => {
  it.effect("open welcomes everybody, anonymous nobody else", () =>
    Effect.gen(function* () {
      const open = yield* Effect.provide(Accounts.Accounts, Accounts.layerOpen)
      assert.strictEqual(yield* login(open, "ann", "x"), "ann")
      const anonymous = yield* Effect.provide(Accounts.Accounts, Accounts.layerAnonymous)
      assert.strictEqual(yield* login(anonymous, "Anonymous", ""), "anonymous")
      assert.strictEqual(yield* login(anonymous, "ftp", "me@example.org"), "ftp")
      assert.strictEqual(yield* login(anonymous, "ann", "x"), "Refused")
    })
  )
})

describe("FileAccounts", () => {
  it.scopedLive("certificates open the accounts that say so, and only while they are there and not disabled", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      const lines = [
        yield* line("ann", "x", ", certificate: true, tls: data"),
        yield* line("bob", "x"),
        yield* line("eve", "x", ", certificate: true, disabled: true")
      ]
      replace(file, `accounts:\n${lines.join("")}`)
      const { layer } = yield* listening
      const accounts = yield* build({ file, anonymous: true }, layer)
      const known = (name: string) =>
        Effect.match(accounts.recognise?.({ name, peer: "192.0.2.1" }) ?? Effect.dieMessage("no certificates"), {
          onFailure: ({ reason }) => reason as string,
          onSuccess: ({ tls }) => tls ?? "in"
        })
      assert.deepStrictEqual(yield* Effect.forEach(["ann", "bob", "eve", "nobody", "anonymous", "Ann"], known), [
        "data",
        ...Array.from({ length: 5 }, () => "Refused")
      ])
      assert.isUndefined((yield* Effect.provide(Accounts.Accounts, Accounts.layerOpen)).recognise)
    })
  )

  it.scopedLive("welcomes who knows the password, and refuses all others alike", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      const lines = [yield* line("ann", "right"), yield* line("bob", "right", ", disabled: true")]
      Fs.writeFileSync(file, `accounts:\n${lines.join("")}`)
      const { heard, layer } = yield* listening
      const accounts = yield* build({ file, anonymous: true }, layer)
      yield* heard("others may read the accounts file")
      assert.strictEqual(yield* login(accounts, "ann", "right"), "ann")
      assert.strictEqual(yield* login(accounts, "ann", "wrong"), "Refused")
      assert.strictEqual(yield* login(accounts, "bob", "right"), "Refused")
      assert.strictEqual(yield* login(accounts, "eve", "right"), "Refused")
      assert.strictEqual(yield* login(accounts, "anonymous", ""), "anonymous")
    })
  )

  it.scopedLive("an unknown name, a wrong password and a disabled account are the same work", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      const lines = [yield* line("ann", "right"), yield* line("bob", "right", ", disabled: true")]
      Fs.writeFileSync(file, `accounts:\n${lines.join("")}`, { mode: 0o600 })
      const jobs: Array<Password.Parameters> = []
      const hasher: Hasher = {
        verify: (_, given, password) =>
          Effect.sync(() => {
            const { ln, p, r } = password
            jobs.push({ ln, p, r })
            return Password.unsafeVerify(Password.bytes(given), password)
          })
      }
      const accounts = yield* FileAccounts.make({ file }, hasher)
      for (const [name, password] of [
        ["ann", "wrong"],
        ["eve", "wrong"],
        ["bob", "right"],
        ["anonymous", ""]
      ] as const) {
        assert.strictEqual(yield* login(accounts, name, password), "Refused")
      }
      assert.deepStrictEqual(jobs, [cheap, cheap, cheap, cheap])
    })
  )

  it.scopedLive("takes a replaced file up, keeps the accounts when it is broken, and says so", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      replace(file, `accounts:\n${yield* line("ann", "right")}`)
      const { heard, layer } = yield* listening
      const accounts = yield* build({ file }, layer)
      assert.strictEqual(yield* login(accounts, "bob", "right"), "Refused")
      replace(file, `accounts:\n${yield* line("bob", "right")}`)
      yield* heard("accounts read anew")
      assert.strictEqual(yield* login(accounts, "bob", "right"), "bob")
      assert.strictEqual(yield* login(accounts, "ann", "right"), "Refused")
      replace(file, "accounts:\n  - name: ann\n    passwrod: x\n")
      yield* heard(`${file}:3: account ann: unknown field passwrod`)
      assert.strictEqual(yield* login(accounts, "bob", "right"), "bob")
      Fs.rmSync(file)
      yield* heard("no such file")
      assert.strictEqual(yield* login(accounts, "bob", "right"), "bob")
      replace(file, `accounts:\n${yield* line("ann", "new")}`)
      yield* heard("accounts read anew")
      assert.strictEqual(yield* login(accounts, "ann", "new"), "ann")
    })
  )

  it.scopedLive(
    "the door is open to guests as long as none has an account, and stands right before a reload is told of",
    () =>
      Effect.gen(function* () {
        const file = Path.join(yield* folder, "a.yaml")
        const ann = yield* line("ann", "right")
        replace(file, `accounts:\n${ann}`)
        let isOpen = () => true
        const told: Array<boolean> = []
        const { heard, layer } = yield* listen((text) => {
          if (text.includes("accounts read anew")) told.push(isOpen())
        })
        const accounts = yield* build({ file, anonymous: true }, layer)
        assert.strictEqual(accounts.passwordless, "anonymous")
        if (accounts.door === undefined) return assert.fail("no door")
        isOpen = Door.of(accounts.door).unsafeIsOpen
        assert.isTrue(isOpen())
        const guests = [
          yield* line("anonymous", "own"),
          yield* line("FTP", "own"),
          yield* line("ftp", "own", ", disabled: true"),
          yield* line("anonymouse", "own")
        ]
        for (const guest of guests) {
          replace(file, `accounts:\n${ann}${guest}`)
          yield* heard("accounts read anew")
          replace(file, `accounts:\n${ann}${guest}  - name: broken\n`)
          yield* heard("password is missing")
          told.push(isOpen())
          replace(file, `accounts:\n${ann}`)
          yield* heard("accounts read anew")
        }
        const shut = [false, false, true]
        assert.deepStrictEqual(told, [...shut, ...shut, ...shut, true, true, true])
      })
  )

  it.scopedLive("nobody may be let in elsewhere where guests are not welcome, or have an account to begin with", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      replace(file, `accounts:\n${yield* line("Anonymous", "own")}`)
      const { layer } = yield* listening
      const { door, passwordless } = yield* build({ file }, layer)
      assert.deepStrictEqual([door, passwordless], [undefined, undefined])
      const own = yield* build({ file, anonymous: true }, layer)
      assert.isFalse(own.door && Door.of(own.door).unsafeIsOpen())
    })
  )

  it.scoped("reads again when it is told to", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      replace(file, "accounts: []\n")
      const { heard, layer } = yield* listening
      const hangups = yield* Queue.bounded<void>(1)
      yield* build({ file, reload: Stream.fromQueue(hangups) }, layer)
      // Under the test's clock the watch stays silent.
      Fs.writeFileSync(file, "accounts: [5]\n")
      yield* hangups.offer(undefined)
      yield* heard(`${file}:1: account 1: expected an account`)
    })
  )

  it.scoped("refuses to start with a broken file, or none", () =>
    Effect.gen(function* () {
      const file = Path.join(yield* folder, "a.yaml")
      const refusal = Effect.map(Effect.flip(Layer.build(FileAccounts.layer({ file }))), ({ message }) => message)
      assert.strictEqual(yield* refusal, `${file}: no such file`)
      replace(file, "accounts:\n  - name: ann\n    home: x\n")
      assert.match(yield* refusal, /a\.yaml:2: account ann: password is missing$/)
    })
  )
})
