import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as AddressBlock from "../../../src/domain/limits/AddressBlock.ts"

const colons = (groups: ReadonlyArray<number>) => groups.map((group) => group.toString(16)).join(":")

describe("AddressBlock", () => {
  it.prop("an IPv4 address is itself, also mapped into IPv6", [FastCheck.ipV4()], ([address]) => {
    assert.strictEqual(AddressBlock.of(address), address)
    assert.strictEqual(AddressBlock.of(`::ffff:${address}`), address)
  })

  it.prop(
    "IPv6 addresses share a block exactly if their first 64 bits are the same, and a block is its own",
    [FastCheck.array(FastCheck.nat(0xffff), { minLength: 12, maxLength: 12 }), FastCheck.boolean()],
    ([groups, same]) => {
      const network = groups.slice(0, 4)
      const other = same ? network : [...network.slice(0, 3), (network[3] ?? 0) ^ 1]
      const one = AddressBlock.of(colons([...network, ...groups.slice(4, 8)]))
      const two = AddressBlock.of(colons([...other, ...groups.slice(8, 12)]).toUpperCase())
      assert.strictEqual(one === two, same)
      assert.strictEqual(AddressBlock.of(one), one)
      assert.match(one, /::\/64$/)
    }
  )

  it.prop("every spelling of an IPv6 address is in one block", [FastCheck.ipV6()], ([address]) => {
    const block = AddressBlock.of(address)
    assert.match(block, /::\/64$|^\d+\.\d+\.\d+\.\d+$/)
    assert.strictEqual(AddressBlock.of(new URL(`http://[${address}]/`).hostname.slice(1, -1)), block)
  })

  it("leaves what is no address alone", () => {
    for (const text of ["a", "", "1:2", "::1::", "2001:db8::/32", "x:y::"]) {
      assert.strictEqual(AddressBlock.of(text), text)
    }
    assert.strictEqual(AddressBlock.of("2001:db8:0:7::1%eth0"), "2001:db8:0:7::/64")
    assert.strictEqual(AddressBlock.of("::1"), "::/64")
  })
})
