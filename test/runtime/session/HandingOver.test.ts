import * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import { Events } from "../../../src/runtime/observe/Events.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import { Tcp } from "../../../src/runtime/platform/Tcp.ts"
import * as Draining from "../../../src/runtime/server/Draining.ts"
import { Serve } from "../../../src/runtime/server/Serve.ts"
import * as serving from "../../../src/runtime/session/serving.ts"
import * as LocalStorage from "../../../src/runtime/storage/LocalStorage.ts"
import { Storage } from "../../../src/runtime/storage/Storage.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as Connecting from "../../support/Connecting.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as FakeConnection from "../server/FakeConnection.ts"
import { descriptors, temporary } from "../storage/fixtures.ts"
import * as FakeLedger from "./FakeLedger.ts"

const host = "127.0.0.1"

/** Sessions over a folder in memory, where no upload stores any bytes by itself: `meddle` is called as some come. */
const sessions = (folder: string, meddle: () => void, told: Array<ServerEvent>) => {
  const config = Weft.config({ host, passivePorts: { from: 0, to: 0 } })
  const storage = Layer.effect(
    Storage,
    Effect.map(Storage, (storage) => ({
      ...storage,
      unsafeStore: (...given) => {
        const upload = storage.unsafeStore?.(...given)
        const unsafeWrite = () => {
          meddle()
          return 0
        }
        return upload && Object.assign(upload, { unsafeWrite, unsafeReceive: () => undefined })
      }
    }))
  ).pipe(Layer.provide(LocalStorage.layer({ root: folder })))
  return serving
    .layer(config)
    .pipe(
      Layer.provide(Layer.orDie(storage)),
      Layer.provide(FakeLedger.layer((name) => Account.make(name, Rights.readWrite))),
      Layer.provide(Layer.succeed(Events, { unsafeTell: (event) => void told.push(event) })),
      Layer.provideMerge(EpollTcp.layer)
    )
}

/** When the session is interrupted, seen from the moment its upload goes over to a fiber: so many microtasks later. */
const moments: ReadonlyArray<readonly [string, (interrupt: () => void) => void]> = [
  ["just before", (interrupt) => interrupt()],
  ...[1, 2, 3, 5, 10].map((count): readonly [string, (interrupt: () => void) => void] => [
    `${count} microtasks after`,
    (interrupt) => {
      const wait = (left: number): void => (left === 0 ? interrupt() : queueMicrotask(() => wait(left - 1)))
      wait(count)
    }
  ])
]

describe.skipIf(ffi === undefined)("an upload that goes over to a fiber", () => {
  for (const [name, when] of moments) {
    it.live(`leaves nothing where its session is interrupted ${name}`, ({ skip }) =>
      Effect.gen(function* () {
        const folder = yield* temporary
        if (!folder.startsWith("/dev/shm")) return skip()
        const told: Array<ServerEvent> = []
        let meddle = () => {}
        yield* Effect.gen(function* () {
          const serve = yield* Serve
          const before = descriptors()
          const fake = FakeConnection.make({ address: host })
          const { draining } = Draining.make()
          const fiber = yield* Effect.fork(serve({ id: 1, connection: fake.connection, draining }))
          meddle = () => when(() => fiber.unsafeInterruptAsFork(fiber.id()))
          yield* Descriptors.until(() => fake.said.join("").includes("220 "))
          const say = (line: string) => fake.reader()?.onData(new TextEncoder().encode(`${line}\r\n`))
          for (const line of ["USER joe", "PASS secret", "TYPE I", "EPSV"]) say(line)
          const port = () => Number(/\|\|\|(\d+)\|/.exec(fake.said.join(""))?.[1])
          yield* Descriptors.until(() => port() > 0)
          const data = yield* Connecting.connect(yield* Tcp, { host, port: port() })
          say("STOR file")
          yield* Descriptors.until(() => fake.said.join("").includes("150 "))
          assert.strictEqual(Fs.readdirSync(folder).length, 1, "it has begun")
          yield* Effect.ignore(data.write(new Uint8Array(1000)))
          yield* Fiber.await(fiber)
          data.unsafeDestroy()
          assert.deepStrictEqual(Fs.readdirSync(folder), [])
          assert.strictEqual(descriptors(), before)
          assert.strictEqual(told.filter(({ _tag }) => _tag === "UploadInterrupted").length, 1)
        }).pipe(Effect.provide(sessions(folder, () => meddle(), told)))
      }).pipe(Effect.scoped)
    )
  }
})
