import { assert, describe, it } from "@effect/vitest"
import { FastCheck } from "effect"
import * as ActiveTarget from "../../src/domain/ActiveTarget.ts"
import { HostPort } from "../../src/domain/HostPort.ts"

const client = "10.0.0.1"

const target = (address: string): HostPort =>
  new HostPort({ protocol: address.includes(":") ? 2 : 1, address, port: 2000 })

describe("ActiveTarget.refuse", () => {
  const strict = { allowForeignActive: false, allowPrivilegedActive: false }

  it.prop("only the client's own address, and no port where services live", [HostPort, HostPort], ([wanted, peer]) => {
    const reason = ActiveTarget.refuse(wanted, peer.address, strict)
    const isOwn = wanted.address === peer.address
    assert.strictEqual(reason, !isOwn ? "Foreign" : wanted.port < 1024 ? "Privileged" : undefined)
    const own = ActiveTarget.refuse(wanted, wanted.address, strict)
    assert.strictEqual(own, wanted.port < 1024 ? "Privileged" : undefined)
  })

  it.prop("each rule can be relaxed alone", [HostPort, HostPort, FastCheck.boolean()], ([wanted, peer, foreign]) => {
    const options = { allowForeignActive: foreign, allowPrivilegedActive: !foreign }
    const reason = ActiveTarget.refuse(wanted, peer.address, options)
    if (foreign) assert.strictEqual(reason, wanted.port < 1024 ? "Privileged" : undefined)
    else assert.strictEqual(reason, wanted.address === peer.address ? undefined : "Foreign")
  })

  it("one address spelled two ways is one address", () => {
    assert.isUndefined(ActiveTarget.refuse(target(client), `::ffff:${client}`, strict))
    assert.isUndefined(ActiveTarget.refuse(target("fe80::1"), "fe80::1%eth0", strict))
  })
})

describe("ActiveTarget.meant", () => {
  it.prop(
    "the unspecified address is the client's own, where the protocol fits",
    [HostPort, HostPort],
    ([wanted, peer]) => {
      const named = target(wanted.protocol === 1 ? "0.0.0.0" : "::")
      const meant = ActiveTarget.meant(named, peer.address)
      assert.deepStrictEqual(meant, target(wanted.protocol === peer.protocol ? peer.address : named.address))
    }
  )

  it.prop("any other address is what it says", [HostPort, HostPort], ([wanted, peer]) => {
    if (wanted.address === "0.0.0.0" || wanted.address === "::") return
    assert.strictEqual(ActiveTarget.meant(wanted, peer.address), wanted)
  })

  it("knows the client however its address is spelled", () => {
    assert.deepStrictEqual(ActiveTarget.meant(target("0.0.0.0"), `::ffff:${client}`), target(client))
    assert.deepStrictEqual(ActiveTarget.meant(target("0:0::0"), "fe80::1%eth0"), target("fe80::1"))
    assert.deepStrictEqual(ActiveTarget.meant(target("::"), "nowhere"), target("::"))
  })
})
