import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as Reset from "../../../src/runtime/platform/Reset.ts"

/** The descriptor of a connection that nobody reads, and the client at its other end. */
const connected = Effect.acquireRelease(
  Effect.async<{ readonly client: Net.Socket; readonly server: Net.Socket; readonly descriptor: number }>((resume) => {
    const listener = Net.createServer({ pauseOnConnect: true, allowHalfOpen: true })
    listener.listen(0, "127.0.0.1", () => {
      const client = Net.connect((listener.address() as Net.AddressInfo).port, "127.0.0.1")
      client.on("error", () => {})
      listener.once("connection", (server) => {
        listener.close()
        server.on("error", () => {})
        const { fd } = (server as unknown as { readonly _handle: { readonly fd: number } })._handle
        resume(Effect.succeed({ client, server, descriptor: fd }))
      })
    })
  }),
  ({ client, server }) =>
    Effect.sync(() => {
      client.destroy()
      server.destroy()
    })
)

const written = (client: Net.Socket, bytes: string) =>
  Effect.async<void>((resume) => void client.write(bytes, () => resume(Effect.void)))

const finished = (client: Net.Socket) => Effect.async<void>((resume) => void client.end(() => resume(Effect.void)))

const read = (descriptor: number) => Fs.readSync(descriptor, new Uint8Array(100))

/** A write whose failure nobody hears. */
const failWriting = (descriptor: number) => assert.throws(() => Fs.writeSync(descriptor, "ticket"))

describe.skipIf(process.platform === "win32")("Reset", () => {
  it.scoped("is none behind a FIN, and none at a descriptor the system does not have", () =>
    Effect.gen(function* () {
      const { client, descriptor } = yield* connected
      yield* written(client, "abc")
      yield* finished(client)
      assert.strictEqual(read(descriptor), 3)
      assert.deepStrictEqual([Reset.isTold(descriptor), Reset.isHidden(descriptor, 3)], [false, false])
      assert.deepStrictEqual([Reset.isTold(-1), Reset.isHidden(-1, 0)], [false, false])
    })
  )

  it.scoped("is told once", () =>
    Effect.gen(function* () {
      const { client, descriptor } = yield* connected
      yield* written(client, "abc")
      client.resetAndDestroy()
      assert.strictEqual(read(descriptor), 3)
      assert.deepStrictEqual([Reset.isTold(descriptor), Reset.isTold(descriptor)], [true, false])
    })
  )

  it.scoped("is found when a write was told", () =>
    Effect.gen(function* () {
      const { client, descriptor } = yield* connected
      yield* written(client, "abc")
      client.resetAndDestroy()
      failWriting(descriptor)
      assert.strictEqual(read(descriptor), 3)
      assert.deepStrictEqual([Reset.isTold(descriptor), Reset.isHidden(descriptor, 3)], [false, true])
    })
  )

  it.scoped("behind a FIN is none, as far as somebody counts", () =>
    Effect.gen(function* () {
      const { client, descriptor } = yield* connected
      yield* written(client, "abc")
      yield* finished(client)
      client.resetAndDestroy()
      failWriting(descriptor)
      assert.strictEqual(read(descriptor), 3)
      assert.deepStrictEqual([Reset.isHidden(descriptor, 3), Reset.isHidden(descriptor, 2)], [ffi === undefined, true])
    })
  )

  it.scoped("is what goes on, fails otherwise, or is gone", () =>
    Effect.gen(function* () {
      const { client, descriptor } = yield* connected
      assert.isTrue(Reset.isTold(descriptor))
      yield* written(client, "abc")
      assert.isTrue(Reset.isTold(descriptor))
      assert.deepStrictEqual([Reset.isTold(undefined), Reset.isHidden(undefined, 0)], [true, true])
      const folder = Fs.openSync(Os.tmpdir(), "r")
      assert.isTrue(Reset.isTold(folder))
      Fs.closeSync(folder)
    })
  )
})
