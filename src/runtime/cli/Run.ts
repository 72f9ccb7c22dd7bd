import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Accounts from "../accounts/Accounts.ts"
import * as AccountsFile from "../accounts/AccountsFile.ts"
import * as FileAccounts from "../accounts/FileAccounts.ts"
import { ConfigError } from "../config/ConfigError.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { Resolved } from "../config/Resolved.ts"
import { FtpServer } from "../server/FtpServer.ts"
import type { ServerError } from "../server/ServerError.ts"
import * as Weft from "../Weft.ts"

const services = new URL("../localServices.js", import.meta.url)

const printable = (address: string): string => (address.includes(":") ? `[${address}]` : address)

/**
 * What the system says to a daemon when its files have changed. As long as it is heard, it does not end the process; so it is heard
 * only where there are files to read again.
 */
const hangups = ({ accounts, tlsCert }: FtpConfig): Effect.Effect<Stream.Stream<void>, never, Scope.Scope> =>
  Effect.gen(function* () {
    if (accounts === "" && tlsCert.length === 0) return Stream.empty
    const heard = yield* PubSub.sliding<void>(1)
    const hear = () => void heard.unsafeOffer(undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGHUP", hear)),
      () => Effect.sync(() => process.off("SIGHUP", hear))
    )
    return Stream.fromPubSub(heard)
  })

const homes = ({ accounts: file }: FtpConfig): Effect.Effect<ReadonlyArray<string>, ConfigError> =>
  file === ""
    ? Effect.succeed([])
    : AccountsFile.load(file).pipe(
        Effect.map(({ book }) => [...book.values()].flatMap(({ account }) => account.home ?? [])),
        Effect.mapError(({ message }) => new ConfigError({ reason: "File", message }))
      )

const accounts = (
  { accounts: file, anonymous }: FtpConfig,
  reload: Stream.Stream<void>
): Layer.Layer<Accounts.Accounts, ConfigError> => {
  if (file === "") return anonymous ? Accounts.layerAnonymous : Accounts.layerOpen
  return FileAccounts.layer({ file, anonymous, reload }).pipe(
    Layer.catchAll(({ message }) => Layer.fail(new ConfigError({ reason: "File", message })))
  )
}

const whose = ({ accounts, anonymous }: FtpConfig): string => {
  if (accounts === "") return anonymous ? "for anonymous" : "for anybody"
  return `for the accounts of ${accounts}${anonymous ? " and anonymous" : ""}`
}

const readyLine = (config: FtpConfig, { addresses, layout }: FtpServer["Type"]): string => {
  const at = addresses.map(({ address, port }) => `${printable(address)}:${port}`).join(", ")
  const carriers = layout.shards === 0 ? "main thread" : `${layout.shards} ${layout.shards === 1 ? "shard" : "shards"}`
  const house = `${carriers}, ${layout.threads} threads of ${layout.clientsPerThread} clients`
  return `weft: ready on ${at}, serving ${config.root} (${house}, ${whose(config)})`
}

/**
 * The server behind `weft serve`: the configured folder for the configured accounts, until the fiber is interrupted or the server fails
 * as a whole. Says one line on standard output when clients can come.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = ({ config }: Resolved): Effect.Effect<void, ServerError | ConfigError> =>
  Effect.gen(function* () {
    yield* Weft.sweep(config, yield* homes(config))
    const reload = yield* hangups(config)
    const layer = Weft.layerSharded(config, services).pipe(
      Layer.provide([accounts(config, reload), Weft.layerEventLog])
    )
    const server = Context.get(yield* Layer.build(layer), FtpServer)
    yield* Effect.forkScoped(Stream.runForEach(reload, () => server.reload))
    yield* Console.log(readyLine(config, server))
    return yield* server.failed
  }).pipe(Effect.scoped)
