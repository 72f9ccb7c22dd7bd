import { Effect } from "effect"
import type { Connection } from "../../../src/runtime/platform/Tcp.ts"
import type { Lease } from "../../../src/runtime/transfer/PassiveLease.ts"

/** A passive port that a client has connected to, or not. */
export const make = (connection: Connection | undefined, unsafeTake: () => void): Lease => ({
  port: 5000,
  accepted: Effect.die("nobody waits"),
  unsafeArrived: () => connection,
  unsafeTake,
  release: () => {}
})
