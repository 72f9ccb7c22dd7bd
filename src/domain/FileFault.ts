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
  "Io"
)

/** @since 0.1.0 @category models */
export type FileFault = typeof FileFault.Type
