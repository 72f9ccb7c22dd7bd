import type { MessagePort } from "node:worker_threads"
import type { Limits, Room } from "../../domain/Admission.ts"
import type { Endpoint } from "../platform/Tcp.ts"
import type { Counts } from "./Bursts.ts"
import type { Reason } from "./Refusal.ts"

/**
 * What the accepting thread starts with. It owns none of the descriptors named here.
 *
 * @since 0.1.0
 * @category models
 */
export interface Boot {
  readonly control: MessagePort
  /** An eventfd that is rung after each message on `control`. */
  readonly bell: number
  readonly listeners: ReadonlyArray<{
    readonly descriptor: number
    readonly local: Endpoint
    readonly implicitTls?: boolean | undefined
  }>
  readonly limits: Limits
  /** What refused clients are told. */
  readonly texts: Readonly<Record<Reason, string>>
  /** 32-bit counters, one for each of `counters`. */
  readonly counters: SharedArrayBuffer
}

/**
 * Main thread to acceptor, on `control`. `Suspend` is answered by `Suspended`, after which the listeners may be closed.
 *
 * @since 0.1.0
 * @category models
 */
export type ToAcceptor =
  | { readonly _tag: "Shard"; readonly shard: number; readonly port: MessagePort; readonly shared: SharedArrayBuffer }
  | { readonly _tag: "ShardGone"; readonly shard: number }
  /** Which shards are given clients only where the others have no room. */
  | { readonly _tag: "Spare"; readonly shards: ReadonlySet<number> }
  /** An address block is banned, until a time in milliseconds since the epoch, or is so no longer. */
  | { readonly _tag: "Ban"; readonly block: string; readonly until: number }
  | { readonly _tag: "Lift"; readonly block: string }
  | { readonly _tag: "Drain" }
  | { readonly _tag: "Suspend" }
  | { readonly _tag: "Stop" }

/** Acceptor to main thread, on `control`. @since 0.1.0 @category models */
export type FromAcceptor =
  | { readonly _tag: "Suspended" }
  | { readonly _tag: "Refused"; readonly counts: Counts<Reason> }

/**
 * A client on its way to a shard. The descriptor is the acceptor's until the shard counts it as adopted. With `luggage`, which only
 * sessions can read, it comes from another shard.
 *
 * @since 0.1.0
 * @category models
 */
export interface Handed {
  readonly id: number
  readonly descriptor: number
  readonly pool: number
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly implicitTls?: boolean | undefined
  readonly luggage?: unknown
}

/** The same on its way back to the acceptor, which finds it a pool. @since 0.1.0 @category models */
export type Moving = Omit<Handed, "pool">

/** Acceptor to shard, on the shard's own port. @since 0.1.0 @category models */
export type ToShard = ReadonlyArray<Handed>

/**
 * Shard to acceptor: the registration, once, and then the ids of clients that are gone, and clients that are to go to another shard, whose
 * descriptors are the acceptor's again.
 *
 * @since 0.1.0
 * @category models
 */
export type FromShard =
  | ({ readonly _tag: "Registered"; readonly pools: number } & Room)
  | { readonly _tag: "Released"; readonly ids: ReadonlyArray<number> }
  | { readonly _tag: "Moving"; readonly client: Moving }

/** What is counted in `Boot.counters`, in order; `clients` is how many are inside now. @since 0.1.0 @category models */
export const counters = [
  "accepted",
  "clients",
  "Banned",
  "TooManyClients",
  "Full",
  "TooManyFromAddress",
  "Draining",
  "Exhausted"
] as const

/** @since 0.1.0 @category models */
export type Counter = (typeof counters)[number]

/** Where a shard's shared memory counts descriptors it has adopted. @since 0.1.0 @category models */
export const adopted = 0

/** Where the acceptor notes how many clients a shard has. @since 0.1.0 @category models */
export const clients = 1

/** Where a shard counts the commands its sessions have heard. @since 0.1.0 @category models */
export const heard = 2

/** @since 0.1.0 @category models */
export const sharedBytes = 12
