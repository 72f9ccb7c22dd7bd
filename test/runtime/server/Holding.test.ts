import * as Net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Holding from "../../../src/runtime/server/Holding.ts"
import * as FakeConnection from "./FakeConnection.ts"

/** A connection that said something while it was held, and the socket below it. */
const held = (text: string) => {
  const fake = FakeConnection.make()
  const socket = new Net.Socket()
  const holding = Holding.make({ ...fake.connection, unsafeSurrender: () => socket }, () => {})
  fake.reader()?.onData(Buffer.from(text))
  return holding.unsafeRelease()
}

const heard = (connection: ReturnType<typeof held>) =>
  Effect.gen(function* () {
    const heard: Array<string> = []
    const onData = (bytes: Uint8Array) => void heard.push(Buffer.from(bytes).toString())
    connection.read({ onData, onEnd: () => {}, onClose: () => {} })
    yield* Effect.promise(() => Promise.resolve())
    return heard
  })

const surrendered = ({ unsafeSurrender }: ReturnType<typeof held>) => String(unsafeSurrender?.().read() ?? "")

describe("what a held client said too early", () => {
  it.effect("comes first to whoever reads, and not again to who takes the socket behind a reader", () =>
    Effect.gen(function* () {
      const connection = held("AUTH TLS\r\n")
      assert.deepStrictEqual(yield* heard(connection), ["AUTH TLS\r\n"])
      assert.deepStrictEqual(yield* heard(connection), [])
      assert.strictEqual(surrendered(connection), "")
    })
  )

  it("comes first to who takes the socket before anybody has read", () => {
    assert.strictEqual(surrendered(held("a ClientHello")), "a ClientHello")
  })
})
