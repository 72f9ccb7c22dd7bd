import { Effect } from "effect"
import * as Text from "../../src/domain/Text.ts"
import type { Tcp } from "../../src/runtime/platform/Tcp.ts"
import * as Connecting from "./Connecting.ts"
import * as Inbox from "./Inbox.ts"

/** A reply as a client reads it (RFC 959 section 4.2). */
export interface Said {
  readonly code: number
  readonly lines: ReadonlyArray<string>
}

/** A client that speaks FTP by hand, over whatever network it is given. Once the server has closed, replies have code 0. */
export interface FtpClient {
  readonly inbox: Inbox.Inbox
  readonly send: (text: string) => void
  readonly reply: Effect.Effect<Said>
  readonly ask: (line: string) => Effect.Effect<Said>
  /** Logs in as anybody. */
  readonly login: Effect.Effect<void>
  /** Sends EPSV and connects to the port it names. */
  readonly passive: Effect.Effect<Inbox.Inbox>
  readonly leave: () => void
}

export const connect = (network: Tcp["Type"], host: string, port: number): Effect.Effect<FtpClient> =>
  Effect.gen(function* () {
    const inbox = Inbox.make(yield* Connecting.connect(network, { host, port }))
    const send = (text: string): void => {
      inbox.connection.unsafeWrite(text)
    }
    const reply = Effect.gen(function* () {
      const first = yield* inbox.takeLine
      const lines = [first.slice(4)]
      if (first[3] === "-") {
        for (;;) {
          const line = yield* inbox.takeLine
          const isLast = line.startsWith(`${first.slice(0, 3)} `) || (line === "" && inbox.calls.end > 0)
          lines.push(isLast ? line.slice(4) : line)
          if (isLast) break
        }
      }
      return { code: Number(first.slice(0, 3)), lines }
    })
    const ask = (line: string) =>
      Effect.zipRight(
        Effect.sync(() => send(`${line}\r\n`)),
        reply
      )
    return {
      inbox,
      send,
      reply,
      ask,
      login: Effect.zipRight(reply, Effect.zipRight(ask("USER joe"), Effect.asVoid(ask("PASS secret")))),
      passive: Effect.gen(function* () {
        const { lines } = yield* ask("EPSV")
        const port = Number(/\|\|\|(\d+)\|/.exec(lines[0] ?? "")?.[1])
        return Inbox.make(yield* Connecting.connect(network, { host, port }))
      }).pipe(Effect.orDie),
      leave: () => inbox.connection.unsafeDestroy()
    }
  }).pipe(Effect.orDie)

export const text = (bytes: Uint8Array): string => Text.decode(bytes)
