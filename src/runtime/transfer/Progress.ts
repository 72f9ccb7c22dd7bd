/**
 * How far a transfer has come, kept where the session's STAT and its timers can see it. Times are milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress {
  readonly startedAt: number
  /** What it waits for now. */
  phase: "Opening" | "Connecting" | "Moving"
  /** When it last moved on. */
  movedAt: number
  /** Bytes handed to the data connection. */
  bytes: number
  /** Bytes under way to the client: a slow one shows life here before a chunk is through. */
  unsafeUndelivered: () => number
  /** What `unsafeUndelivered` said when last looked at. */
  undelivered: number
  /** Set when a limit has passed, before the transfer is interrupted for it. */
  late: "NoStorage" | "NoConnection" | "Stalled" | undefined
}

/** @since 0.1.0 @category constructors */
export const make = (now: number): Progress => ({
  startedAt: now,
  phase: "Opening",
  movedAt: now,
  bytes: 0,
  unsafeUndelivered: () => 0,
  undelivered: 0,
  late: undefined
})

/**
 * Looks at the clock, and answers whether a limit (in milliseconds) has just passed.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeTick = (
  self: Progress,
  now: number,
  limits: {
    /** For the client to make its data connection, or to answer at the port it named. */
    readonly connecting: number
    /** For the storage to find what is sent, and for the next bytes to move. */
    readonly answering: number
  }
): boolean => {
  if (self.late !== undefined) return false
  const undelivered = self.unsafeUndelivered()
  if (undelivered !== self.undelivered) {
    self.undelivered = undelivered
    self.movedAt = now
  }
  const waited = now - self.movedAt
  if (self.phase === "Opening" && waited >= limits.answering) self.late = "NoStorage"
  if (self.phase === "Connecting" && waited >= limits.connecting) self.late = "NoConnection"
  if (self.phase === "Moving" && waited >= limits.answering) self.late = "Stalled"
  return self.late !== undefined
}
