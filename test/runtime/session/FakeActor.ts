import type { Effect, Exit } from "effect"
import * as Rights from "../../../src/domain/Rights.ts"
import type { ServerEvent } from "../../../src/domain/ServerEvent.ts"
import type { Transfer } from "../../../src/domain/session/Action.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import type { Actor } from "../../../src/runtime/session/Actor.ts"
import type { DataLease } from "../../../src/runtime/transfer/DataConnection.ts"
import { path } from "./Fixture.ts"

/** A child fiber that was asked for, and not started. */
interface Started {
  readonly effect: Effect.Effect<unknown>
  readonly toEvent: (exit: Exit.Exit<unknown>) => Event
  readonly release: Effect.Effect<void> | undefined
}

interface Given {
  /** What more its house has. */
  readonly house: object
  readonly storage: object
  readonly welcome?: object | undefined
  readonly lease: DataLease | undefined
  readonly protection: "C" | "P" | undefined
}

/** A session as far as a transfer without a fiber knows it, and everything that it and the world were told. */
export const make = ({ house, lease, protection = "C", storage, welcome }: Given) => {
  const events: Array<Event> = []
  const news: Array<ServerEvent> = []
  const started: Array<Started> = []
  const fields = {
    house: {
      timers: { unsafeNow: () => 1000 },
      unsafeWants: () => true,
      unsafeTell: (event: ServerEvent) => void news.push(event),
      ...house
    },
    client: { id: 7 },
    state: { protection: { data: protection }, settings: { peer: "192.0.2.2" }, account: { name: "a" } },
    lodging: { storage, rights: Rights.readWrite, welcome },
    lease,
    begun: undefined,
    errand: undefined,
    progress: undefined,
    came: 0,
    unsafeTell: (event: Event) => void events.push(event),
    unsafeStart: (effect: Started["effect"], toEvent: Started["toEvent"], release: Started["release"]) =>
      void started.push({ effect, toEvent, release })
  }
  return { actor: fields as unknown as Actor, events, news, started }
}

/** An NLST of the root in passive mode, but for what is `given`. */
export const transfer = (given: Partial<Omit<Transfer, "_tag">> = {}): Transfer => ({
  _tag: "Transfer",
  payload: { _tag: "Listing", path: path("/"), itself: false, style: "Names", written: "" },
  data: { _tag: "Passive" },
  mode: "S",
  representation: "A",
  ...given
})
