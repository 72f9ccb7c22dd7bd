import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import * as OwnDescriptors from "../../../src/runtime/platform/OwnDescriptors.ts"
import * as Pacing from "../../../src/runtime/platform/Pacing.ts"
import * as SocketOptions from "../../../src/runtime/platform/SocketOptions.ts"
import { type Connection, Tcp } from "../../../src/runtime/platform/Tcp.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"

const setting = (name: string): string => {
  try {
    return Fs.readFileSync(`/proc/sys/net/ipv4/${name}`, "latin1").trim()
  } catch {
    return ""
  }
}

const systemWide = setting("tcp_congestion_control")
const unpaced = systemWide.startsWith("bbr") ? "reno" : systemWide
const hasBbr = setting("tcp_allowed_congestion_control").split(" ").includes("bbr")

/** An address of this host's that is not loopback's, so that a connection to it looks like one from elsewhere. */
const outer = Object.values(Os.networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address

const socket = Effect.acquireRelease(
  Effect.sync(() => {
    const descriptor = SocketOptions.unsafeSocket(4) ?? -1
    OwnDescriptors.unsafeOwn(descriptor)
    return descriptor
  }),
  (descriptor) => Effect.sync(() => OwnDescriptors.unsafeClose(descriptor))
)

/** What a connection that was accepted at `address` goes by. */
const accepted = (address: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const tcp = yield* Tcp
      const arrived: Array<Connection> = []
      yield* Effect.addFinalizer(() => Effect.sync(() => arrived.forEach((one) => void one.unsafeDestroy())))
      const { local } = yield* tcp.listen({ host: "0.0.0.0", port: 0, backlog: 8 }, (one) => void arrived.push(one))
      const client = Net.connect(local.port, address).on("error", () => {})
      yield* Effect.addFinalizer(() => Effect.sync(() => client.destroy()))
      yield* Descriptors.until(() => arrived.length > 0)
      return Pacing.congestionControl(arrived[0]?.descriptor ?? -1)
    })
  ).pipe(Effect.provide(EpollTcp.layer))

describe("Pacing", () => {
  it("knows what is here", () => {
    assert.deepStrictEqual(["127.0.0.1", "127.9.9.9", "::1", "192.0.2.1", "::", "2001:db8::1"].map(Pacing.isHere), [
      true,
      true,
      true,
      false,
      false,
      false
    ])
  })

  it("says nothing of what is no socket", () => {
    assert.isUndefined(Pacing.congestionControl(-1))
    assert.isUndefined(Pacing.unsafeEase(-1))
  })

  it.scoped.skipIf(!hasBbr)("takes BBR off a socket, and puts it on again", () =>
    Effect.gen(function* () {
      const one = yield* socket
      Pacing.unsafeRestore(one, "bbr")
      assert.strictEqual(Pacing.unsafeEase(one), "bbr")
      assert.strictEqual(Pacing.congestionControl(one), "reno")
      assert.isUndefined(Pacing.unsafeEase(one))
      Pacing.unsafeRestore(one, "bbr")
      assert.strictEqual(Pacing.congestionControl(one), "bbr")
    })
  )

  it.scoped.skipIf(systemWide === "")("leaves what does not pace as it is", () =>
    Effect.gen(function* () {
      const one = yield* socket
      Pacing.unsafeRestore(one, "reno")
      assert.isUndefined(Pacing.unsafeEase(one))
      assert.strictEqual(Pacing.congestionControl(one), "reno")
    })
  )

  it.effect.skipIf(systemWide === "")("lets a client on this host have its bytes without pauses", () =>
    Effect.map(accepted("127.0.0.1"), (found) => {
      assert.strictEqual(found, unpaced)
    })
  )

  it.effect.skipIf(systemWide === "")("sends without pauses where it connects to this host itself", () =>
    Effect.gen(function* () {
      const tcp = yield* Tcp
      const server = Net.createServer().listen(0, "127.0.0.1")
      yield* Effect.addFinalizer(() => Effect.sync(() => server.close()))
      yield* Descriptors.until(() => server.listening)
      const { port } = server.address() as Net.AddressInfo
      const one = yield* Connecting.connect(tcp, { host: "127.0.0.1", port })
      const found = Pacing.congestionControl(one.descriptor ?? -1)
      one.unsafeDestroy()
      assert.strictEqual(found, unpaced)
    }).pipe(Effect.scoped, Effect.provide(EpollTcp.layer))
  )

  it.effect.skipIf(systemWide === "" || outer === undefined)("leaves a client from elsewhere to the system", () =>
    Effect.map(accepted(outer ?? ""), (found) => {
      assert.strictEqual(found, systemWide)
    })
  )
})
