/**
 * One process, one set of files in memory, two doors: what is PUT over HTTP can be fetched over FTP at once and the other way round,
 * and what FTP clients did can be asked for over HTTP. Anybody may fetch over FTP; the account `editor` may also upload.
 *
 *   npm run example
 *   curl -T notes.txt http://localhost:8080/files/notes.txt
 *   curl ftp://localhost:2121/notes.txt
 *   curl -T more.txt ftp://editor:weave@localhost:2121/
 *   curl http://localhost:8080/files/more.txt
 *   curl http://localhost:8080/events
 *
 * FTP_PORT and HTTP_PORT choose other ports. Ctrl-C ends both servers, after the transfers that run.
 */
import { createServer } from "node:http"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Config from "effect/Config"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import { Account, Accounts, FtpServer, MemoryStorage, Rights, Storage, VirtualPath, Weft } from "../src/index.ts"

/** Anybody may PUT here, so only this machine gets in. */
const host = "localhost"

/** The files, with the handle that changes them. */
class Files extends Context.Tag("example/Files")<Files, MemoryStorage.MemoryStorage>() {}

const files = Layer.effect(Files, MemoryStorage.make({ "welcome.txt": "PUT more files over HTTP.\n" }))

const storage = Layer.effect(
  Storage.Storage,
  Effect.map(Files, ({ storage }) => storage)
)

/** A host asks whatever it keeps its people in; here that is one line. */
const accounts = Layer.succeed(Accounts.Accounts, {
  authenticate: ({ name, password }) => {
    if (name !== "editor") return Effect.succeed(Account.make(name, Rights.readOnly))
    return Redacted.value(password) === "weave"
      ? Effect.succeed(Account.make(name, Rights.readWrite))
      : Effect.fail(new Accounts.AccountsError({ reason: "Refused" }))
  }
})

const ftp = Layer.unwrapEffect(
  Effect.map(Config.integer("FTP_PORT").pipe(Config.withDefault(2121)), (port) =>
    Weft.layer(Weft.config({ host, port, passivePorts: { from: 0, to: 0 } }))
  )
).pipe(Layer.provide([storage, accounts]))

/** How many events of each kind FTP sessions have told. */
class Counts extends Context.Tag("example/Counts")<Counts, Map<string, number>>() {}

const counts = Layer.scoped(
  Counts,
  Effect.gen(function* () {
    const { events } = yield* FtpServer
    const seen = new Map<string, number>()
    yield* Stream.runForEach(events, ({ _tag }) => Effect.sync(() => seen.set(_tag, (seen.get(_tag) ?? 0) + 1))).pipe(
      Effect.forkScoped
    )
    return seen
  })
)

const put = Effect.gen(function* () {
  const { "*": name = "" } = yield* HttpRouter.params
  const path = yield* VirtualPath.resolve(VirtualPath.root, name)
  const request = yield* HttpServerRequest.HttpServerRequest
  const chunks = yield* Stream.runCollect(request.stream)
  yield* Effect.flatMap(Files, (files) => files.put(path, Buffer.concat([...chunks])))
  return HttpServerResponse.empty({ status: 201 })
}).pipe(Effect.catchTag("PathError", ({ reason }) => HttpServerResponse.text(`${reason}\n`, { status: 400 })))

const get = Effect.gen(function* () {
  const { "*": name = "" } = yield* HttpRouter.params
  const path = yield* VirtualPath.resolve(VirtualPath.root, name)
  const { storage } = yield* Files
  const chunks = yield* Effect.scoped(
    Effect.flatMap(storage.open(path), ({ bytes }) =>
      Stream.runCollect(Stream.map(bytes(0), (chunk) => Buffer.from(chunk)))
    )
  )
  return HttpServerResponse.uint8Array(Buffer.concat([...chunks]))
}).pipe(Effect.catchAll(({ reason }) => HttpServerResponse.text(`${reason}\n`, { status: 404 })))

const http = HttpRouter.empty.pipe(
  HttpRouter.get("/files/*", get),
  HttpRouter.put("/files/*", put),
  HttpRouter.post("/files/*", put),
  HttpRouter.get(
    "/events",
    Effect.flatMap(Counts, (seen) => HttpServerResponse.json(Object.fromEntries(seen)))
  ),
  HttpServer.serve(),
  Layer.provideMerge(
    NodeHttpServer.layerConfig(createServer, {
      host: Config.succeed(host),
      port: Config.integer("HTTP_PORT").pipe(Config.withDefault(8080))
    })
  )
)

/** Runs both until it is interrupted or the FTP server fails as a whole. */
const main = Effect.gen(function* () {
  const server = yield* FtpServer
  const door = yield* HttpServer.HttpServer
  const web = door.address._tag === "TcpAddress" ? door.address.port : door.address.path
  yield* Console.log(`example: FTP on port ${server.addresses[0]?.port}, HTTP on port ${web}`)
  return yield* server.failed
})

main.pipe(
  Effect.provide(http.pipe(Layer.provideMerge(counts), Layer.provideMerge(ftp), Layer.provide(files))),
  NodeRuntime.runMain
)
