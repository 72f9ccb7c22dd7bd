import { Effect } from "effect"

/** Lets everything happen that can happen without the clock: fibers and the simulated network both run in microtasks. */
export const settle: Effect.Effect<void> = Effect.forEach(
  Array.from({ length: 20 }),
  () => Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void))),
  { discard: true }
)
