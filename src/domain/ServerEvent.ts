import * as Schema from "effect/Schema"
import { Digest } from "./Digest.ts"

const session = {
  /** The session's number, unique in the life of one server. */
  session: Schema.Int,
  /** The client's address. */
  peer: Schema.String,
  /** Milliseconds since the epoch. */
  at: Schema.Number
}

/**
 * What an observer of the server can hear: one event for each start and end of a session, each login, and each transfer.
 *
 * @since 0.1.0
 * @category models
 */
export const ServerEvent = Schema.Union(
  Schema.TaggedStruct("SessionStarted", session),
  Schema.TaggedStruct("LoggedIn", { ...session, account: Schema.String }),
  Schema.TaggedStruct("LoginRefused", {
    ...session,
    name: Schema.String,
    /** `Limited` is in order but for a limit, which `limit` tells; `InClear` but for the TLS that the account asks for. */
    reason: Schema.Literal("Refused", "InClear", "Limited", "Unavailable"),
    limit: Schema.optional(Schema.String)
  }),
  /** An address that gave too many wrong passwords is told 421 until then (milliseconds since the epoch). */
  Schema.TaggedStruct("AddressBanned", { peer: Schema.String, at: Schema.Number, until: Schema.Number }),
  Schema.TaggedStruct("TransferEnded", {
    ...session,
    account: Schema.String,
    /** The client's view of what was sent. */
    path: Schema.String,
    kind: Schema.Literal("download", "upload", "listing"),
    /** Bytes that went over the data connection. */
    bytes: Schema.Number,
    milliseconds: Schema.Number,
    /** `Done`, or how it failed. */
    outcome: Schema.String
  }),
  /** Once for each upload that is whole, after it has its name and before its 226. */
  Schema.TaggedStruct("UploadCompleted", {
    ...session,
    account: Schema.String,
    path: Schema.String,
    /** Of the whole file, in bytes. */
    size: Schema.Number,
    /** Of the whole file; absent where none was wanted when the upload began. */
    digest: Schema.optional(Digest)
  }),
  /** Once for each upload that began and is not whole. */
  Schema.TaggedStruct("UploadInterrupted", {
    ...session,
    account: Schema.String,
    path: Schema.String,
    /** Bytes received. */
    bytes: Schema.Number,
    /** How it failed. */
    outcome: Schema.String,
    /** What came is kept, and REST can go on from there. */
    kept: Schema.Boolean
  }),
  /** A change to files other than an upload. */
  Schema.TaggedStruct("FilesChanged", {
    ...session,
    account: Schema.String,
    change: Schema.Literal("Delete", "MakeDirectory", "RemoveDirectory", "Rename", "SetAttributes", "Combine"),
    path: Schema.String,
    /** The new name, for `Rename`. */
    to: Schema.optional(Schema.String)
  }),
  Schema.TaggedStruct("SessionEnded", {
    ...session,
    account: Schema.optional(Schema.String),
    milliseconds: Schema.Number
  })
)

/** @since 0.1.0 @category models */
export type ServerEvent = typeof ServerEvent.Type
