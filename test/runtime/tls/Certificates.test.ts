import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Either, Logger, Metric, MetricState, TestClock } from "effect"
import * as Certificates from "../../../src/runtime/tls/Certificates.ts"
import * as Keeper from "../../../src/runtime/tls/Keeper.ts"
import type { Material } from "../../../src/runtime/tls/Material.ts"
import * as SelfSigned from "../../../src/runtime/tls/SelfSigned.ts"

const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-tls-"))
afterAll(() => Fs.rmSync(folder, { recursive: true, force: true }))

const now = Date.parse("2026-06-01T00:00:00Z")
const day = 86_400_000

const put = (name: string, text: string, mode = 0o600): string => {
  const file = Path.join(folder, name)
  Fs.writeFileSync(file, text)
  Fs.chmodSync(file, mode)
  return file
}

const one = SelfSigned.make({ hosts: ["one.example", "www.one.example"], now })
const two = SelfSigned.make({ hosts: ["two.example"], now })
const cert = put("one.pem", one.certificate)
const key = put("one.key", one.key)

const settings: Certificates.Settings = {
  tlsCert: [],
  tlsKey: [],
  tlsSelfSigned: false,
  tlsClientCa: "",
  tlsClientCert: "off",
  tlsMinVersion: "1.2",
  tlsCiphers: ""
}

const load = (given: Partial<Certificates.Settings>, at = now) =>
  Effect.runSync(Effect.either(Certificates.load({ ...settings, ...given }, at)))

describe("Certificates.load", () => {
  it("takes certificates and keys, several too, and both from one file", () => {
    const both = put("both.pem", two.key + two.certificate)
    const loaded = Either.getOrThrow(load({ tlsCert: [cert, both], tlsKey: [key, both] }))
    assert.deepStrictEqual(
      loaded?.identities.map(({ names }) => names),
      [["one.example", "www.one.example"], ["two.example"]]
    )
    assert.deepStrictEqual(loaded?.shown[0], {
      file: cert,
      subject: "CN=one.example",
      names: ["one.example", "www.one.example"],
      keyType: "ec prime256v1",
      expires: now + 365 * day
    })
    assert.deepStrictEqual(loaded?.warnings, [])
    assert.deepStrictEqual(Either.getOrThrow(load({ tlsCert: [both] }))?.warnings, [])
    assert.isUndefined(Either.getOrThrow(load({})))
    assert.strictEqual(Either.getOrThrow(load({ tlsSelfSigned: true }))?.shown[0]?.names[0], "localhost")
  })

  it("warns of keys for everybody and of certificates that end soon", () => {
    const open = put("open.key", one.key, 0o644)
    const warnings = Either.getOrThrow(load({ tlsCert: [cert], tlsKey: [open] }, now + 350 * day))?.warnings ?? []
    assert.strictEqual(warnings.length, 2)
    assert.match(warnings[0] ?? "", /open\.key may be read by everybody/)
    assert.match(warnings[1] ?? "", /one\.pem expires on 2027-06-01/)
  })

  const damaged = one.certificate.replace("MII", "AAA")
  const wrongs: ReadonlyArray<
    readonly [why: string, given: Partial<Certificates.Settings>, problem: RegExp, at?: number]
  > = [
    ["is missing", { tlsCert: ["/nowhere"] }, /^tlsCert \/nowhere: no such file$/],
    ["is a folder", { tlsCert: [folder] }, /^tlsCert .*: a folder, expected a file$/],
    ["is no certificate", { tlsCert: [key] }, /^tlsCert .*: no certificate in it/],
    [
      "is a damaged one",
      { tlsCert: [put("bad.pem", damaged)], tlsKey: [key] },
      /^tlsCert .*: certificate 1 in it cannot be read/
    ],
    ["is no key", { tlsCert: [cert], tlsKey: [cert] }, /^tlsKey .*: no private key in it/],
    ["is a damaged key", { tlsCert: [cert], tlsKey: [put("bad.key", one.key.replace("MI", "AA"))] }, /^tlsKey .*/],
    [
      "is another's key",
      { tlsCert: [cert], tlsKey: [put("two.key", two.key)] },
      /the key does not belong to the certificate in .*one\.pem$/
    ],
    ["has expired", { tlsCert: [cert], tlsKey: [key] }, /expired on 2027-06-01$/, now + 400 * day],
    ["is not valid yet", { tlsCert: [cert], tlsKey: [key] }, /is not valid before/, now - day],
    [
      "are no ciphers",
      { tlsCert: [cert], tlsKey: [key], tlsCiphers: "NONSENSE" },
      /^tlsCiphers: OpenSSL does not take it/
    ],
    ["is no CA", { tlsCert: [cert], tlsKey: [key], tlsClientCa: key }, /^tlsClientCa .*: no certificate in it/]
  ]
  for (const [why, given, problem, at] of wrongs)
    it(`tells in one line what ${why}`, () => {
      const found = load(given, at)
      assert.isTrue(Either.isLeft(found))
      if (Either.isLeft(found)) {
        assert.match(found.left.message, problem)
        assert.notInclude(found.left.message, "\n")
      }
    })
})

