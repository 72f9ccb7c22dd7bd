import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as OwnDescriptors from "../../../src/runtime/platform/OwnDescriptors.ts"
import * as Descriptors from "../../support/Descriptors.ts"

/** So many that each place of a word of the register is among them. */
const open = (count: number) => Array.from({ length: count }, () => Fs.openSync("/dev/null", "r"))

describe.skipIf(ffi === undefined)("OwnDescriptors", () => {
  const shared = new SharedArrayBuffer(OwnDescriptors.sharedBytes)
  OwnDescriptors.unsafeShare(shared)

  it("closes what a thread has left, and neither what it gave away nor what it closed", () => {
    const left = open(40)
    const [given, closed] = open(2) as [number, number]
    for (const descriptor of [...left, given, closed]) assert.isTrue(OwnDescriptors.unsafeOwn(descriptor))
    OwnDescriptors.unsafeDisown(given)
    OwnDescriptors.unsafeClose(closed)
    assert.isFalse(Descriptors.unsafeIsOpen(closed))
    const another = Fs.openSync("/dev/null", "r")
    assert.strictEqual(another, closed)
    OwnDescriptors.unsafeCloseAll(shared)
    assert.deepStrictEqual(left.filter(Descriptors.unsafeIsOpen), [])
    assert.isTrue(Descriptors.unsafeIsOpen(given) && Descriptors.unsafeIsOpen(another))
    const [next] = open(1) as [number]
    OwnDescriptors.unsafeCloseAll(shared)
    assert.isTrue(Descriptors.unsafeIsOpen(next), "what was closed once is nobody's any more")
    for (const descriptor of [given, another, next]) Fs.closeSync(descriptor)
  })

  it("takes no number that it cannot write down", () => {
    assert.isTrue(OwnDescriptors.unsafeOwn(131_071))
    OwnDescriptors.unsafeDisown(131_071)
    assert.isFalse(OwnDescriptors.unsafeOwn(131_072))
    OwnDescriptors.unsafeDisown(131_072)
    assert.isTrue(new Int32Array(shared).every((word) => word === 0))
  })
})
