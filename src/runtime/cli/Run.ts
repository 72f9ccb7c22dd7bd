import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { Resolved } from "../config/Resolved.ts"
import { FtpServer } from "../server/FtpServer.ts"
import type { ServerError } from "../server/ServerError.ts"
import * as Weft from "../Weft.ts"

const services = new URL("../localServices.js", import.meta.url)

const printable = (address: string): string => (address.includes(":") ? `[${address}]` : address)

const readyLine = (config: FtpConfig, { addresses, layout }: FtpServer["Type"]): string => {
  const at = addresses.map(({ address, port }) => `${printable(address)}:${port}`).join(", ")
  const carriers = layout.shards === 0 ? "main thread" : `${layout.shards} ${layout.shards === 1 ? "shard" : "shards"}`
  const house = `${carriers}, ${layout.threads} threads of ${layout.clientsPerThread} clients`
  return `weft: ready on ${at}, serving ${config.root} (${house})`
}

/** SIGHUP is what certificate tools and service managers send for "read your files again". */
const onHangUp = (reload: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const heard = yield* Queue.sliding<void>(1)
    const hear = () => void heard.unsafeOffer(undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGHUP", hear)),
      () => Effect.sync(() => process.off("SIGHUP", hear))
    )
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(heard, reload)))
  })

/**
 * The server behind `weft serve`: the configured folder for anybody, read only, until the fiber is interrupted or the server fails
 * as a whole. Says one line on standard output when clients can come.
 *
 * @since 0.1.0
 * @category constructors
 */
export const run = ({ config }: Resolved): Effect.Effect<void, ServerError> =>
  Effect.gen(function* () {
    const server = yield* FtpServer
    yield* Console.log(readyLine(config, server))
    yield* onHangUp(server.reload)
    return yield* server.failed
  }).pipe(Effect.scoped, Effect.provide(Weft.layerSharded(config, services).pipe(Layer.provide(Weft.layerEventLog))))
