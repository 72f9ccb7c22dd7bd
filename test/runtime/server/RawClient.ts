import * as Net from "node:net"
import * as Effect from "effect/Effect"
import type { Endpoint } from "../../../src/runtime/platform/Tcp.ts"

/** A client that knows lines and nothing else. `line` gives `undefined` when the server has closed. */
export interface RawClient {
  readonly line: Effect.Effect<string | undefined>
  readonly ask: (text: string) => Effect.Effect<string | undefined>
  readonly say: (text: string) => void
  /** Waits until the server has closed. */
  readonly closed: Effect.Effect<void>
  readonly destroy: () => void
}

export const open = (endpoint: Endpoint, localAddress = "127.0.0.1"): Effect.Effect<RawClient> =>
  Effect.async<RawClient>((resume) => {
    const host = endpoint.address === "::" || endpoint.address === "0.0.0.0" ? "127.0.0.1" : endpoint.address
    const socket = Net.connect({ host, port: endpoint.port, ...(host === "::1" ? {} : { localAddress }) })
    const lines: Array<string> = []
    const waiting: Array<(line: string | undefined) => void> = []
    let rest = ""
    let over = false
    socket.on("error", () => {})
    socket.on("data", (bytes) => {
      const parts = (rest + bytes.toString()).split("\r\n")
      rest = parts.pop() ?? ""
      for (const part of parts) {
        const next = waiting.shift()
        if (next === undefined) lines.push(part)
        else next(part)
      }
    })
    socket.on("close", () => {
      over = true
      for (const next of waiting.splice(0)) next(undefined)
    })
    const line = Effect.async<string | undefined>((resume) => {
      if (lines.length > 0) return resume(Effect.succeed(lines.shift()))
      if (over) return resume(Effect.succeed(undefined))
      waiting.push((line) => resume(Effect.succeed(line)))
    })
    const say = (text: string) => {
      socket.write(`${text}\r\n`)
    }
    const client: RawClient = {
      line,
      say,
      ask: (text) =>
        Effect.zipRight(
          Effect.sync(() => say(text)),
          line
        ),
      closed: Effect.async<void>((resume) => {
        if (over) resume(Effect.void)
        else socket.once("close", () => resume(Effect.void))
      }),
      destroy: () => socket.destroy()
    }
    socket.once("connect", () => resume(Effect.succeed(client)))
    socket.once("close", () => resume(Effect.succeed(client)))
  })
