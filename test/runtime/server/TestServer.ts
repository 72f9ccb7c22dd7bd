import * as Fs from "node:fs"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import * as Accounts from "../../../src/runtime/accounts/Accounts.ts"
import type { FtpConfig } from "../../../src/runtime/config/FtpConfig.ts"
import * as Settings from "../../../src/runtime/config/Settings.ts"
import type { Ledger } from "../../../src/runtime/limits/Ledger.ts"
import * as EpollTcp from "../../../src/runtime/platform/EpollTcp.ts"
import * as FtpServer from "../../../src/runtime/server/FtpServer.ts"
import type { Serve } from "../../../src/runtime/server/Serve.ts"
import type { ServerError } from "../../../src/runtime/server/ServerError.ts"
import type { Options } from "../../../src/runtime/server/ThreadedServer.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import * as RawClient from "./RawClient.ts"

type Given = Partial<FtpConfig>

export const config = (given: Given = {}): FtpConfig =>
  Settings.complete(
    {
      host: "127.0.0.1",
      port: 0,
      threads: 2,
      clientsPerThread: 2,
      shards: 2,
      queue: 0,
      drainTimeout: Duration.millis(200),
      maxClientsPerAddress: 0,
      ...given
    },
    2
  )

const fixture = (name: string) => new URL(`./fixtures/${name}.mjs`, import.meta.url)

export const options: Options = {
  services: fixture("none"),
  serving: fixture("echo"),
  entries: new URL("../../../dist/runtime/server/", import.meta.url)
}

export const broken = fixture("broken")

export interface Running {
  readonly server: Context.Tag.Service<typeof FtpServer.FtpServer>
  /** Connects and reads the greeting or refusal. */
  readonly enter: (from?: string) => Effect.Effect<{ readonly client: RawClient.RawClient; readonly greeting: string }>
  readonly lines: Array<string>
}

const start = (
  layer: Layer.Layer<FtpServer.FtpServer, ServerError>
): Effect.Effect<Running, ServerError, Scope.Scope> =>
  Effect.gen(function* () {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      lines.push(Array.isArray(message) ? message.join(" ") : String(message))
    })
    const context = yield* Layer.build(Layer.provide(layer, Logger.replace(Logger.defaultLogger, logger)))
    const server = Context.get(context, FtpServer.FtpServer)
    const [address] = server.addresses
    if (address === undefined) return yield* Effect.dieMessage("no address")
    const enter = (from?: string) =>
      Effect.gen(function* () {
        const client = yield* RawClient.open(address, from)
        return { client, greeting: (yield* client.line) ?? "closed" }
      })
    return { server, enter, lines }
  })

/** A server of worker threads, run from the built code. */
export const sharded = (
  overrides: Given = {},
  more: Partial<Options> = {},
  accounts: Layer.Layer<Accounts.Accounts> = Accounts.layerOpen
) => start(Layer.provide(FtpServer.layerSharded(config(overrides), { ...options, ...more }), accounts))

/** The same on one thread. */
export const onMain = (overrides: Given = {}, accounts: Layer.Layer<Accounts.Accounts> = Accounts.layerOpen) =>
  Effect.promise(
    (): Promise<{ readonly layer: () => Layer.Layer<Serve, never, Ledger> }> => import(fixture("echo").href)
  ).pipe(
    Effect.flatMap(({ layer }) =>
      start(Layer.provide(FtpServer.layerServing(config(overrides), layer()), [EpollTcp.layer, accounts]))
    )
  )

const descriptors = Effect.sync(
  () =>
    Fs.readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return /socket|eventfd|eventpoll/.test(Fs.readlinkSync(`/proc/self/fd/${fd}`))
      } catch {
        return false
      }
    }).length
)

/** How many sockets, bells and event loops this process has open, once that number stands still. */
export const settledDescriptors: Effect.Effect<number> = Effect.gen(function* () {
  let last = yield* descriptors
  for (let same = 0; same < 10; same++) {
    yield* Effect.sleep("10 millis")
    const now = yield* descriptors
    if (now !== last) same = 0
    last = now
  }
  return last
})

/** Waits until no more of them are open than there were; one that stays open runs into the test's own time limit. */
export const descriptorsBackTo = (before: number): Effect.Effect<void> =>
  Effect.flatMap(descriptors, (now) =>
    now <= before ? Effect.void : Effect.zipRight(Descriptors.turn, descriptorsBackTo(before))
  )
