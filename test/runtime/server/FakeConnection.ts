import * as Effect from "effect/Effect"
import type { Connection, Reader } from "../../../src/runtime/platform/Tcp.ts"

/** A connection with no network behind it: what was said is kept, and the test plays the peer. */
export interface FakeConnection {
  readonly connection: Connection
  readonly said: Array<string>
  readonly destroyed: () => number
  readonly paused: () => boolean
  readonly reader: () => Reader | undefined
}

export const make = (options: { readonly address?: string; readonly end?: Connection["end"] } = {}): FakeConnection => {
  const said: Array<string> = []
  let destroyed = 0
  let paused = true
  let reader: Reader | undefined
  const connection: Connection = {
    local: { address: "192.0.2.1", port: 21 },
    remote: { address: options.address ?? "192.0.2.2", port: 1024 },
    read: (one) => {
      reader = one
      paused = false
    },
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
    },
    unsafeWrite: (text) => {
      said.push(text)
      return true
    },
    drained: Effect.void,
    write: () => Effect.void,
    end: options.end ?? Effect.void,
    unsafeUndelivered: () => 0,
    unsafePending: () => 0,
    unsafeDestroy: () => {
      destroyed++
    },
    descriptor: undefined
  }
  return { connection, said, destroyed: () => destroyed, paused: () => paused, reader: () => reader }
}
