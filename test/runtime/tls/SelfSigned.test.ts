import { X509Certificate } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as Der from "../../../src/runtime/tls/Der.ts"
import * as SelfSigned from "../../../src/runtime/tls/SelfSigned.ts"

describe("SelfSigned", () => {
  it("makes a certificate that OpenSSL reads, for its own key and all its names", () => {
    const now = Date.parse("2026-05-06T07:08:09Z")
    const made = SelfSigned.make({ hosts: ["localhost", "127.0.0.1", "::1", "fe80::1:2", "box.example"], now })
    const read = new X509Certificate(made.certificate)
    assert.isTrue(read.verify(read.publicKey))
    assert.isTrue(read.checkIssued(read))
    assert.strictEqual(read.subject, "CN=localhost")
    assert.strictEqual(
      read.subjectAltName,
      "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:FE80:0:0:0:0:0:1:2, DNS:box.example"
    )
    assert.strictEqual(Date.parse(read.validFrom), now - 3_600_000)
    assert.strictEqual(Date.parse(read.validTo), now + 365 * 86_400_000)
    assert.strictEqual(read.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1")
    assert.deepStrictEqual(read.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"])
  })
})

describe("Der", () => {
  it.prop("lengths are written in the shortest form", [FastCheck.nat(40_000)], ([count]) => {
    const written = Der.octets(Buffer.alloc(count))
    const first = written[1] ?? 0
    const head = first < 0x80 ? 2 : 2 + (first & 0x7f)
    assert.strictEqual(written.length, head + count)
    assert.strictEqual(head, count < 0x80 ? 2 : count < 0x100 ? 3 : 4)
  })

  it.prop(
    "integers have no byte too many and are never negative",
    [FastCheck.uint8Array({ maxLength: 20 })],
    ([bytes]) => {
      const digits = Der.integer(bytes).subarray(2)
      const hex = (all: Uint8Array) => BigInt(`0x0${Buffer.from(all).toString("hex")}`)
      assert.strictEqual(hex(digits), hex(bytes))
      assert.isBelow(digits[0] ?? 0, 0x80)
      assert.isTrue(digits.length === 1 || digits[0] !== 0 || (digits[1] ?? 0) >= 0x80)
    }
  )
})
