import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Schema } from "effect"
import * as HostPort from "../../src/domain/HostPort.ts"

const group = FastCheck.oneof(FastCheck.constant(0), FastCheck.integer({ min: 0, max: 0xffff }))
const ipv6 = FastCheck.oneof(
  FastCheck.ipV6(),
  FastCheck.array(group, { minLength: 8, maxLength: 8 }).map((groups) =>
    groups.map((value) => value.toString(16)).join(":")
  ),
  FastCheck.ipV4().map((address) => `::ffff:${address}`),
  FastCheck.ipV4().map((address) => `64:FF9B::${address}`)
)
const address = FastCheck.oneof(FastCheck.ipV4(), ipv6)
const hex = FastCheck.constantFrom("0", "1", "ff", "ABCD", "0001")
const almostIPv6 = FastCheck.tuple(
  FastCheck.array(
    FastCheck.oneof({ weight: 20, arbitrary: hex }, FastCheck.constantFrom("1.2.3.4", "12345", "g", "")),
    {
      minLength: 6,
      maxLength: 9
    }
  ),
  FastCheck.nat({ max: 9 }),
  FastCheck.nat({ max: 4 })
).map(([groups, gap, dropped]) => {
  const left = groups.slice(0, gap).join(":")
  const right = groups.slice(gap + dropped).join(":")
  return `${left}${dropped === 0 && gap === 0 ? "" : "::"}${right}`
})
const almostAddress = FastCheck.oneof(
  address,
  almostIPv6,
  FastCheck.constantFrom(
    "1.2.3.4::",
    "::1.2.3.4",
    "1::1.2.3.4:5",
    "1:2:3:4:5:6:7::",
    "1:2:3:4::5:6:7:8",
    "::",
    ":::",
    "1:"
  ),
  FastCheck.array(FastCheck.constantFrom(":", "::", ".", "0", "1", "256", "01", "%"), { maxLength: 10 }).map((all) =>
    all.join("")
  )
)
const many = { fastCheck: { numRuns: 1000 } }

