/**
 * How far a transfer, or another task that waits for storage, has come, kept where the session's STAT and its timers can see it. Times
 * are milliseconds since the epoch.
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
  /** Until then it stands still because a limit says so. */
  pausedUntil: number
  /** What moves waits for storage and not for the client. */
  storing: boolean
  /** Bytes handed to the data connection, or come from it. */
  bytes: number
  /** Bytes under way to the client: a slow one shows life here before a chunk is through. */
  unsafeUndelivered: () => number
  /** What `unsafeUndelivered` said when last looked at. */
  undelivered: number
  /** Set when a limit has passed, before the transfer is interrupted for it. */
  late: "NoStorage" | "NoConnection" | "Stalled" | undefined
  /** Called when `late` is set. */
  whenLate: () => void
  /** Of an upload that moves: tells whether the client has sent all of it. */
  unsafeIsWhole: (() => boolean) | undefined
  /** The upload has its name: nothing that comes later undoes that. */
  committed: boolean
}

const nothing = () => {}

/** @since 0.1.0 @category constructors */
export const make = (now: number): Progress => ({
  startedAt: now,
  phase: "Opening",
  movedAt: now,
  pausedUntil: now,
  storing: false,
  bytes: 0,
  unsafeUndelivered: () => 0,
  undelivered: 0,
  late: undefined,
  whenLate: nothing,
  unsafeIsWhole: undefined,
  committed: false
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
  const waited = now - Math.max(self.movedAt, self.pausedUntil)
  if (self.phase === "Opening" && waited >= limits.answering) self.late = "NoStorage"
  if (self.phase === "Connecting" && waited >= limits.connecting) self.late = "NoConnection"
  if (self.phase === "Moving" && waited >= limits.answering) self.late = self.storing ? "NoStorage" : "Stalled"
  if (self.late === undefined) return false
  self.whenLate()
  return true
}