describe("Keeper", () => {
  it.scoped(
    "takes files up again when they change, keeps what it has while they are wrong, and keeps the ticket keys",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(now)
        const kept = put("kept.pem", one.certificate)
        const keptKey = put("kept.key", one.key)
        const taken: Array<Material> = []
        const keeper = yield* Keeper.make({ ...settings, tlsCert: [kept], tlsKey: [keptKey] }, (next) =>
          taken.push(next)
        )
        const first = keeper.unsafeMaterial()
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(taken.length, 0)
        put("kept.pem", `${two.certificate}\n`)
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(taken.length, 0)
        assert.strictEqual(keeper.unsafeMaterial(), first)
        put("kept.key", `${two.key}\n`)
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(taken[0]?.identities[0].names, ["two.example"])
        assert.strictEqual(taken[0]?.ticketKeys, first?.ticketKeys)
        yield* keeper.reload
        assert.strictEqual(taken.length, 2)
      }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  it.scoped("makes new ticket keys every day", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const taken: Array<Material> = []
      const keeper = yield* Keeper.make({ ...settings, tlsSelfSigned: true }, (next) => taken.push(next))
      const first = keeper.unsafeMaterial()
      yield* TestClock.adjust("23 hours")
      assert.strictEqual(taken.length, 0)
      yield* TestClock.adjust("2 days")
      assert.strictEqual(taken.length, 2)
      const keys = [first, ...taken].map((one) => Buffer.from(one?.ticketKeys ?? []).toString("hex"))
      assert.strictEqual(new Set(keys).size, 3)
      assert.deepStrictEqual(taken[1]?.identities, first?.identities)
      assert.strictEqual(keeper.unsafeMaterial(), taken[1])
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )

  /** What the gauge says of each certificate. */
  const expiries = Effect.map(
    Metric.snapshot,
    (pairs) =>
      new Map(
        pairs
          .filter(({ metricKey }) => metricKey.name === "ftp_tls_certificate_expiry_seconds")
          .map(({ metricKey, metricState }) => [
            metricKey.tags.find(({ key }) => key === "certificate")?.value,
            MetricState.isGaugeState(metricState) ? metricState.value : undefined
          ])
      )
  )

  it.scoped("says when certificates expire, and what has taken their place", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(now)
      const next = SelfSigned.make({ hosts: ["one.example"], now: now - 3 * day })
      const [gauged, other] = [
        put("gauged.pem", one.key + one.certificate),
        put("other.pem", two.key + two.certificate)
      ]
      const keeper = yield* Keeper.make({ ...settings, tlsCert: [gauged, other] }, () => {})
      const first = yield* expiries
      assert.strictEqual(first.get(gauged), (now + 365 * day) / 1000)
      assert.strictEqual(first.get(other), (now + 365 * day) / 1000)
      put("gauged.pem", "nonsense")
      yield* keeper.reload
      assert.deepStrictEqual(yield* expiries, first)
      put("gauged.pem", next.key + next.certificate)
      yield* keeper.reload
      assert.strictEqual((yield* expiries).get(gauged), (now + 362 * day) / 1000)
      yield* Keeper.make({ ...settings, tlsSelfSigned: true }, () => {})
      assert.strictEqual((yield* expiries).get("self-signed"), (now + 365 * day) / 1000)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )
})
