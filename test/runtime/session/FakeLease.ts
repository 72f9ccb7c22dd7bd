import { Effect } from "effect"
import type { Connection } from "../../../src/runtime/platform/Tcp.ts"
import type { DataLease } from "../../../src/runtime/transfer/DataConnection.ts"

/** A data connection that is there, or is not, or turns out not to come. */
export const make = (connection: Connection | undefined, unsafeTake: () => void, isAtHand = true): DataLease => ({
  port: 5000,
  accepted: Effect.die("nobody waits"),
  unsafeIsAtHand: () => isAtHand,
  unsafeArrived: () => connection,
  unsafeTake,
  release: () => {}
})