describe("HostPort", () => {
  it.prop("PORT round trip", [HostPort.HostPort], ([value]) => {
    FastCheck.pre(value.protocol === 1)
    assert.deepStrictEqual(HostPort.parsePort(HostPort.printPort(value)), value)
  })

  it.prop(
    "EPRT round trip, with any delimiter the address does not need",
    [HostPort.HostPort, FastCheck.ascii()],
    ([value, d]) => {
      assert.deepStrictEqual(HostPort.parseEprt(HostPort.printEprt(value)), value)
      const text = HostPort.printEprt(value)
      FastCheck.pre(d > " " && d < "\x7f" && (d === "|" || !text.includes(d)))
      assert.deepStrictEqual(HostPort.parseEprt(text.replaceAll("|", d)), value)
    }
  )

  it.prop(
    "the schema keeps address and protocol together",
    [FastCheck.constantFrom(1, 2), almostAddress],
    ([protocol, text]) => {
      const decoded = Schema.decodeUnknownEither(HostPort.HostPort)({ protocol, address: text, port: 1 })
      assert.strictEqual(Either.isRight(decoded), Net.isIP(text) === (protocol === 1 ? 4 : 6) && !text.includes("%"))
    }
  )

  it.prop("parsers are total and strict", [FastCheck.string(), FastCheck.string()], ([one, other]) => {
    for (const text of [one, `|1|${one}|${other}|`, `1,2,3,4,${one},${other}`]) {
      HostPort.parseEprt(text)
      const value = HostPort.parsePort(text)
      if (value !== undefined) assert.strictEqual(HostPort.printPort(value), text)
    }
  })

  it("PORT takes six plain numbers and a port", () => {
    assert.strictEqual(HostPort.parsePort("10,0,0,1,4,1")?.port, 1025)
    for (const text of [
      "",
      "1,2,3,4,5",
      "1,2,3,4,5,6,7",
      "1,2,3,4,0,0",
      "256,2,3,4,5,6",
      "1, 2,3,4,5,6",
      "1,2,3,4,5,-6"
    ]) {
      assert.isUndefined(HostPort.parsePort(text), text)
    }
    for (const text of [
      "1,2,3,4,5,06",
      "1,2,3,4,5,+6",
      "1,2,3,4,5,",
      "1,2,3,4,5,6 ",
      "0x1,2,3,4,5,6",
      "1,2,3,4,1e2,6"
    ]) {
      assert.isUndefined(HostPort.parsePort(text), text)
    }
  })

  it("EPRT tells an unknown protocol from nonsense", () => {
    assert.strictEqual(HostPort.parseEprt("|3|whatever|99999|"), "UnsupportedProtocol")
    assert.strictEqual(HostPort.parseEprt("|0|x|1|"), "UnsupportedProtocol")
    assert.deepStrictEqual(
      HostPort.parseEprt("|2|::FFFF:10.0.0.1|2121|"),
      new HostPort.HostPort({ protocol: 1, address: "10.0.0.1", port: 2121 })
    )
    for (const text of [
      "",
      "|",
      "|1|1.2.3.4|5",
      "|1|1.2.3.4|5|6|",
      "|1|::1|5|",
      "|2|1.2.3.4|5|",
      "|1|1.2.3.4|0|",
      "|x|y|1|"
    ]) {
      assert.isUndefined(HostPort.parseEprt(text), text)
    }
    for (const text of [
      "|2|fe80::1%eth0|5|",
      "|1|1.2.3.4|65536|",
      "|1|1.2.3.4| 5|",
      " 1 1.2.3.4 5 ",
      "é1é1.2.3.4é5é",
      "||||"
    ]) {
      assert.isUndefined(HostPort.parseEprt(text), text)
    }
  })

  it.prop(
    "addresses are told as Node tells them, zones aside",
    [almostAddress],
    ([text]) => {
      assert.strictEqual(HostPort.isIPv4(text), Net.isIPv4(text))
      assert.strictEqual(HostPort.isIPv6(text), Net.isIPv6(text) && !text.includes("%"))
    },
    many
  )

  it.prop(
    "normalize spells IPv6 as URLs do",
    [ipv6],
    ([text]) => {
      const canonical = new URL(`ftp://[${text}]/`).hostname.slice(1, -1)
      const normal = HostPort.normalize(text)
      if (canonical.startsWith("::ffff:") && Net.isIPv4(normal)) {
        assert.strictEqual(new URL(`ftp://[::ffff:${normal}]/`).hostname.slice(1, -1), canonical)
      } else {
        assert.strictEqual(normal, canonical)
      }
    },
    many
  )

  it.prop("normalize is idempotent, and leaves alone what is no address", [almostAddress], ([text]) => {
    const normal = HostPort.normalize(text)
    assert.strictEqual(HostPort.normalize(normal), normal)
    if (!Net.isIP(text) && !text.includes("%")) assert.strictEqual(normal, text)
  })

  it("normalize forgets the zone and unwraps IPv4", () => {
    assert.strictEqual(HostPort.normalize("fe80::1%eth0"), "fe80::1")
    assert.strictEqual(HostPort.normalize("::FFFF:7f00:1"), "127.0.0.1")
    assert.strictEqual(HostPort.normalize("0:0:1:0:0:0:0:0"), "0:0:1::")
    assert.strictEqual(HostPort.normalize("1:0:2:0:3:0:4:0"), "1:0:2:0:3:0:4:0")
  })

  it.prop(
    "networks match as Node's BlockList does",
    [address, FastCheck.nat({ max: 128 }), address],
    ([network, size, other]) => {
      const width = Net.isIPv4(network) ? 32 : 128
      FastCheck.pre(size <= width)
      const candidates = [other, network]
      for (const candidate of candidates.filter((text) => Net.isIP(HostPort.normalize(text)) === Net.isIP(network))) {
        const list = new Net.BlockList()
        list.addSubnet(network, size, width === 32 ? "ipv4" : "ipv6")
        assert.strictEqual(
          HostPort.matches(`${network}/${size}`, candidate),
          list.check(HostPort.normalize(candidate), width === 32 ? "ipv4" : "ipv6")
        )
      }
    },
    many
  )

  it.prop(
    "an address alone is its own network, and mapped IPv4 is IPv4",
    [address, FastCheck.ipV4()],
    ([text, four]) => {
      assert.isTrue(HostPort.isCidr(text))
      assert.isTrue(HostPort.matches(text, text))
      assert.isTrue(HostPort.matches(four, `::ffff:${four}`))
      assert.isTrue(HostPort.matches(`::ffff:${four}`, four))
      assert.isTrue(HostPort.matches(`::ffff:${four}/96`, "1.2.3.4"))
      assert.isTrue(HostPort.matches("0.0.0.0/0", four))
      assert.isFalse(HostPort.matches("::/0", four))
      assert.isFalse(HostPort.matches("0.0.0.0/0", "::1"))
    }
  )

  it("knows what is no network", () => {
    for (const text of [
      "",
      "/",
      "1.2.3.4/33",
      "::/129",
      "1.2.3.4/",
      "1.2.3.4/08",
      "1.2.3.4/8/8",
      "1.2.3/8",
      "fe80::1%eth0/64"
    ]) {
      assert.isFalse(HostPort.isCidr(text), text)
      assert.isFalse(HostPort.matches(text, "1.2.3.4"), text)
    }
    assert.isTrue(HostPort.matches("10.0.0.0/8", "10.255.0.1"))
    assert.isTrue(HostPort.matches("fd00::/8", "fdab::1"))
    assert.isFalse(HostPort.matches("10.0.0.0/8", "11.0.0.1"))
    assert.isFalse(HostPort.matches("10.0.0.0/8", "localhost"))
  })
})
