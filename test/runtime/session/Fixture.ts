import { Context, Duration, Effect, Layer, Stream } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import type * as VirtualPath from "../../../src/domain/VirtualPath.ts"
import type { FtpConfig } from "../../../src/runtime/config/FtpConfig.ts"
import { Events } from "../../../src/runtime/observe/Events.ts"
import type { Topic } from "../../../src/runtime/observe/Interest.ts"
import * as MemoryTcp from "../../../src/runtime/platform/MemoryTcp.ts"
import * as FtpServer from "../../../src/runtime/server/FtpServer.ts"
import * as Sessions from "../../../src/runtime/session/Sessions.ts"
import * as Timers from "../../../src/runtime/session/Timers.ts"
import * as MemoryStorage from "../../../src/runtime/storage/MemoryStorage.ts"
import { Storage, StorageError } from "../../../src/runtime/storage/Storage.ts"
import { PassivePorts } from "../../../src/runtime/transfer/PassivePorts.ts"
import * as Weft from "../../../src/runtime/Weft.ts"
import * as FtpClient from "../../support/FtpClient.ts"
import * as FakeLedger from "./FakeLedger.ts"

/** Content that says where in the file each byte is from. */
export const big = Uint8Array.from({ length: 700_000 }, (_, index) => (index * 31 + (index >> 8)) & 0xff)

export const files = { "a.txt": "one\ntwo\r\nthree", "big.bin": big, "dir/b c.txt": "b", "dir/d.txt": "dd" }

/** Chunks that were asked for of `/endless`, a file without end. */
export class Pulled extends Context.Tag("test/Pulled")<Pulled, { count: number }>() {}

/** Puts files where they are, whoever may. */
export class Put extends Context.Tag("test/Put")<Put, MemoryStorage.MemoryStorage["put"]>() {}

/** Homes that are open, by name. */
export class Homes extends Context.Tag("test/Homes")<Homes, Map<string, number>>() {}

/** The files as they are, whoever may see them. */
export class Disk extends Context.Tag("test/Disk")<Disk, Storage["Type"]>() {}

/** What was told to the log and the world. */
export class Told extends Context.Tag("test/Told")<Told, Array<ServerEvent>>() {}

const endless: Entry = {
  name: "endless",
  kind: "file",
  size: 2 ** 40,
  modified: 0,
  mode: 0o644,
  links: 1,
  owner: "o",
  group: "g",
  unique: "1"
}

const storage = Layer.effectContext(
  Effect.gen(function* () {
    const pulled = { count: 0 }
    const { put, storage } = yield* MemoryStorage.make(files)
    const chunk = new Uint8Array(65_536)
    const bytes = () =>
      Stream.repeatEffect(
        Effect.sync(() => {
          pulled.count++
          return chunk
        })
      )
    const hollow = () => Stream.repeatEffect(Effect.as(Effect.sleep("1 second"), new Uint8Array(0)))
    const homes = new Map<string, number>()
    const count = (home: string, change: number) =>
      Effect.sync(() => void homes.set(home, (homes.get(home) ?? 0) + change))
    return Context.make(Pulled, pulled).pipe(
      Context.add(Homes, homes),
      Context.add(Disk, storage),
      Context.add(Put, put),
      Context.add(Storage, {
        ...storage,
        open: (path) => {
          if (path === "/throws") throw new Error("storage throws")
          if (path === "/hollow") return Effect.succeed({ entry: endless, bytes: hollow })
          if (path === "/endless") return Effect.succeed({ entry: endless, bytes })
          if (path === "/broken") return Effect.die(new Error("storage is broken"))
          // Somebody stores another file while this one is read.
          if (path === "/swapped") return Effect.tap(storage.open(path), () => put(path, "newer"))
          // Somebody shortens this one after it was opened.
          if (path === "/shrunk") {
            return Effect.map(storage.open(path), (file) => ({ ...file, entry: { ...file.entry, size: 100_000 } }))
          }
          return storage.open(path)
        },
        stat: (path) => {
          if (path === "/throws") throw new Error("storage throws")
          return path === "/slow" ? Effect.never : storage.stat(path)
        },
        remove: (path, only) => {
          if (path === "/stays") return Effect.fail(new StorageError({ reason: "Io", path }))
          return path === "/slow" ? Effect.never : storage.remove(path, only)
        },
        store: (path, options) =>
          Effect.map(storage.store(path, options), (upload) => {
            if (path === "/stuck") return { ...upload, unsafeWrite: () => 0, write: () => Effect.never }
            // A disk that does not say whether the name will last.
            if (path !== "/unsure") return upload
            return { ...upload, commit: Effect.map(upload.commit, (stored) => ({ ...stored, unconfirmed: true })) }
          }),
        home: (home) =>
          Effect.zipRight(
            Effect.acquireRelease(count(home, 1), () => count(home, -1)),
            storage.home(home)
          )
      })
    )
  })
)

const events = (unsafeWants: (topic: Topic) => boolean) =>
  Layer.effectContext(
    Effect.sync(() => {
      const told: Array<ServerEvent> = []
      const unsafeTell = (event: ServerEvent) => void told.push(event)
      return Context.make(Told, told).pipe(Context.add(Events, { unsafeTell, unsafeWants }))
    })
  )

/** A whole server on a network, a storage and a clock that exist only in the test. */
export const layer = (
  given: Partial<FtpConfig> = {},
  network: MemoryTcp.Options = {},
  accounts: (name: string) => Account.Account = (name) => Account.make(name, Rights.readWrite),
  unsafeWants: (topic: Topic) => boolean = () => true
) => {
  const config = Weft.config({
    host: "::",
    port: 21,
    passivePorts: { from: 5000, to: 5009 },
    drainTimeout: Duration.zero,
    stallTimeout: Duration.minutes(1),
    ...given
  })
  const session = Sessions.layer(config).pipe(
    Layer.provideMerge(PassivePorts.Default({ host: config.host, ports: config.passivePorts })),
    Layer.provideMerge(Timers.layerWith({ resolution: "2 seconds" }))
  )
  return FtpServer.layer(config).pipe(
    Layer.provideMerge(session),
    Layer.provideMerge(Layer.mergeAll(MemoryTcp.layerWith(network), storage, FakeLedger.layer(accounts))),
    Layer.provideMerge(events(unsafeWants))
  )
}

export const server = "192.0.2.1"

/** A client on a machine of its own. */
export const client = (address = "198.51.100.7") =>
  Effect.gen(function* () {
    const network = yield* MemoryTcp.Network
    return yield* FtpClient.connect(network.host(address), server, 21)
  })

export const loggedIn = (address?: string) => Effect.tap(client(address), ({ login }) => login)

/** The network as another machine sees it. */
export const machine = (address: string) => Effect.map(MemoryTcp.Network, (network) => network.host(address))

export const path = (text: string) => text as VirtualPath.VirtualPath
