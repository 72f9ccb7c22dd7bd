import * as Schema from "effect/Schema"

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
    reason: Schema.Literal("Refused", "Unavailable")
  }),
  Schema.TaggedStruct("TransferEnded", {
    ...session,
    account: Schema.String,
    /** The client's view of what was sent. */
    path: Schema.String,
    kind: Schema.Literal("download", "listing"),
    /** Bytes handed to the data connection. */
    bytes: Schema.Number,
    milliseconds: Schema.Number,
    /** `Done`, or how it failed. */
    outcome: Schema.String
  }),
  Schema.TaggedStruct("SessionEnded", {
    ...session,
    account: Schema.optional(Schema.String),
    milliseconds: Schema.Number
  })
)

/** @since 0.1.0 @category models */
export type ServerEvent = typeof ServerEvent.Type
