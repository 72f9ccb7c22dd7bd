import * as Schema from "effect/Schema"
import { Account } from "../../domain/Account.ts"
import { Amount } from "../../domain/limits/Quotas.ts"
import { LoginError } from "./Ledger.ts"

/** A question's number, unique in one shard's life; its answer has the same. */
const id = Schema.Int
const session = Schema.Int

/** Shared, not copied, when it is posted. */
const Bucket = Schema.UndefinedOr(Schema.instanceOf(SharedArrayBuffer))

/**
 * Shard to owner. Each question gets one answer, unless it is cancelled: what was granted when
 * that is heard is taken back. `Measured` goes on with one that was answered by `Measure`.
 * A session asks one question at a time, or one for its login and one for each transfer, so there are no more of them than that.
 *
 * @since 0.1.0
 * @category models
 */
export const FromShard = Schema.Union(
  Schema.TaggedStruct("Login", {
    id,
    session,
    name: Schema.String,
    password: Schema.Redacted(Schema.String),
    peer: Schema.String
  }),
  Schema.TaggedStruct("Recognise", { id, session, name: Schema.String, peer: Schema.String }),
  Schema.TaggedStruct("Reserve", { id, session, amount: Amount, patient: Schema.Boolean }),
  Schema.TaggedStruct("Usage", { id, session }),
  Schema.TaggedStruct("Measured", { id, amount: Amount }),
  Schema.TaggedStruct("Cancel", { id, session }),
  Schema.TaggedStruct("Logout", { session }),
  Schema.TaggedStruct("Settle", { session, home: Schema.String, reserved: Amount, changed: Amount })
)

/** @since 0.1.0 @category models */
export type FromShard = typeof FromShard.Type

/**
 * Owner to shard. `Failed` is a defect of the owner's, or of the host's `Accounts`.
 *
 * @since 0.1.0
 * @category models
 */
export const ToShard = Schema.Union(
  Schema.TaggedStruct("Welcome", { id, account: Account, upload: Bucket, download: Bucket }),
  Schema.TaggedStruct("Denied", { id, error: LoginError }),
  Schema.TaggedStruct("Granted", { id, granted: Schema.Boolean }),
  Schema.TaggedStruct("Used", { id, amount: Schema.UndefinedOr(Amount) }),
  Schema.TaggedStruct("Measure", { id }),
  Schema.TaggedStruct("Failed", { id })
)

/** @since 0.1.0 @category models */
export type ToShard = typeof ToShard.Type
