/**
 * How much is done: sizes, numbers of clients and times of all workloads.
 *
 * @since 0.1.0
 * @category models
 */
export interface Scale {
  /** Seconds each measurement takes. */
  readonly seconds: number
  /** Seconds the same load runs before it, uncounted. */
  readonly warmUp: number
  readonly rounds: number
  readonly bigBytes: number
  readonly uploadBytes: number
  readonly entries: number
  readonly sessions: number
  /** Idle sessions that a new client must not notice. */
  readonly manySessions: number
  readonly crowd: number
  /** Takes the place of a workload's number of clients. */
  readonly clients: number | undefined
  /** The version of TLS that is spoken. */
  readonly tlsVersion: "1.2" | "1.3"
  /** Over how many loopback addresses the clients are spread. */
  readonly addresses: number
}

const MIB = 1024 * 1024

/**
 * What figures are made with.
 *
 * @since 0.1.0
 * @category constants
 */
export const full: Scale = {
  seconds: 4,
  warmUp: 1,
  rounds: 3,
  bigBytes: 1024 * MIB,
  uploadBytes: 100 * MIB,
  entries: 10_000,
  sessions: 1000,
  manySessions: 10_000,
  crowd: 200,
  clients: undefined,
  tlsVersion: "1.3",
  addresses: 16
}

/**
 * Enough to see whether everything works.
 *
 * @since 0.1.0
 * @category constants
 */
export const quick: Scale = {
  ...full,
  seconds: 0.6,
  warmUp: 0.2,
  rounds: 1,
  bigBytes: 64 * MIB,
  uploadBytes: 8 * MIB,
  entries: 1000,
  sessions: 100,
  manySessions: 1000,
  crowd: 50
}
