import type { MessagePort } from "node:worker_threads"
import * as Schema from "effect/Schema"
import { ServerEvent } from "../../domain/ServerEvent.ts"
import { Passwordless } from "../accounts/Accounts.ts"
import { FtpConfig } from "../config/FtpConfig.ts"
import * as LedgerProtocol from "../limits/LedgerProtocol.ts"
import { Material } from "../tls/Material.ts"

/**
 * What a shard's thread starts with, for each incarnation anew.
 *
 * @since 0.1.0
 * @category models
 */
export const Boot = Schema.Struct({
  config: FtpConfig,
  /** Which of the shards it is, from 0. */
  index: Schema.NonNegativeInt,
  pools: Schema.NonNegativeInt,
  /** Whose logins it decides by itself; see `LedgerLocal`. */
  passwordless: Schema.optional(Passwordless),
  /** Absent where TLS is not offered. */
  tls: Schema.optional(Material),
  /** Addresses of the modules it runs; see `Modules`. */
  serving: Schema.String,
  services: Schema.String
})

/** @since 0.1.0 @category models */
export type Boot = typeof Boot.Type

/**
 * The thread's `workerData`: the encoded boot data, and what no schema can describe.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThreadBoot {
  readonly boot: typeof Boot.Encoded
  /** The way to the acceptor. */
  readonly acceptor: MessagePort
  /** Rung where the acceptor is to hear of something at once. */
  readonly bell: number
  /** Shared with the acceptor; see `AcceptorProtocol`. */
  readonly shared: SharedArrayBuffer
  /** Where the thread writes down what Node would leave open at its end; see `OwnDescriptors`. */
  readonly descriptors: SharedArrayBuffer
  /** See `LastBan`. */
  readonly lastBan: SharedArrayBuffer
  /** See `Door`; absent where it is always open. */
  readonly door: SharedArrayBuffer | undefined
  /** See `Interest`. */
  readonly interest: SharedArrayBuffer
}

/**
 * Shard to main thread. `Ready` comes once, or `Failed` instead; `Drained` when nobody is left after a `Drain`. A line of log goes
 * to the main thread's logger, so that a host sees the lines of all threads in one place and in its own format.
 *
 * @since 0.1.0
 * @category models
 */
export const FromShard = Schema.Union(
  Schema.TaggedStruct("Ready", {}),
  Schema.TaggedStruct("Drained", {}),
  /** In the order in which they were told. */
  Schema.TaggedStruct("Events", { events: Schema.Array(ServerEvent) }),
  Schema.TaggedStruct("Log", {
    level: Schema.Literal("Trace", "Debug", "Info", "Warning", "Error", "Fatal"),
    message: Schema.Array(Schema.String),
    annotations: Schema.Record({ key: Schema.String, value: Schema.String }),
    cause: Schema.optional(Schema.String)
  }),
  /** A question to the owner of the ledger, or news for it. */
  Schema.TaggedStruct("Ledger", { message: LedgerProtocol.FromShard }),
  Schema.TaggedStruct("Failed", { detail: Schema.String })
)

/** @since 0.1.0 @category models */
export type FromShard = typeof FromShard.Type

/**
 * Main thread to shard. `Tls` is for handshakes to come. `Drain` lets sessions finish; `Stop` ends what is left, and the thread.
 *
 * @since 0.1.0
 * @category models
 */
export const ToShard = Schema.Union(
  Schema.TaggedStruct("Drain", {}),
  Schema.TaggedStruct("Stop", {}),
  /** Sessions are to go to other shards; see `Moving`. */
  Schema.TaggedStruct("Move", { stay: Schema.NonNegativeInt, of: Schema.Positive }),
  Schema.TaggedStruct("Ledger", { message: LedgerProtocol.ToShard }),
  Schema.TaggedStruct("Tls", { material: Material })
)

/** @since 0.1.0 @category models */
export type ToShard = typeof ToShard.Type
