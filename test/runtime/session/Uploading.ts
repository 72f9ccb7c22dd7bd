import { Effect, Stream } from "effect"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import type { FtpClient } from "../../support/FtpClient.ts"
import type { Inbox } from "../../support/Inbox.ts"
import { Disk, path, Told } from "./Fixture.ts"

/** What a file holds now; `undefined` where there is none. */
export const content = (name: string) =>
  Effect.flatMap(Disk, (disk) =>
    Effect.scoped(
      Effect.flatMap(disk.open(path(name)), (file) =>
        Stream.runFold(
          Stream.map(file.bytes(0), (bytes) => bytes.slice()),
          Buffer.alloc(0),
          (all, bytes) => Buffer.concat([all, bytes])
        )
      )
    ).pipe(Effect.catchAll(() => Effect.succeed(undefined)))
  )

/** Begins an upload: its data connection and the first reply. */
export const begin = (client: FtpClient, command: string) =>
  Effect.gen(function* () {
    const data = yield* client.passive
    const opening = yield* client.ask(command)
    return { data, opening }
  })

/** Sends bytes as they are cut, and the FIN. A server that has enough of it is no failure here. */
export const send = (data: Inbox, pieces: Iterable<Uint8Array>) =>
  Effect.ignore(
    Effect.zipRight(
      Effect.forEach(pieces, (piece) => data.connection.write(piece.slice()), { discard: true }),
      data.connection.end
    )
  )

/** A whole upload; answers the code of its last reply. */
export const upload = (client: FtpClient, command: string, bytes: Uint8Array | string) =>
  Effect.gen(function* () {
    const { data, opening } = yield* begin(client, command)
    if (opening.code !== 150) return opening.code
    yield* send(data, [typeof bytes === "string" ? Buffer.from(bytes) : bytes])
    return (yield* client.reply).code
  })

export const heard = Effect.map(Told, (told) => (tag: ServerEvent["_tag"]) => told.filter(({ _tag }) => _tag === tag))

/** How often an upload was told of as whole, and as cut. */
export const fates = Effect.map(heard, (of) => ({
  completed: of("UploadCompleted").length,
  interrupted: of("UploadInterrupted").length
}))
