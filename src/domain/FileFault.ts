import * as Schema from "effect/Schema"

/**
 * Why storage would not do what a command asked, in the words a reply can be chosen by.
 *
 * @since 0.1.0
 * @category models
 */
export const FileFault = Schema.Literal(
  "NotFound",
  "NotADirectory",
  "IsADirectory",
  "NotAFile",
  "PermissionDenied",
  "OutsideRoot",
  "NameTooLong",
  "InvalidName",
  "TooManyOpenFiles",
  "Busy",
  /** The name is taken, and what has it may not be replaced. */
  "Exists",
  /** Two names that stand for one file where there have to be two. */
  "SameFile",
  "NotEmpty",
  /** The restart marker lies beyond the end of the file. */
  "BadRestart",
  /** A file system of the host that takes no writes. */
  "ReadOnlyStorage",
  /** The disk is full. */
  "NoSpace",
  /** The host's disk quota. */
  "QuotaExceeded",
  /** The account's quota, of bytes or of files. */
  "QuotaBytes",
  "QuotaFiles",
  /** More than the largest file taken. */
  "TooLarge",
  /** Deflated data that unpacks to suspiciously much. */
  "TooDense",
  /** A rename from one file system of the host to another. */
  "OtherFileSystem",
  /** It is done, but the disk did not confirm that it would outlast a power failure. */
  "Unconfirmed",
  /** The file became shorter while it was read. */
  "Shortened",
  /** The storage did not answer in time. */
  "TimedOut",
  /** The storage cannot do this at all. */
  "Unsupported",
  "Io"
)

/** @since 0.1.0 @category models */
export type FileFault = typeof FileFault.Type
